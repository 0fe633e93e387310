/** Counts what the dispatcher does, for /metrics. */

/** Totals since the node was opened. */
export class Counters {
  dials = 0
  dialsFailed = 0
  sessions = 0
  sessionsFailed = 0
  directPushes = 0
  entriesReceived = 0
  entriesSent = 0
  watchEvents = 0
  watchEntries = 0
  watchCopies = 0
  /** Called with how long each session took, and whether it succeeded. */
  onSession: ((seconds: number, succeeded: boolean) => void) | undefined
}
