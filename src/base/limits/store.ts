/** Bounds of what a node writes, keeps in memory of it, and gives room to. */
export const storeLimits = {
  /** One page: large enough that the cost per message vanishes, small enough that a few in flight are nothing. */
  pageBytes: 262_144,
  pageEntries: 1_024,
  /** Garbage of pages that is collected at once, buffers and all: of some dozen pages where they come, and thirty where they go. */
  garbageBytes: 12_582_912,
  /** Signatures in the thread pool's queue at once: some 4 ms of work for two cores, so that reads get their turn. */
  verifyConcurrency: 64,
  /** Entries of which the signatures are verified in the thread pool: half a millisecond of work, which a thread's start is not worth. */
  verifyAlone: 16,
  /** Threads that verify pages, on a machine that has so many processors: with more, one main thread could not feed them. */
  verifyThreads: 4,
  /** Signatures that go to such a thread at once: some 3 ms of work, so that the threads end a page together. */
  verifyPart: 64,
  /** A buffer in which these cross, which is used again; larger ones are not. Entries of 1.9 KB fit. */
  verifyPartBytes: 131_072,
  /** How long the threads, of some 5 MB each, stay without work. */
  verifyThreadIdleMs: 10_000,
  /** Commits that wait for one tree: some seconds of work. */
  commitsWaiting: 16_384,

  /**
   * LevelDB's memtable, of which two may be alive, and which every thread of Node's pool keeps its part of: half of
   * LevelDB's own measure takes 3 MB less of memory and a twentieth more of the writing alone.
   */
  storeWriteBufferBytes: 2_097_152,
  /** LevelDB's cache of blocks, for entries that are read one by one beside each other; the index goes past it. */
  storeCacheBytes: 8_388_608,
  /**
   * Index records kept in memory after a write: parents are mostly among the latest entries. With more, they would
   * outlive the young generation and become garbage that only a full collection finds; a page asks for some older ones
   * anyway.
   */
  storeRecentEntries: 256,
  /** The same of an audit, which reads in order and keeps little else: with fewer it takes a twentieth longer. */
  auditRecentEntries: 1_024,
  /** Trees whose landmarks are kept, some 10 KB each. */
  landmarkTrees: 64,
  /** Trees whose latest arrivals are kept in memory for who follows them, at most `inlineBytes` each: 4 MB. */
  latestTrees: 64,
  /** Trees whose tips are kept in memory, latest used first; the tips of another are one short scan away. */
  storeTreesInMemory: 1_024,
  /** Problems that an audit tells: who has more than a screenful restores the store and needs no list. */
  auditProblems: 1_000,

  /** Bytes of entries that a node keeps if it is not told otherwise: what a small server's disk has to spare. */
  quotaNodeBytes: 68_719_476_736,
  /** … of one tree: some fifty times the history of Linux's commits. */
  quotaTreeBytes: 17_179_869_184,
  /** … of one author in a tree: a person does not write as much in a lifetime, a machine in a year. */
  quotaAuthorBytes: 4_294_967_296,
  /** Authors counted one by one over all trees, some 300 bytes each in memory; further ones share one account a tree. */
  quotaAuthors: 65_536,
  /** When a page past a quota is worth trying again: somebody has to make room first. */
  quotaRetryMs: 600_000,
} as const
