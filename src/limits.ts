/**
 * Every bound, with its reason. A bound that holds against a hostile peer is checked before the work that it
 * bounds; each is crossed by a test. Units are the last part of the name.
 */
export const limits = {
  /** One entry must fit a few times into the memory that a page may take; larger content belongs into a blob store. */
  entryBodyBytes: 1_048_576,
  /** The widest octopus merge in Linux's history has 66 parents. */
  entryParents: 256,
  /** Tips of the policy: admins change it rarely, so concurrent changes are few. */
  entryPolicies: 64,
  /** A commit that touches more stores is several commits. */
  entryChanges: 1_024,
  /** Enough for a second random 128-bit value. */
  entryNonceBytes: 32,
  /** Two roots of the same author and moment must differ: 128 bits. */
  rootNonceMinBytes: 16,
  /** Names of stores and kinds of change are identifiers, in every entry. */
  storeNameBytes: 64,
  /** Names for people: of trees, peers and keys. */
  nameBytes: 128,

  /** One page: large enough that the cost per message vanishes, small enough that a few in flight are nothing. */
  pageBytes: 262_144,
  pageEntries: 1_024,

  /** Signatures in the thread pool's queue at once: some 4 ms of work for two cores, so that reads get their turn. */
  verifyConcurrency: 64,
  /** Index reads of one walk: some 0.4 s of work; past that a sequential sweep is faster. */
  walkReads: 20_000,
  /** Pages that a session verifies, writes or sends at once, each way. */
  sessionPagesInFlight: 4,
  /** Tips in a request: enough to hit a common one nearly always; a digest names them all. */
  requestTips: 32,
  /** Tips in an answer: 32 KiB. */
  answerTips: 1_024,
  /** Rounds of one session: each makes progress or ends it; concurrent writers at both sides may take a few. */
  sessionRounds: 16,

  /** LevelDB's memtable, of which two may be alive: fewer, larger sorted runs make writing some 20 % faster. */
  storeWriteBufferBytes: 16_777_216,
  /** LevelDB's cache of blocks. */
  storeCacheBytes: 16_777_216,
  /** Index records kept in memory after a write, some 300 bytes each: parents are mostly among the latest entries. */
  storeRecentEntries: 32_768,
  /** Trees whose tips are kept in memory, latest used first; the tips of another are one short scan away. */
  storeTreesInMemory: 1_024,
  /** Problems that an audit tells: who has more than a screenful restores the store and needs no list. */
  auditProblems: 1_000,

  /** Connecting a stream to a reachable host takes one to three round trips; a relay may need discovery first. */
  dialTimeoutMs: 10_000,
} as const
