/** Bounds of dialling and of what carries the bytes: TCP, TLS, QUIC and the tunnel. */
export const transportLimits = {
  /** Connecting a stream to a reachable host takes one to three round trips; a relay may need discovery first. */
  dialTimeoutMs: 10_000,
  /** Addresses of one peer that are tried: a ticket from a stranger must not aim us at the whole net. */
  dialAddresses: 16,
  /** RFC 8305, section 5: the recommended delay before the next address is tried beside the first. */
  dialStaggerMs: 250,
  /** What follows a connection is one call there and back; a remote that connects and is silent loses the race. */
  dialHandshakeTimeoutMs: 10_000,
  /** As long as a dial may take: a client that has connected and says nothing must not hold a socket. */
  tlsHandshakeTimeoutMs: 10_000,
  /** Some 20 KB of kernel and session memory each: 40 MB, and well under the usual limit on open files. */
  tcpInboundConnections: 2_048,
  /** How long a graceful stop waits for calls under way. */
  drainTimeoutMs: 5_000,

  /** Peers that sync every few seconds keep their connection; keep-alives of the others wake phones and routers. */
  irohIdleTimeoutMs: 60_000,
  /** Three keep-alives of iroh (5 s each) and some: longer than a Wi-Fi handover, shorter than patience. */
  irohSilenceTimeoutMs: 20_000,
  /** Whoever was heard within this is taken to be there: a dial then costs no round trip. */
  irohFreshMs: 1_000,
  /** A round trip over a far relay is some 300 ms; a remote that needs more gets a new connection instead. */
  irohProbeTimeoutMs: 1_000,
  /** How often the answer is looked for: the binding counts, but does not call. */
  irohProbeStepMs: 20,
  /** Finding the nearest relay takes one to three seconds; without a net it never ends. */
  irohRelayTimeoutMs: 5_000,
  /** A connection takes some 85 KB in the binding (measured): 44 MB. */
  irohConnections: 512,
  /** Handshakes beside them: each lasts a round trip or two. */
  irohHandshakes: 64,
  /** One stream is one HTTP/2 session, which carries many calls: far more than a peer needs. Each may hold 1.25 MB unread. */
  irohStreamsPerConnection: 128,
  /** Connections that one tunnel carries at once: a local program's pool, and some. */
  tunnelConnections: 256,
} as const
