/** Bounds of messages, calls and connections: their sizes, their times, and what HTTP/2 may hold. */
export const rpcLimits = {
  /** One RPC message: a page with its frame, or one entry of the largest size, doubled for base64 in JSON. */
  messageBytes: 4_194_304,
  /** An error's message, facts and each of them: in gRPC's trailers three times as much, and twice, below `headerBytes`. */
  errorTextBytes: 1_024,
  errorFacts: 16,
  errorFactBytes: 128,
  /** One answer: in JSON an entry appears signed and decoded, both in base64, with a name for every field. */
  answerBytes: 8_388_608,
  /** A caller that allows itself more than an hour has made a mistake. */
  callTimeoutMs: 3_600_000,
  /** An answer shorter than this is not worth compressing. */
  compressMinBytes: 4_096,

  /** A proof in our own calls: made just before its first use. */
  proofTtlMs: 60_000,
  /** The longest life of a proof: until then it has to be remembered. */
  proofTtlMaxMs: 300_000,
  /** Clocks of machines that nobody looks after differ by so much. */
  proofSkewMs: 60_000,
  /** Five claims, of which one may be long: some 400 characters. */
  proofBytes: 2_048,
  /** Proofs remembered as spent, some 200 bytes each: 150 connections a second. */
  proofsRemembered: 65_536,
  /** Proofs known on one connection: a proxy may carry many callers on one. */
  proofsPerConnection: 256,

  /** The longest time to come again that is believed: a remote that errs, or lies, is asked again within the hour. */
  retryAfterMaxMs: 3_600_000,
  /** How long a session waits in all for a remote that is busy, before it ends and leaves that to its caller … */
  patienceMs: 20_000,
  /** … and at least each time. */
  patienceLeastMs: 100,

  /** Header lists carry a token and a few names. */
  headerBytes: 16_384,
  /** A connection that says nothing at first holds a socket for nothing. */
  firstBytesTimeoutMs: 10_000,
  /** HTTP/1.1 headers take one round trip; a byte now and then must not hold a socket. */
  headersTimeoutMs: 10_000,
  /** A message of the largest size in this time is 70 KB/s. */
  requestTimeoutMs: 60_000,
  /** Time for an early answer to arrive before the rest of its request is refused. */
  unreadTimeoutMs: 1_000,
  /** A stream without a byte in either direction is dead: live ones show a sign of life every 15 s. */
  idleTimeoutMs: 60_000,
  /** Calls at once on one connection. */
  streamsPerConnection: 128,
  /** What one HTTP/2 session may hold in memory. */
  sessionMemoryMegabytes: 16,
  /**
   * Bytes of an answer under way on one stream, where the way is short: with the two pages that are verified and written
   * (`answerPageBytes`), what crosses twice when a stream is cut is no more than `pageBytes`. …
   */
  streamWindowBytes: 65_536,
  /** More on a long one: as many as it needs for this speed, … */
  streamBytesPerSecond: 20_971_520,
  /** … up to what a round trip of 50 ms needs. */
  streamWindowMaxBytes: 1_048_576,
  /** Bytes of a request under way: a page. Half of it read is told to the caller, a sign of life on a slow link. */
  requestWindowBytes: 262_144,
  /** Pings that measure the way before more is let under way. */
  windowPings: 3,
  /** Bytes under way on one connection. */
  connectionWindowBytes: 4_194_304,
  /** A connection in use that is silent for this long is asked for a sign of life … */
  pingIntervalMs: 10_000,
  /** … and cut when none comes within this. */
  pingTimeoutMs: 10_000,
  /** The first call on a connection. */
  handshakeTimeoutMs: 10_000,

  /** Items in one page of a list. */
  listedEntries: 1_000,
  listedByDefault: 100,
  /** Bytes of entries in one page of a list: with base64 and names still below a message's bound. */
  listedBytes: 1_048_576,
  /** Tips told at once: 128 KiB. */
  listedTips: 4_096,

  /** Half of what a proxy usually allows, and a quarter of our own idleTimeoutMs. */
  signOfLifeMs: 15_000,
  /** One unary call from a peer to a peer; a page may have to wait for the disk … */
  unaryTimeoutMs: 30_000,
  /** … and its bytes may take as long as at this speed: that of a bad mobile link. */
  slowestBytesPerSecond: 16_384,
} as const
