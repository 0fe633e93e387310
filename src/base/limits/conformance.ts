/** Bounds on the programs that the conformance kit runs. */
export const conformanceLimits = {
  /** A slow program verifies some thousand entries and syncs them in this time; one that takes longer hangs. */
  conformanceAnswerMs: 60_000,
  /** After so many requests in a row without an answer the run ends: a program that hangs costs minutes, not hours. */
  conformanceSilences: 3,
  /** One line carries a tree of some ten thousand entries, in hex. */
  conformanceLineBytes: 67_108_864,
  /** How long a program may take to end after its standard input has ended. */
  conformanceEndMs: 5_000,
} as const
