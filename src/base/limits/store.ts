/** Bounds on what a node writes, caches in memory, and grants disk space to. */
export const storeLimits = {
  /** One page of entries: large enough that the cost per message vanishes, small enough to have a few in flight. */
  pageBytes: 262_144,
  pageEntries: 1_024,
  /**
   * How long a command waits for the process that has the store open: a node that stops takes up to `drainTimeoutMs`,
   * and a few commands in a row some hundred milliseconds each.
   */
  storeLockPatienceMs: 10_000,
  /** How often it looks whether it can go on: nobody notices this delay. */
  storeLockPollMs: 50,
  /**
   * How long the owner of a database of the caller's may be without a sign of life before another process may own it: a
   * node that was killed delays its next start by this, and a pause of some seconds costs it nothing.
   */
  ownerLeaseMs: 10_000,
  /** How often a process looks for that sign meanwhile: an owner gives four in a lease. */
  ownerLooks: 10,
  /** How long a new owner waits for another that claims the database at the same time: some round trips. */
  ownerSettleMs: 100,
  /** Garbage of pages, buffers included, before it is collected: a dozen pages at a receiver, thirty at a sender. */
  garbageBytes: 12_582_912,
  /** Signatures in the thread pool's queue: some 4 ms of work for two cores, so that LevelDB's reads get their turn. */
  verifyConcurrency: 64,
  /**
   * Up to this many entries are verified on Node's thread pool: half a millisecond of work does not justify starting a
   * thread.
   */
  verifyAlone: 16,
  /** Threads that verify pages, if there are as many processors: one main thread could not feed more. */
  verifyThreads: 4,
  /** Signatures that go to such a thread at once: some 3 ms of work, so that the threads finish a page together. */
  verifyPart: 64,
  /** A reused buffer that carries these to a thread: entries of 1.9 KB fit. Larger buffers are not reused. */
  verifyPartBytes: 131_072,
  /** How long the threads, of some 5 MB each, stay without work. */
  verifyThreadIdleMs: 10_000,
  /** Commits that wait for one tree: some seconds of work. */
  commitsWaiting: 16_384,

  /**
   * LevelDB's memtable. Two may be alive, and every thread of Node's pool keeps its part of them. Half of LevelDB's
   * default saves 3 MB of memory and makes writing alone a twentieth slower.
   */
  storeWriteBufferBytes: 2_097_152,
  /** LevelDB's block cache, for single reads of adjacent entries. Reads of the index bypass it. */
  storeCacheBytes: 8_388_608,
  /**
   * Index records kept in memory after a write, since most parents are among the latest entries. More of them would
   * outlive the young generation and become garbage that only a full collection finds, and a page needs some older
   * ones anyway.
   */
  storeRecentEntries: 256,
  /** The same for an audit, which reads in order and keeps little else: with fewer it takes a twentieth longer. */
  auditRecentEntries: 1_024,
  /** Trees whose landmarks are cached, some 10 KB each. */
  landmarkTrees: 64,
  /** Trees whose latest arrivals are in memory for the peers that follow them, at most `inlineBytes` each: 4 MB. */
  latestTrees: 64,
  /** Trees whose tips are in memory, the most recently used ones. The tips of any other take one short scan. */
  storeTreesInMemory: 1_024,
  /** Rows that a migration writes and flushes at once, or fewer if they have `pageBytes`: some 10 ms of work. */
  migrationRows: 1_024,
  /** Entries, or records of another kind, that one batch of a removal deletes: some 10 ms of work. */
  removalEntries: 1_024,
  /** How often a page is read for again because a write to another tree has failed: a disk that fails so often is broken. */
  reopenTurns: 16,
  /** Bytes of a removed tree whose disk space is given back at once: a second of work, which the node's end waits for. */
  removalSliceBytes: 67_108_864,
  /** When to try again if a tree is still being removed: most removals take less. */
  removalRetryMs: 5_000,
  /** Problems that an audit lists: with more than a screenful, one restores the store and needs no list. */
  auditProblems: 1_000,
  /**
   * Latest arrivals that are looked at after LevelDB dropped a part of its log. Its logs hold at most two memtables of
   * `storeWriteBufferBytes` and a page, and an entry with its records takes 400 bytes there: all that can be missing.
   */
  damageArrivals: 16_384,
  /** Words of LevelDB that are kept: an opening with a damaged log has a few, one for each block of 32 KB at most. */
  damageNotes: 256,
  /** Characters of such a word: a path and a reason. */
  damageLineLength: 512,
  /** Bytes of LevelDB's file of words that are read after an opening, where all that concerns the opening stands. */
  damageLogBytes: 262_144,
  /** Findings that one answer lists: a screenful or two. */
  damageListed: 1_000,
  /** Keys of damaged records that a note names: more than anybody would read. */
  damageKeysNamed: 8,

  /** Bytes of entries that a node stores by default: what a small server's disk has to spare. */
  quotaNodeBytes: 68_719_476_736,
  /** Bytes of one tree by default: some fifty times the history of Linux's commits. */
  quotaTreeBytes: 17_179_869_184,
  /** Bytes of one author in a tree by default: a person does not write as much in a lifetime, a machine in a year. */
  quotaAuthorBytes: 4_294_967_296,
  /**
   * Strangers, who may write only since everybody may, get one in so many bytes of the node's quota, of each tree's, and
   * of the accounts. The rest is for authors whom a policy names.
   */
  quotaStrangerDivisor: 2,
  /**
   * One in so many bytes of each quota is kept for policy entries and for this node's own, so that whoever fills a tree
   * cannot stop the change that ends it. Half of these bytes are for this node alone.
   */
  quotaReserveDivisor: 8,
  /** Authors with their own account, over all trees, some 300 bytes each in memory. The rest share one per tree. */
  quotaAuthors: 65_536,
  /** How long to wait before a page past a quota is sent again: somebody has to make room first. */
  quotaRetryMs: 600_000,
} as const
