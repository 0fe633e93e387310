package io.github.causewaysync.client;

import java.nio.file.Path;

/**
 * How to dial a node.
 *
 * @param key the key that proves who calls; null: only public trees are there
 * @param peer the peer that the node must be; null: the node's first proof decides who it is
 * @param roots a file of the certificates to trust, in PEM; null: those of Java
 * @param insecure allows plain HTTP to another machine, which must allow it too
 */
public record Options(Key key, PeerId peer, Path roots, boolean insecure) {
  /** Returns options with a key and nothing else. */
  public static Options of(Key key) {
    return new Options(key, null, null, false);
  }

  /** Returns options without a key. */
  public static Options anonymous() {
    return of(null);
  }

  /** Returns the same options for this peer alone. */
  public Options withPeer(PeerId peer) {
    return new Options(key, peer, roots, insecure);
  }

  /** Returns the same options with these certificates to trust. */
  public Options withRoots(Path roots) {
    return new Options(key, peer, roots, insecure);
  }

  /** Returns the same options, which allow plain HTTP to another machine. */
  public Options withInsecure() {
    return new Options(key, peer, roots, true);
  }
}
