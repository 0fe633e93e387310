/** Bounds of who comes in, and of what strangers and known peers may use while others are served. */
export const admissionLimits = {
  /** Connections at once from one origin: some hundred peers behind one router. */
  connectionsPerOrigin: 256,
  /** New connections from one origin: all of them at once after a restart of its router … */
  connectionBurst: 256,
  /** … and then as many as fail and come again. */
  connectionsPerSecond: 20,
  /**
   * Connections in all, some 50 KB each with their HTTP/2 session: below `tcpInboundConnections`, so that the oldest of a
   * stranger makes room for a new one, whoever's that is.
   */
  connections: 1_536,
  /** Callers remembered by what they use, some 150 bytes each in each of a few maps; who was seen longest ago goes first. */
  callersRemembered: 16_384,
  /** How long a call shows that a policy names its peer: it is asked again with each call. */
  vouchedMs: 600_000,

  /** Calls at once from one origin of strangers: some dozens of peers behind one router, with a watch each. */
  strangerRequestBurst: 1_000,
  /** … and for good: at some 0.2 ms each, a fiftieth of one processor. */
  strangerRequestsPerSecond: 100,
  /** Both ways, for one origin of strangers: a large public tree at full speed … */
  strangerBytesBurst: 268_435_456,
  /** … and then as a slow line. */
  strangerBytesPerSecond: 8_388_608,
  /** Time spent on answers and pages for one origin of strangers: several first syncs of a large tree … */
  strangerWorkBurstMs: 60_000,
  /** … and then a quarter of one processor. */
  strangerWorkMsPerSecond: 250,
  /** Calls under way for one origin of strangers. Each may hold a page, a snapshot of the store, and a stream. */
  strangerCalls: 64,
  /** … and for all of them: some 0.5 MB each. */
  strangerCallsInAll: 256,
  /** Requests of strangers that are in memory: a few of the largest for one origin, for the rest must wait. */
  strangerRequestBytes: 16_777_216,
  strangerRequestBytesInAll: 67_108_864,
  /** A handshake's request, with room for what a later version adds: nobody can keep others from shaking hands. */
  briefRequestBytes: 1_024,
  /** Pieces of strangers' work at once, by turns: one reads from the disk while one counts. */
  strangerWorkAtOnce: 2,
  /** After a stranger's piece of work its place rests so many times as long, while somebody else is being served. */
  strangerRestRatio: 16,
  /** How long after a call of theirs the others count as being served. */
  knownBusyMs: 1_000,
  /** Refused calls after which a stranger's connection is cut: one that obeys `retryAfterMs` sees a few. */
  refusalsPerConnection: 64,

  /** Bounds of a peer that somebody here has named: far past what sync with hundreds of trees needs. */
  knownRequestBurst: 20_000,
  knownRequestsPerSecond: 2_000,
  knownBytesBurst: 4_294_967_296,
  knownBytesPerSecond: 67_108_864,
  knownWorkBurstMs: 600_000,
  knownWorkMsPerSecond: 2_000,
  knownCalls: 512,
  knownRequestBytes: 134_217_728,
  /** First calls of somebody who says to be a known peer, from one origin: a lane's calls on a new connection, and some. */
  claimBurst: 64,
  claimsPerSecond: 2,
  /** What checking a proof costs, in calls: one verification, and a record on the disk where it holds. */
  proofCost: 4,
} as const
