package io.github.causewaysync.client;

import com.google.protobuf.ByteString;
import io.github.causewaysync.v1.HandshakeRequest;
import io.github.causewaysync.v1.HandshakeResponse;
import io.github.causewaysync.v1.SyncServiceGrpc;
import io.grpc.CallCredentials;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/**
 * What proves both ends of each connection. gRPC asks for it with the connection on which a call goes: the first call on
 * one makes a handshake, in which the node proves its key for this very channel; every call carries a token for it.
 */
final class Credentials extends CallCredentials {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);
  private static final byte[] DOMAIN = "causeway.handshake.v2\0".getBytes(StandardCharsets.US_ASCII);
  private static final int PROTOCOL_VERSION = 2;
  private static final int TIMEOUT_SECONDS = 15;

  private final Key key;
  private final boolean insecure;
  private final Executor executor;
  private final Channel channel;
  /** The peer that the node must be: the one that was asked for, or the first that it has proven to be. */
  private PeerId expected;
  /** The connection that was proven last. */
  private Proven proven;

  /** A connection as both of its ends see it. The port on this side tells connections apart. */
  private record Link(String binding, SocketAddress local, SocketAddress remote) {}

  /** A connection whose other end has proven its key, with the token that goes with it. */
  private static final class Proven {
    final Link link;
    final PeerId peer;
    final boolean reusable;
    String token;
    long signedAt;

    Proven(Link link, PeerId peer, boolean reusable) {
      this.link = link;
      this.peer = peer;
      this.reusable = reusable;
    }
  }

  /** {@code channel} is without credentials; {@code key} may be null, and so may {@code expected}. */
  Credentials(Channel channel, Key key, PeerId expected, boolean insecure, Executor executor) {
    this.channel = channel;
    this.key = key;
    this.expected = expected;
    this.insecure = insecure;
    this.executor = executor;
  }

  @Override
  public void applyRequestMetadata(RequestInfo info, Executor unused, MetadataApplier applier) {
    // Of our own threads, since a handshake waits.
    executor.execute(
        () -> {
          try {
            String token = tokenFor(linkOf(info));
            Metadata headers = new Metadata();
            if (token != null) headers.put(AUTHORIZATION, "Bearer " + token);
            applier.apply(headers);
          } catch (RuntimeException error) {
            applier.fail(Status.UNAVAILABLE.withDescription(error.getMessage()).withCause(error));
          }
        });
  }

  /** Returns the peer that the node has proven to be, or null before its first call. */
  synchronized PeerId peer() {
    return proven == null ? null : proven.peer;
  }

  private synchronized String tokenFor(Link link) {
    if (proven == null || !proven.link.equals(link)) proven = shakeHands(link);
    if (key == null) return null;
    // One that is not reusable holds for as long as its connection.
    long age = System.nanoTime() - proven.signedAt;
    boolean isOld = proven.reusable && age > Tokens.LIFE.toNanos() / 2;
    if (proven.token == null || isOld) {
      proven.token = Tokens.sign(key, proven.peer, link.binding, proven.reusable);
      proven.signedAt = System.nanoTime();
    }
    return proven.token;
  }

  private Link linkOf(RequestInfo info) {
    var attributes = info.getTransportAttrs();
    SocketAddress remote = attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    SSLSession session = attributes.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    return new Link(bindingOf(session, remote), attributes.get(Grpc.TRANSPORT_ATTR_LOCAL_ADDR), remote);
  }

  private String bindingOf(SSLSession session, SocketAddress remote) {
    if (session != null)
      try {
        return Bindings.of((X509Certificate) session.getPeerCertificates()[0]);
      } catch (SSLPeerUnverifiedException unshown) {
        throw new CausewayException("UNREACHABLE", "The node shows no certificate.", unshown);
      }
    // The connected socket decides, not the text of the address.
    if (remote instanceof InetSocketAddress address && address.getAddress().isLoopbackAddress()) return "";
    if (insecure) return Bindings.INSECURE;
    throw new CausewayException(
        "BAD_ADDRESS", remote + " is on another machine: use https, or allow plain HTTP by `insecure`.");
  }

  private Proven shakeHands(Link link) {
    ByteString nonce = ByteString.copyFrom(Key.random(32));
    var request =
        HandshakeRequest.newBuilder().setVersion(PROTOCOL_VERSION).setNonce(nonce).setBinding(link.binding).build();
    HandshakeResponse answer;
    try {
      answer =
          SyncServiceGrpc.newBlockingStub(channel)
              .withCallCredentials(new SameLink(link))
              .withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS)
              .handshake(request);
    } catch (RuntimeException error) {
      throw CausewayException.from(error);
    }
    PeerId peer = check(nonce, link.binding, answer);
    if (expected != null && !expected.equals(peer))
      throw new CausewayException(
          "WRONG_PEER",
          "The remote should be the peer " + expected + ", but is " + peer + ".",
          Map.of("peer", peer.toString(), "expected", expected.toString()),
          java.time.Duration.ZERO,
          null);
    expected = peer;
    boolean reusable = answer.getFeaturesList().contains("reusable-tokens") && !link.binding.equals(Bindings.INSECURE);
    return new Proven(link, peer, reusable);
  }

  /** Checks a server's answer to a handshake with this nonce, and returns the PeerId that it proves. */
  static PeerId check(ByteString nonce, String binding, HandshakeResponse answer) {
    if (answer.getVersion() != PROTOCOL_VERSION)
      throw new CausewayException(
          "INCOMPATIBLE",
          "The remote speaks version " + answer.getVersion() + ", this client " + PROTOCOL_VERSION + ".");
    byte[] bound = binding.getBytes(StandardCharsets.UTF_8);
    byte[] theirs = answer.getNonce().toByteArray();
    byte[] signature = answer.getSignature().toByteArray();
    boolean holds =
        theirs.length == 32
            && answer.getPeer().size() == 32
            && Ed25519.verify(answer.getPeer(), signature, DOMAIN, nonce.toByteArray(), theirs, bound);
    if (holds) return new PeerId(answer.getPeer());
    throw new CausewayException("WRONG_PEER", "The remote could not prove that it holds the key which it names.");
  }

  /** Holds a handshake to the connection that it is for. */
  private final class SameLink extends CallCredentials {
    private final Link link;

    SameLink(Link link) {
      this.link = link;
    }

    @Override
    public void applyRequestMetadata(RequestInfo info, Executor unused, MetadataApplier applier) {
      if (linkOf(info).equals(link)) applier.apply(new Metadata());
      else applier.fail(Status.UNAVAILABLE.withDescription("The connection changed during the handshake."));
    }
  }
}
