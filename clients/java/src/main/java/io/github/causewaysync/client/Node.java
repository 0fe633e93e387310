package io.github.causewaysync.client;

import io.github.causewaysync.v1.ListTreesRequest;
import io.github.causewaysync.v1.StoreServiceGrpc;
import io.github.causewaysync.v1.SyncServiceGrpc;
import io.github.causewaysync.v1.TreeServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.StatusException;
import io.grpc.TlsChannelCredentials;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A node that this program calls. The first call dials, checks the node's key, and proves this program's own; so does the
 * first call of each later connection. A node may be used by many threads.
 */
public final class Node implements AutoCloseable {
  /** How long a call may take. The longest wait that a read can ask for is half of it. */
  private static final int CALL_SECONDS = 60;

  private static final int LONGEST_MESSAGE = 16 << 20;

  private final Key key;
  private final ManagedChannel connections;
  private final ExecutorService executor;
  private final Credentials credentials;
  private final Channel channel;

  private Node(ManagedChannel connections, Options options) {
    this.key = options.key();
    this.connections = connections;
    executor =
        Executors.newCachedThreadPool(
            work -> {
              Thread thread = new Thread(work, "causeway-credentials");
              thread.setDaemon(true);
              return thread;
            });
    credentials = new Credentials(connections, key, options.peer(), options.insecure(), executor);
    channel = ClientInterceptors.intercept(connections, new Dialling(connections, credentials));
  }

  /** Adds the credentials to every call, and dials anew for a call that comes after a failure, which gRPC would not. */
  private record Dialling(ManagedChannel connections, Credentials credentials) implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      if (connections.getState(false) == ConnectivityState.TRANSIENT_FAILURE) connections.enterIdle();
      return next.newCall(method, options.withCallCredentials(credentials));
    }
  }

  /** Returns the node at an address, called with a key. */
  public static Node dial(String address, Key key) {
    return dial(address, Options.of(key));
  }

  /** Returns the node at an address such as {@code http://127.0.0.1:4100}. It dials at its first call. */
  public static Node dial(String address, Options options) {
    URI uri = parse(address);
    boolean secure = uri.getScheme().equals("https");
    int port = uri.getPort() >= 0 ? uri.getPort() : secure ? 443 : 80;
    var security = secure ? tls(options) : InsecureChannelCredentials.create();
    var builder = Grpc.newChannelBuilder(uri.getHost() + ":" + port, security);
    builder.maxInboundMessageSize(LONGEST_MESSAGE).keepAliveTime(20, TimeUnit.SECONDS).disableRetry();
    return new Node(builder.build(), options);
  }

  /** Returns the node that issued a ticket. It must prove to be the ticket's issuer. */
  public static Node dial(Ticket ticket, Options options) {
    String address =
        ticket.addresses().stream()
            .filter(one -> one.startsWith("http://") || one.startsWith("https://"))
            .findFirst()
            .orElseThrow(() -> new CausewayException("NO_TRANSPORT", "The ticket has no http: or https: address."));
    return dial(address, options.withPeer(ticket.peer().orElse(options.peer())));
  }

  private static URI parse(String address) {
    try {
      URI uri = new URI(address);
      boolean isHttp = "http".equals(uri.getScheme()) || "https".equals(uri.getScheme());
      boolean isBare = uri.getQuery() == null && (uri.getPath().isEmpty() || uri.getPath().equals("/"));
      if (isHttp && uri.getHost() != null && isBare) return uri;
    } catch (URISyntaxException | NullPointerException other) {
      // The error below says what was expected.
    }
    throw new CausewayException(
        "BAD_ADDRESS", "An address is http:// or https://, a host and perhaps a port, got \"" + address + "\".");
  }

  private static ChannelCredentials tls(Options options) {
    if (options.roots() == null) return TlsChannelCredentials.create();
    try {
      return TlsChannelCredentials.newBuilder().trustManager(options.roots().toFile()).build();
    } catch (IOException unreadable) {
      throw new CausewayException("INVALID_ARGUMENT", "The root certificates cannot be read.", unreadable);
    }
  }

  /** Returns the channel of the generated stubs, with the credentials of all other calls. */
  public Channel channel() {
    return channel;
  }

  /** Returns the peer that the node has proven to be. */
  public PeerId peer() {
    // Any call makes the handshake; this one is cheap and for everybody.
    var request = ListTreesRequest.newBuilder().setPageSize(1).build();
    if (credentials.peer() == null) ask(() -> treeCalls().listTrees(request));
    return credentials.peer();
  }

  /** Lists the trees that the caller may read. */
  public Feed<io.github.causewaysync.v1.Tree> trees() {
    return Feed.pages(
        token -> {
          var request = ListTreesRequest.newBuilder().setPageToken(token).build();
          var page = ask(() -> treeCalls().listTrees(request));
          return new Feed.Page<>(page.getTreesList(), page.getNextPageToken());
        });
  }

  /** Returns a handle of a tree. It makes no call. */
  public Tree tree(Id id) {
    return new Tree(this, id);
  }

  /** Closes the connection. Calls and watches under way fail. */
  @Override
  public void close() {
    connections.shutdownNow();
    executor.shutdown();
  }

  Key key() {
    if (key == null) throw new CausewayException("UNAUTHENTICATED", "Writing needs a key: dial with one.");
    return key;
  }

  TreeServiceGrpc.TreeServiceBlockingV2Stub treeCalls() {
    return treeStreams().withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  StoreServiceGrpc.StoreServiceBlockingV2Stub storeCalls() {
    return storeStreams().withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  SyncServiceGrpc.SyncServiceBlockingV2Stub syncCalls() {
    return syncStreams().withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  /** Calls without a deadline: those that stream. */
  TreeServiceGrpc.TreeServiceBlockingV2Stub treeStreams() {
    return TreeServiceGrpc.newBlockingV2Stub(open());
  }

  StoreServiceGrpc.StoreServiceBlockingV2Stub storeStreams() {
    return StoreServiceGrpc.newBlockingV2Stub(open());
  }

  SyncServiceGrpc.SyncServiceBlockingV2Stub syncStreams() {
    return SyncServiceGrpc.newBlockingV2Stub(open());
  }

  /** Returns the channel; after its end a watch would otherwise begin again without end. */
  private Channel open() {
    if (connections.isShutdown()) throw new CausewayException("CANCELLED", "The node was closed by this program.");
    return channel;
  }

  /** A call that may fail. */
  interface Call<A> {
    A make() throws StatusException;
  }

  /** Makes a call, and throws its error as a CausewayException. */
  static <A> A ask(Call<A> call) {
    try {
      return call.make();
    } catch (StatusException error) {
      throw CausewayException.from(error);
    }
  }
}
