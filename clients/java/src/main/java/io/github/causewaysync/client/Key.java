package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.Signature;
import java.util.EnumSet;
import java.util.HexFormat;

/** The Ed25519 key of a program or a person. It signs entries and proves who calls. */
public final class Key {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final byte[] seed;
  private final KeyPair pair;
  private final PeerId peer;

  private Key(byte[] seed) {
    this.seed = seed;
    pair = Ed25519.pairOf(seed);
    peer = new PeerId(ByteString.copyFrom(Ed25519.encode(pair.getPublic())));
  }

  /** Makes a new random key. */
  public static Key generate() {
    return new Key(random(32));
  }

  /** Returns the key of a seed of 32 bytes. */
  public static Key fromSeed(byte[] seed) {
    if (seed.length != 32)
      throw new CausewayException("INVALID_ARGUMENT", "A seed has 32 bytes, got " + seed.length + ".");
    return new Key(seed.clone());
  }

  /** Reads a seed of 64 lowercase hex digits from a file, as {@code causeway id} writes it; makes it if it is missing. */
  public static Key open(Path path) {
    try {
      String text = Files.readString(path).strip();
      // The text is secret: the message does not show it.
      if (!text.matches("[0-9a-f]{64}"))
        throw new CausewayException("INVALID_ARGUMENT", "The key file " + path + " must have 64 hex digits.");
      return fromSeed(HexFormat.of().parseHex(text));
    } catch (NoSuchFileException missing) {
      return make(path);
    } catch (IOException unreadable) {
      throw new CausewayException("INVALID_ARGUMENT", "The key file " + path + " cannot be read.", unreadable);
    }
  }

  private static Key make(Path path) {
    Key key = generate();
    var options = EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.SYNC);
    boolean posix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
    var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    try (var file = posix ? Files.newByteChannel(path, options, owner) : Files.newByteChannel(path, options)) {
      file.write(ByteString.copyFromUtf8(HexFormat.of().formatHex(key.seed)).asReadOnlyByteBuffer());
      return key;
    } catch (IOException error) {
      throw new CausewayException("INVALID_ARGUMENT", "The key file " + path + " cannot be made.", error);
    }
  }

  /** Returns the public key. */
  public PeerId peer() {
    return peer;
  }

  byte[] sign(byte[]... message) {
    try {
      Signature signer = Signature.getInstance("Ed25519");
      signer.initSign(pair.getPrivate());
      for (byte[] part : message) signer.update(part);
      return signer.sign();
    } catch (GeneralSecurityException missing) {
      throw new IllegalStateException("Java 15 and later have Ed25519.", missing);
    }
  }

  static byte[] random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  @Override
  public String toString() {
    return "Key(" + peer + ")";
  }
}
