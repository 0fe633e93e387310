/**
 * Bounds on who may connect, and on what strangers and known peers may use. Strangers are counted by the origin that
 * they connect from, since keys cost nothing and addresses do.
 */
export const admissionLimits = {
  /** Open connections from one origin: some hundred peers behind one router. */
  connectionsPerOrigin: 256,
  /** New connections from one origin in a burst: after its router restarts, all of them come back together. */
  connectionBurst: 256,
  /** New connections a second from one origin after that burst: as many as fail and are dialled again. */
  connectionsPerSecond: 20,
  /**
   * Open connections in total, some 50 KB each with their HTTP/2 session. Below `tcpInboundConnections`, so that at the
   * bound a new connection still reaches us and replaces the oldest one of a stranger.
   */
  connections: 1_536,
  /** Of one known peer: its lane needs one, and programs with its key some dozens. Past it, its oldest one goes. */
  connectionsPerPeer: 128,
  /** Open connections of strangers that known peers leave room for: each known peer is one until its first proof. */
  strangerConnectionsKept: 256,
  /** Connections of each known peer that stay even if there are too many in all. */
  peerConnectionsKept: 4,
  /** Callers whose use is remembered, some 150 bytes each in each of a few maps. The least recent one is dropped. */
  callersRemembered: 16_384,
  /** How long a peer that a tree's policy names counts as known after a call showed it. Every such call renews this. */
  vouchedMs: 600_000,
  /**
   * Keys that the policies of all trees name and that are known without loading a tree, some 250 bytes each: 16 MB. The
   * peers that a tree past this names are strangers until a call of theirs has shown it.
   */
  namedPeers: 65_536,
  /** The same for one tree, so that its admins leave room for other trees. */
  namedPeersOfTree: 16_384,

  /** Calls by strangers of one origin in a burst: some dozens of peers behind one router, each with a watch. */
  strangerRequestBurst: 1_000,
  /** Calls a second by strangers of one origin after that: at some 0.2 ms each, a fiftieth of one processor. */
  strangerRequestsPerSecond: 100,
  /** Bytes in both directions for strangers of one origin in a burst: a large public tree at full speed. */
  strangerBytesBurst: 268_435_456,
  /** Bytes a second for strangers of one origin after that: a slow line. */
  strangerBytesPerSecond: 8_388_608,
  /** Time spent on answers and pages for strangers of one origin in a burst: several first syncs of a large tree. */
  strangerWorkBurstMs: 60_000,
  /** Time a second for strangers of one origin after that: a quarter of one processor. */
  strangerWorkMsPerSecond: 250,
  /**
   * Frames of HTTP/2 from strangers of one origin in a burst, as far as no bytes pay for them (`bytesOfFrame`): three for
   * each call of `strangerRequestBurst`, and as many again for clients that write less at once.
   */
  strangerFrameBurst: 6_144,
  /** Frames a second after that: ten for each call of `strangerRequestsPerSecond`. */
  strangerFramesPerSecond: 1_024,
  /** Calls in progress for strangers of one origin. Each may hold a page, a snapshot of the store, and a stream. */
  strangerCalls: 64,
  /** Calls in progress for all strangers: some 0.5 MB each. */
  strangerCallsInAll: 256,
  /** Request bytes in memory for strangers of one origin: a few of the largest messages. More is refused. */
  strangerRequestBytes: 16_777_216,
  /** Request bytes in memory for all strangers: four such origins. */
  strangerRequestBytesInAll: 67_108_864,
  /** One message of a stranger in JSON: for small entries, and for questions of any size. Binary has `messageBytes`. */
  strangerJsonBytes: 262_144,
  /**
   * A handshake's request, with room for what a later version adds. So small a request takes no part of the calls and
   * request bytes above, so nobody can use those up to keep others from shaking hands.
   */
  briefRequestBytes: 1_024,
  /** Such calls under way in all, some 34 KB each. Past it, the oldest one of the origin that has most ends. */
  briefCalls: 2_048,
  /** Pieces of strangers' work that run at once, by turns: one reads from the disk while the other computes. */
  strangerWorkAtOnce: 2,
  /** While known callers are served, a place rests after a stranger's work for this many times as long as it took. */
  strangerRestRatio: 16,
  /** How long after their last call known callers count as being served. */
  knownBusyMs: 1_000,
  /** Refused calls after which a connection is cut. A caller that obeys `retryAfterMs` gets only a few. */
  refusalsPerConnection: 64,

  /** Bounds of a peer that the operator or a tree's policy names: far more than sync with hundreds of trees needs. */
  knownRequestBurst: 20_000,
  knownRequestsPerSecond: 2_000,
  knownFrameBurst: 131_072,
  knownFramesPerSecond: 16_384,
  knownBytesBurst: 4_294_967_296,
  knownBytesPerSecond: 67_108_864,
  knownWorkBurstMs: 600_000,
  knownWorkMsPerSecond: 2_000,
  knownCalls: 512,
  knownRequestBytes: 134_217_728,

  /** Proofs from one origin in a burst: each is a verification of some 0.2 ms, and a write to the disk if it holds. */
  proofBurst: 256,
  /** Proofs a second from one origin after that: a two-hundredth of one processor. */
  proofsPerSecond: 25,
  /**
   * Proofs in a burst, beside these, that claim to be of a known peer, for each such peer and origin. So a flood keeps a
   * known peer from proving itself only if it comes from the same origin and claims to be that peer.
   */
  claimBurst: 64,
  claimsPerSecond: 2,
  /** Such proofs from one origin for all known peers: a flood may know the PeerIds of many. */
  claimBurstOfOrigin: 1_024,
  claimsPerSecondOfOrigin: 100,
  /** Proofs that are verified at once, by turns of their origins: half of the threads of Node's pool. */
  proofsCheckedAtOnce: 2,
} as const
