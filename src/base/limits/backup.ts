/** Bounds on backups and on other files of entries, which may be damaged or made by anybody. */
export const backupLimits = {
  /** The header of such a file names one root; others that write CAR files name a few. */
  carHeaderBytes: 65_536,
  /** One block: the largest entry with its id, and as much again for notes of more than one record. */
  carBlockBytes: 2_097_152,
  /** Bytes of records or trees that one note lists, unless a single one is larger: small enough to be parsed at once. */
  backupNoteBytes: 262_144,
  /** Trees that one request names: more are all of them, or several backups. */
  backupTrees: 1_000,
  /** Damaged trees that a backup names: a screenful, after which one repairs the store. */
  backupDamaged: 100,
  /** Trees of which an earlier backup is told: that of any others is written whole. */
  backupPoints: 16_384,
  /** By how much a clock may be set back before a backup that builds on another misses chunks of blobs. */
  backupClockMs: 3_600_000,
  /** Backups that build on each other: one an hour for a month. */
  backupChain: 1_024,
  /** Pages that are verified while others are written: as many threads as verify, and one that waits. */
  restorePages: 4,
} as const
