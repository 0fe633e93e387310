/** Bounds on a session, on the ways in which it finds a difference, and on a watch. */
export const syncLimits = {
  /** Index reads of one walk: some 0.4 s of work. Past that a sequential sweep is faster. */
  walkReads: 20_000,
  /** Reads allowed on top of four for each entry known to be missing. Past them the answer uses a sketch instead. */
  walkReadsBase: 512,
  /** Pages that a session sends ahead of the answers: over a long path each answer takes a round trip. */
  sessionPagesInFlight: 4,
  /** A session has in flight what the link carries in this time, so that a slow link does not look dead. */
  pushAheadMs: 2_000,
  /** What it sends before it has measured the link: `pushAheadMs` at 16 KB/s. */
  pushFirstBytes: 32_768,
  /** With less in flight, the cost per message would be what is slow. */
  pushLeastBytes: 8_192,
  /** Pages that a session processes at once: one is verified while one is written. More would only fill memory. */
  sessionPagesTakenIn: 2,
  /** Bytes of a page of an answer: less than a page may have, so that little crosses again when the stream is cut. */
  answerPageBytes: 98_304,
  /** Bytes of a change's names, with their tags and lengths, that a compact page has a number for: two of 64 bytes. */
  compactNamesBytes: 132,
  /** How many times its bytes a compact page rebuilds to: a change of 135 bytes may be two, and nothing grows more. */
  compactGrowth: 68,
  /** Tips in a request: enough to include a common one nearly always. Their digest covers all of them. */
  requestTips: 32,
  /** Tips sent if there are more than that: one common tip among them is likely, and a sketch does the rest. */
  sampledTips: 8,
  /** Tips in an answer: 32 KiB. */
  answerTips: 1_024,
  /** Rounds of one session: each makes progress or ends it, and concurrent writers at both sides may take a few. */
  sessionRounds: 16,
  /** Times that a session asks for more cells before it compares by ranges. Each gives 1.6 times as many. */
  sessionSketchTrips: 2,

  /** Cells of the sketch of a small tree: 6 KB in memory, and enough for a difference of 180. */
  sketchMinCells: 256,
  /** Cells of the sketch of a large tree: 1.5 MB in memory and in a snapshot; decodes a difference of 47,000. */
  sketchMaxCells: 65_536,
  /**
   * A tree with more entries a cell than this grows its sketch. A difference of more than a sixth of the tree is then
   * found by ranges, or by naming every id, and one of 20,000 in a tree of 100,000 still decodes.
   */
  sketchEntriesPerCell: 4,
  /** Arrivals after which a snapshot is written, unless the sketch has more cells than this: some 10 ms of replay. */
  sketchSnapshotArrivals: 4_096,
  /** Bytes of a snapshot in one record: well below the 128 KiB from which the allocator treats a buffer separately. */
  sketchPartBytes: 32_768,
  /** Arrivals read at once in a replay: half a megabyte. */
  sketchReplayArrivals: 4_096,
  /** Cells of all sketches in memory, 24 bytes each: 24 MB, sixteen of the largest. */
  sketchCellsInMemory: 1_048_576,
  /** Tries to cut cells of a tree between two of its pages: nearly always the first succeeds. */
  sketchViewTurns: 64,
  /** Cells [0, 80) of a request: 1.7 KB, two packets. They decode a difference of 30 in 199 of 200 tries. */
  sketchRequestCells: 80,
  /** New entries since the last equality that a request's cells surely name, if few others differ: the 30 of above. */
  sketchRequestDecodes: 30,
  /** Counts of a request's cells [80, 256), 1 or 2 bytes each: they halve the error of the estimate. */
  sketchRequestCounts: 176,
  /** The most cells that a request may carry: peeling them, whatever they contain, takes well under a millisecond. */
  sketchRequestMaxCells: 128,
  /** Ids that a sketch can count: a cell's count is a signed 32-bit number. */
  sketchMaxEntries: 2_147_483_647,
  /** An honest difference has fewer ids than cells. Only a hostile one reaches twice as many, where peeling stops. */
  sketchPeelsPerCell: 2,
  /**
   * Id prefixes in one `want`, 8 or 16 bytes each: all that the largest sketch can decode, since only all of them
   * together are closed under ancestors.
   */
  wantIds: 65_536,

  /** Ids that a request names at one height: a second one, in case the first is the asker's alone. */
  havesPerHeightIds: 2,
  /** Ids that a request names: 768 bytes, and enough to reach back 10^9 heights in steps of a quarter. */
  havesPackedIds: 96,
  /** Ids that we look up for a request: what we send, with room for a peer that packs differently. */
  havesRequestIds: 128,

  /** Chunks of a range in one message: some 300 KiB, for four million entries. */
  rangeChunks: 4_096,
  /** Entries in one chunk of a range: 256 KB of ids to hash. Chance alone exceeds this once in 3,000 chunks. */
  rangeChunkMaxEntries: 8192,
  /** Ids of differing chunks in one message: 256 KiB. */
  rangeIds: 16_384,
  /** Chunks of an outline in one message: some 260,000 entries, so that the first ones can be fetched soon. */
  outlineChunks: 256,

  /** Remotes that a first sync fetches from at once: more would only wait for our own disk and processor. */
  gatherSources: 8,
  /** Trees of which a first sync from several remotes runs at once; further ones are fetched from one remote each. */
  gatheringsAtOnce: 4,
  /** Chunks requested from one remote at once: the next is on its way while one arrives. */
  gatherChunksAtOnce: 2,
  /** Chunks per remote between the next to be stored and the last being fetched: how far a slow remote may lag. */
  gatherChunksAhead: 6,
  /** Bytes of a chunk that wait to be stored before we stop reading from its remote: 48 MB for all remotes together. */
  gatherChunkBytes: 1_048_576,
  /** Silence after which a chunk is requested from another remote: a page of an answer takes this long at 10 KB/s. */
  gatherSilenceMs: 10_000,
  /** A chunk that comes more slowly than this is requested from another remote: what 16 fetches share of a slow line. */
  gatherLeastBytesPerSecond: 1_024,
  /** How long the others wait for one chunk, with nothing else to store, before a second remote is asked for it. */
  gatherHoldMs: 5_000,
  /** How long a remote may take for a part of the outline, some 20 KB. */
  gatherOutlineMs: 30_000,
  /** With fewer missing entries, one remote is as fast as several. */
  gatherEntries: 8_192,

  /** Trees that one Watch call follows: the server looks at each when it changes. */
  watchTrees: 256,
  /** How often a silent watch sends a sign of life; well below `idleTimeoutMs`. */
  watchHeartbeatMs: 15_000,
  /** Silence after which the watcher gives a watch up: two signs of life were lost. */
  watchSilenceMs: 40_000,
  /** Entries sent in a watch, or pushed without asking first. More are worth the two round trips of a session. */
  inlineBytes: 65_536,
  inlineEntries: 256,
  /** Messages of a watch that wait until earlier ones are stored, at most `inlineBytes` each: 512 KB. */
  watchAhead: 8,
  /** A watcher that lacks more than this gets a notice without entries: a session is faster than many small events. */
  watchBehindEntries: 4_096,
  /** Tips in one message of a watch. */
  watchTips: 32,
  /** Arrivals read at once for a WatchTree call. */
  watchEntries: 256,
  /**
   * How long after entries crossed in either direction a session confirms that both sides are equal. The peer may have
   * no other way to learn it.
   */
  confirmMs: 30_000,
  /** How often a peer that cannot be watched is polled. */
  pollIntervalMs: 30_000,
} as const
