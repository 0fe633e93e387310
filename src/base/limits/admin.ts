/** Bounds on the operators' listener. */
export const adminLimits = {
  /** A few scrapers, probes and a person; each connection takes some 20 KB. */
  adminConnections: 64,
  /**
   * The least time between two computations of the metrics, which visit every link. Scrapers ask every few seconds, so
   * the answer is as good.
   */
  metricsIntervalMs: 1_000,
} as const
