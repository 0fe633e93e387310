/** Bounds on the address records that members of a tree tell each other, and on what follows from them. */
export const memberLimits = {
  /** Address records of peers that are kept, some 1 KB each, two of a peer: as many as a node knows of. */
  recordsKept: 4_096,
  /** Records that one question says are known, 20 bytes each: all of most trees. */
  knownRecords: 256,
  /** Records that one question brings: what changes at once, 20 KB. */
  newsRecords: 32,
  /** Records in one answer, of `recordBytes` at most: 256 KB. */
  answerRecords: 64,
  /** How often one question is asked again at once for more: all members of a large tree. */
  recordRounds: 16,
  /** A record is passed on if it holds for longer than this: clocks differ, and an hour is much for a clock. */
  recordMarginMs: 3_600_000,
  /** The least time between two messages that say so when records change, and between two questions on a connection. */
  recordNewsMs: 5_000,
  /**
   * How often in `toldRetryMs` a peer may name new addresses before they wait: somebody who moves about does not, and
   * somebody who points at others makes at most 16 dials by each.
   */
  recordChanges: 6,
  /**
   * Records of one peer that are taken at once, and how often one more: each costs a write and is told to all. A peer
   * issues one in `recordIntervalMs`, in two scopes; what is left out comes with a later question.
   */
  recordArrivals: 32,
  recordArrivalMs: 5_000,
  /** Addresses that a peer named, that failed, and that it names no more, 200 bytes each: so that they stay slow. */
  toldForgotten: 4_096,
  /** A record of the own key with a greater sequence, so often in `recordTwinMs`, shows that the key runs twice. */
  recordTwinTimes: 3,
  recordTwinMs: 60_000,
  /** How long no own record is issued then: an operator needs some minutes to stop one of the two. */
  recordTwinPauseMs: 600_000,
  /** How long all addresses of a peer fail before other members are asked where it is: longer than a restart. */
  healAfterMs: 30_000,
  /** How often they are asked again, while the peer is away. */
  healIntervalMs: 300_000,
  /** Members that are asked: one may not know, or may lie. */
  healPeers: 2,
} as const
