/** Bounds on what the stores of a tree hold: keys, values, versions, and what reading and building a view costs. */
export const stateLimits = {
  /** A key is a name with a path, part of every row about it. A rule of the format: a longer key counts for nothing. */
  stateKeyBytes: 512,
  /** A value lies in its entry, of which a message holds several. A rule of the format. */
  stateValueBytes: 65_536,
  /** A media type with parameters. A rule of the format. */
  stateTypeBytes: 128,
  /** Versions that one change replaces or counts on: as many as a read shows conflicts. A rule of the format. */
  stateNames: 64,
  /** The greatest delta of an add, so that its zigzag form is below 2^53. A rule of the format. */
  stateDelta: 2 ** 52 - 1,
  /** What tells the editors of one author apart, at random. A rule of the format. */
  textSessionBytes: 16,
  /** One update of a text lies in its entry, as a value does. A rule of the format. */
  textUpdateBytes: 65_536,

  /** Versions of a key in its row: the value and the conflicts that a read shows. Further ones have rows of their own. */
  stateHeads: 65,
  /** A value up to this size lies in its key's row too, so that a read takes one lookup. */
  stateInlineBytes: 1_024,
  /**
   * Keys whose heads stay in memory, each with at most so many heads and a value up to `stateInlineBytes`: some 1 KB as a
   * rule, 3 KB at most. What is written again soon is not read before.
   */
  stateKnownKeys: 4_096,
  stateKnownHeads: 8,
  /** Changes of keys that a page counts in its own batch: some 30 ms. A larger page is counted behind the DAG. */
  statePageChanges: 4_096,
  /**
   * Arrivals that one batch of a view counts: some 3 ms, in which the tree's queue waits. Larger batches are hardly
   * faster, and what they hold outlives V8's young generation, whose collections are cheap: 256 take 16 MB more.
   */
  stateSliceEntries: 128,
  /** Bytes of entries that one batch reads, but for the last ones read. As many are read ahead for the next one. */
  stateSliceBytes: 2_097_152,
  /** Keys that one batch recomputes after a change of the policy: each costs a read of all its versions. */
  stateSliceFlips: 64,
  /** How long a read waits while the view is being counted, before it says so. */
  stateBuildPatienceMs: 1_000,
  /**
   * A page of this many entries is part of a large transfer: the view waits until no such page has come for a while. The
   * pages of a first sync have some two hundred small entries.
   */
  stateBulkEntries: 64,
  /** How long it waits for the next such page: longer than a busy machine pauses between two of them. */
  stateBulkQuietMs: 1_000,
  /** When to try a read again whose view is being built. */
  stateRetryMs: 500,
  /** How often in a row a command finds that nothing more of a view was counted before it gives up: some 30 s. */
  stateStalledTries: 20,
  /** Keys of one Get. */
  stateGetKeys: 100,
  /** Entries that a read can wait for. */
  stateTokens: 32,
  /** How long a read waits for them by default, and at most: a caller's patience, and well below a call's deadline. */
  stateWaitMs: 5_000,
  stateWaitMaxMs: 30_000,
  /** Rows that one page of a list reads, whether it returns them or not. */
  stateScanRows: 4_096,
  /** Keys whose versions one write expects. */
  stateExpectations: 1_024,
  /** Versions of a history that are read at once: each lies in its entry, which may be large. */
  stateHistoryRows: 16,
  /** Empty pages of a list that a client takes in a row, each of which may stand for stateScanRows keys. */
  emptyPages: 16_384,
  /** Edits of a text become an entry after this much silence: an entry for a run of typing, not for each key. */
  textQuietMs: 200,
  /** And at most this long after the first of them, so that others see what somebody types without a pause. */
  textDelayMs: 2_000,
  /** A long insertion is written in parts of so many UTF-16 units, of at most 3 bytes each: below textUpdateBytes. */
  textPartUnits: 16_384,
  /** Deleted ranges of one update that had to be split, of at most 24 bytes each: below textUpdateBytes. */
  textPartRanges: 2_048,
  /** Updates of texts, of all its keys together, that a node reads to answer a Get, as bytes: some 0.3 s. */
  textShownBytes: 4_194_304,
  /** Updates of one text that a node follows for somebody else, as bytes: read and composed whenever a call begins. */
  textFollowedBytes: 16_777_216,
  /** Bytes of an update that one message of WatchText carries. */
  textPieceBytes: 262_144,
  /** Bytes that one command takes to insert into a text: a book, of which each entry carries 64 KiB. */
  textTypedBytes: 4_194_304,
  /** Items of a text that wait for others are tried again after each change, up to this size: some 20 ms. */
  textWaitingBytes: 1_048_576,
  /** How deep the JSON of an update of a text nests: implementations in other languages bound it. A rule of the format. */
  textJsonDepth: 64,
  /**
   * Comparisons of items that a text may take to compose: some 0.6 s, in which an editor's program does nothing else. Texts
   * that people type take less than one for an item, and `textFollowedBytes` have some 600,000 of these.
   */
  textComparisons: 2_097_152,
  /**
   * Updates of a text, as bytes, that are composed beside everything else: some 25 ms at worst, since an item takes 10 bytes
   * at least. A larger text is composed on a thread.
   */
  textHereBytes: 4_096,
  /** Such threads: while one composes a costly text, the other serves the rest. */
  textThreads: 2,
  /** How long these threads, of some 15 MB each, stay without work. */
  textThreadIdleMs: 10_000,
  /** Memory of such a thread, in MB: an item takes some 300 bytes, and `textFollowedBytes` have 1.6 million at most. */
  textThreadMb: 512,
  /** How long a thread works on one text: twice what the largest one that is followed takes if it was all typed. */
  textWorkMs: 20_000,
  /** How long a text that took longer is refused without a try: the machine may have been busy. */
  textCostlyMs: 600_000,
  /** Texts that are remembered since they cost too much, of some 1 KB each. The oldest is forgotten. */
  textsCostly: 1_024,
  /** Updates of texts that wait for a thread, as bytes: four of the largest texts that are followed. */
  textWaitingJobBytes: 67_108_864,
  /** Texts of one tree that wait for a thread: some 15 s of work if each takes all comparisons. */
  textJobsOfTree: 16,
  /**
   * Comparisons that the next updates of a text that is followed take at worst, its new pieces by all pieces: some 0.2 s of
   * the editor's program. Past it, a thread composes the text with them first …
   */
  textStepsHere: 524_288,
  /** … and when those since the last time add up to so many: as many as one text may take. */
  textStepsUnjudged: 4_194_304,
  /** How a program's watch comes back after a lost connection: it gives up when a node is away for some minutes. */
  watchRetries: 20,
  watchRetryMs: 100,
  watchRetryMaxMs: 15_000,
} as const
