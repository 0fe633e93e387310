/**
 * Every bound, with its reason. A bound that holds against a hostile peer is checked before the work that it
 * bounds; each is crossed by a test. Units are the last part of the name.
 */
export const limits = {
  /** Connecting a stream to a reachable host takes one to three round trips; a relay may need discovery first. */
  dialTimeoutMs: 10_000,
} as const
