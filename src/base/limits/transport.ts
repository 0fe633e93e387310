/** Bounds on dialling and on what carries the bytes: TCP, TLS, QUIC and the tunnel. */
export const transportLimits = {
  /** Connecting a stream to a reachable host takes one to three round trips; a relay may need discovery first. */
  dialTimeoutMs: 10_000,
  /** Addresses of one peer that are tried: a ticket from a stranger must not aim us at the whole Internet. */
  dialAddresses: 16,
  /** Addresses that an operator may advertise: with those of the machine they still fit into a ticket. */
  advertised: 8,
  /** RFC 8305, section 5: the recommended delay before the next address is tried alongside the first. */
  dialStaggerMs: 250,
  /** The handshake is one call there and back. A remote that connects and then stays silent loses the race. */
  dialHandshakeTimeoutMs: 10_000,
  /** As long as a dial may take: a client that connects and sends nothing must not hold a socket. */
  tlsHandshakeTimeoutMs: 10_000,
  /** Some 20 KB of kernel and session memory each: 40 MB, and well below the usual limit on open files. */
  tcpInboundConnections: 2_048,
  /**
   * The port of HTTP (TCP) and of QUIC (UDP) if none is given. IANA has assigned none from 29170 to 29998, and systems give
   * ports from 32768 on to outgoing connections.
   */
  defaultPort: 29_292,
  /** Ports tried from that one on before any free one: nodes on one machine, and a range to open in a firewall. */
  defaultPorts: 8,
  /** How often a node looks whether the machine was asleep or has another network: 50 µs of work each time. */
  wakeCheckMs: 2_000,
  /** If the wall clock has gone ahead by this much more, the machine was asleep: a busy one is late by less. */
  wakeJumpMs: 5_000,
  /** How long a command that is done may keep its process: what ends by itself takes some milliseconds. */
  exitMs: 1_000,
  /** How long a graceful stop waits for calls in progress. */
  drainTimeoutMs: 5_000,

  /** Peers that sync every few seconds stay connected; keep-alives of the others would wake phones and routers. */
  irohIdleTimeoutMs: 60_000,
  /** Three of iroh's keep-alives (5 s each) and some: longer than a Wi-Fi handover, shorter than one's patience. */
  irohSilenceTimeoutMs: 20_000,
  /** A remote that sent something within this counts as present: a dial then costs no round trip. */
  irohFreshMs: 1_000,
  /** A round trip over a far relay takes some 300 ms; a remote that needs more gets a new connection instead. */
  irohProbeTimeoutMs: 1_000,
  /** How often we look for the answer: the binding counts what it received, but does not call back. */
  irohProbeStepMs: 20,
  /** Finding the nearest relay takes one to three seconds; without a network it never ends. */
  irohRelayTimeoutMs: 5_000,
  /** How often we look whether an endpoint is still connected to its relay: one connection by TCP each time. */
  irohRelayPollMs: 15_000,
  /** … while it is not connected. */
  irohRelayAlonePollMs: 5_000,
  /** … at the start, when a relay is about to be chosen. */
  irohRelayFirstPollMs: 200,
  /** An endpoint without a relay for this long has its relays renewed: iroh itself tries again after some seconds. */
  irohRelayPatienceMs: 60_000,
  /** The longest time until they are renewed again: without any network nothing helps. */
  irohRelayPatienceMaxMs: 960_000,
  /** Round trips that a remote is given to answer a probe: its answer, and one that is lost. */
  irohProbeRoundTrips: 4,
  /** A connection takes some 85 KB in the binding (measured): 44 MB. */
  irohConnections: 512,
  /** Inbound connections of one peer: it pools one, and leaves others behind when it restarts or changes networks. */
  irohConnectionsPerPeer: 8,
  /** Handshakes on top of these: each lasts a round trip or two. */
  irohHandshakes: 64,
  /** One stream is one HTTP/2 session with many calls, so a peer needs far fewer. Each may hold 1.25 MB unread. */
  irohStreamsPerConnection: 128,
  /** Concurrent connections through one tunnel: a local program's pool, and some more. */
  tunnelConnections: 256,
} as const
