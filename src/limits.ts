/**
 * Every bound, with its reason. A bound that holds against a hostile peer is checked before the work that it
 * bounds; each is crossed by a test. Units are the last part of the name.
 */
export const limits = {
  /** Connecting a stream to a reachable host takes one to three round trips; a relay may need discovery first. */
  dialTimeoutMs: 10_000,

  /** Cells of the sketch of a small tree: 6 KB in memory, and enough for a difference of 180. */
  sketchMinCells: 256,
  /** Cells of the sketch of a large tree: 1.5 MB in memory and in a snapshot; decodes a difference of 47,000. */
  sketchMaxCells: 65_536,
  /** A tree this many times its cells grows its sketch: a difference past 1/22 of the tree is for a range scan. */
  sketchEntriesPerCell: 16,
  /** Cells [0, 64) of a request: 1.4 KB, one packet, and they decode a difference of 30 at 98 of 100 tries. */
  sketchRequestCells: 64,
  /** Counts of a request's cells [64, 256), 1 or 2 bytes each: they halve the error of the estimate. */
  sketchRequestCounts: 192,
  /** Cells that a request may carry at most: peeling them, whatever they say, stays well under a millisecond. */
  sketchRequestMaxCells: 128,
  /** Ids that a sketch can count: a cell's count is a signed 32-bit number. */
  sketchMaxEntries: 2_147_483_647,
  /** An honest difference has fewer ids than cells; twice that is for a hostile one, and then peeling stops. */
  sketchPeelsPerCell: 2,

  /** Ids that a request names at one height: a second one, in case the first is the asker's alone. */
  havesPerHeightIds: 2,
  /** Ids that a request names: 768 bytes, and enough to reach back 10^9 heights in steps of a quarter. */
  havesPackedIds: 96,
  /** Ids that we look up for a request: what we send, with room for somebody who packs otherwise. */
  havesRequestIds: 128,

  /** Entries in one chunk of a range: 256 KB of ids to hash. Chance alone passes this once in 3,000 chunks. */
  rangeChunkMaxEntries: 8192,
} as const
