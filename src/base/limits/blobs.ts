/** Bounds on blobs: the chunks that they consist of, how long these stay, and how they come from peers. */
export const blobLimits = {
  /**
   * The bytes of a chunk: a message of which a caller without streams sends many, and what is lost when one is cut. A rule
   * of the format.
   */
  blobChunkBytes: 262_144,
  /** The largest blob: its list, of 8,192 hashes, is then itself one chunk. A rule of the format. */
  blobBytes: 2_147_483_648,
  /** Chunks that a program puts at once: one crosses while another is written. 1 MB. */
  chunkPutsAtOnce: 4,
  /**
   * Chunks of all blobs that one write names, 4 GB: each is looked for and counts as put anew, some 80 µs, in one turn of
   * the caller. Twice those of the largest blob.
   */
  chunksPerWrite: 16_384,
  /** How long a remote may take for a chunk, which it may have to fetch from others: a dial, and a chunk at 8 KB/s. */
  chunkSilenceMs: 60_000,
  /** How long a peer may take for a chunk: twice what it takes at `slowestBytesPerSecond`. */
  peerChunkMs: 32_000,
  /** Chunks that one call asks a peer for: 64 MB, so that a call costs nothing beside its bytes. */
  chunksPerCall: 256,
  /** Peers that are asked for chunks of one blob at the same time, if it has two shares or more. */
  blobPeersAtOnce: 3,
  /** Chunks that one of them sends before it takes more: 2 MB, of which some five wait in memory for their turn. */
  chunksPerShare: 8,
  /** Blobs that are fetched from peers at once, each over connections of its own and with a few chunks in memory, or shares. */
  blobFetchesAtOnce: 8,
  /** Those of one caller: one who reads slowly, or asks for what nobody has, leaves most of them to others. */
  blobFetchesPerCaller: 2,
  /** Beside these, trees all of whose blobs are being fetched: two keep a line busy while one of their peers is slow. */
  blobMirrorsAtOnce: 2,
  /**
   * Chunks of a blob after which other trees have their turn: 8 MB, which takes a peer that is as slow as it may be a
   * quarter of an hour, and a good line so long that the pause between two calls does not matter.
   */
  mirrorChunksPerTurn: 32,
  /** The first wait before blobs that a link wants are asked for again, and the longest, after many failures. */
  mirrorRetryMs: 2_000,
  mirrorRetryMaxMs: 300_000,
  /** Blobs of a tree that are known to be whole, some 100 bytes each. Past it they are looked for again. */
  mirrorKnown: 65_536,

  /** A day: so long a chunk stays that no entry names, since an upload may be cut and go on the next morning. */
  chunkUnnamedMs: 86_400_000,
  /** How often such chunks are looked for … */
  chunkSweepMs: 3_600_000,
  /** … and for the first time after a start, when a node has had time for its links. */
  chunkSweepFirstMs: 60_000,
  /** Turns of one search in a tree: 1 GB of chunks, or as many entries that come meanwhile. The next one goes on. */
  chunkSweepTurns: 16,
  /** Chunks that a search for these drops while the tree's queue waits: some 100 ms. */
  chunkDropsAtOnce: 256,
  /** Files of chunks that are looked for at once: some turns of the four threads for files. */
  chunkLooksAtOnce: 64,
  /** Records of chunks that are read at once. */
  chunkRecordsAtOnce: 1_024,
} as const
