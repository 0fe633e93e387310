/** Bounds of a session, of the ways by which it finds a difference, and of what a watch tells. */
export const syncLimits = {
  /** Index reads of one walk: some 0.4 s of work; past that a sequential sweep is faster. */
  walkReads: 20_000,
  /** … beside four for each entry that is known to be missing, before a sketch is asked instead. */
  walkReadsBase: 512,
  /** Pages that a session sends at once: over a long way each waits a round trip for its answer. */
  sessionPagesInFlight: 4,
  /** What a session has under way is what crosses in this time, so that a slow link does not look dead. */
  pushAheadMs: 2_000,
  /** What it sends before it knows the link: two seconds at 16 KB/s. */
  pushFirstBytes: 32_768,
  /** Below this the cost per message would be what is slow. */
  pushLeastBytes: 8_192,
  /** Pages that a session takes in at once: one verifies while one is written. More would only fill memory. */
  sessionPagesTakenIn: 2,
  /** Bytes of a page of an answer: smaller than a page may be, so that little crosses again when the stream is cut. */
  answerPageBytes: 98_304,
  /** Tips in a request: enough to hit a common one nearly always; a digest names them all. */
  requestTips: 32,
  /** Tips told where there are more than that: one common one among them is likely, and a sketch does the rest. */
  sampledTips: 8,
  /** Tips in an answer: 32 KiB. */
  answerTips: 1_024,
  /** Rounds of one session: each makes progress or ends it; concurrent writers at both sides may take a few. */
  sessionRounds: 16,
  /** Times that a session asks for more cells before it compares by ranges: each gives 1.6 times as many. */
  sessionSketchTrips: 2,

  /** Cells of the sketch of a small tree: 6 KB in memory, and enough for a difference of 180. */
  sketchMinCells: 256,
  /** Cells of the sketch of a large tree: 1.5 MB in memory and in a snapshot; decodes a difference of 47,000. */
  sketchMaxCells: 65_536,
  /**
   * A tree this many times its cells grows its sketch: what differs by more than a sixth of the tree is told apart by
   * ranges, or by naming every id; and 20,000 in a tree of 100,000 still decode.
   */
  sketchEntriesPerCell: 4,
  /** Arrivals after which a snapshot is written, where the sketch has fewer cells: some 10 ms of replay. */
  sketchSnapshotArrivals: 4_096,
  /** Bytes of a snapshot in one record, well below the 128 KiB from which the allocator treats a buffer on its own. */
  sketchPartBytes: 32_768,
  /** Arrivals read at once while replaying: half a megabyte. */
  sketchReplayArrivals: 4_096,
  /** Cells of all sketches in memory, 24 bytes each: 24 MB, sixteen of the largest. */
  sketchCellsInMemory: 1_048_576,
  /** Cells [0, 80) of a request: 1.7 KB, two packets, and they decode a difference of 30 at 199 of 200 tries. */
  sketchRequestCells: 80,
  /** Entries that the cells of a request surely name, if only few others differ: the 30 of above. */
  sketchRequestDecodes: 30,
  /** Counts of a request's cells [80, 256), 1 or 2 bytes each: they halve the error of the estimate. */
  sketchRequestCounts: 176,
  /** Cells that a request may carry at most: peeling them, whatever they say, stays well under a millisecond. */
  sketchRequestMaxCells: 128,
  /** Ids that a sketch can count: a cell's count is a signed 32-bit number. */
  sketchMaxEntries: 2_147_483_647,
  /** An honest difference has fewer ids than cells; twice that is for a hostile one, and then peeling stops. */
  sketchPeelsPerCell: 2,
  /** Id prefixes in one `want`, 8 or 16 bytes each: all that the largest sketch can decode, since only together they are closed. */
  wantIds: 65_536,

  /** Ids that a request names at one height: a second one, in case the first is the asker's alone. */
  havesPerHeightIds: 2,
  /** Ids that a request names: 768 bytes, and enough to reach back 10^9 heights in steps of a quarter. */
  havesPackedIds: 96,
  /** Ids that we look up for a request: what we send, with room for somebody who packs otherwise. */
  havesRequestIds: 128,

  /** Chunks of a range told at once: some 300 KiB, for four million entries. */
  rangeChunks: 4_096,
  /** Entries in one chunk of a range: 256 KB of ids to hash. Chance alone passes this once in 3,000 chunks. */
  rangeChunkMaxEntries: 8192,
  /** Ids of differing chunks told at once: 256 KiB. */
  rangeIds: 16_384,
  /** Chunks of an outline told at once: some 260,000 entries, so that the first can be fetched soon. */
  outlineChunks: 256,

  /** Remotes that a first sync takes from at once: more would only wait for our own disk and processor. */
  gatherSources: 8,
  /** Chunks asked of one remote at once: the next is under way while one arrives. */
  gatherChunksAtOnce: 2,
  /** Chunks for each remote between the one that is stored next and the last that is fetched: how far a slow one may lag. */
  gatherChunksAhead: 6,
  /** Bytes of a chunk that wait for their turn before the remote is not read further; all remotes together: 48 MB. */
  gatherChunkBytes: 1_048_576,
  /** Silence after which a chunk is asked of another remote; a slow line brings a page of 256 KiB in this at 26 KB/s. */
  gatherSilenceMs: 10_000,
  /** Missing entries below which one remote is as fast as several. */
  gatherEntries: 8_192,

  /** Trees that one call to Watch follows: the server looks at each when it changes. */
  watchTrees: 256,
  /** A watch that is silent for longer is dead; well below `idleTimeoutMs`. */
  watchHeartbeatMs: 15_000,
  /** Silence after which a watch is given up: two signs of life were lost. */
  watchSilenceMs: 40_000,
  /** Entries told inside a watch, or pushed without asking first: what is larger is worth a session's two round trips. */
  inlineBytes: 65_536,
  inlineEntries: 256,
  /** Messages of a watch that wait until those before are worked in, each of at most `inlineBytes`: 512 KB. */
  watchAhead: 8,
  /** A watcher that lacks more is only told so: a session brings that faster than many small events. */
  watchBehindEntries: 4_096,
  /** Tips told in a watch. */
  watchTips: 32,
  /** Arrivals looked up at once for a watcher. */
  watchEntries: 256,
  /** How long after entries moved the peer is shown that both are equal, since it may have no way to ask. */
  confirmMs: 30_000,
  /** How often a peer is asked that cannot be watched. */
  pollIntervalMs: 30_000,
} as const
