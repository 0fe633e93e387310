/** Bounds on traces: on what others send of theirs, and on what is remembered to continue one. */
export const tracingLimits = {
  /** W3C's `traceparent` has 55 characters today; later versions may append some. */
  traceParentBytes: 128,
  /** W3C asks everybody to pass on 512 characters of `tracestate`; nobody has to take more. */
  traceStateBytes: 512,
  /**
   * Contexts that one event of a watch carries, and links of one span: as many commits as a person looks at together. An
   * event has 1 KB for them, 9 KB if each has the longest state.
   */
  traceLinks: 16,
  /** Pages of one tree whose spans are remembered, 200 bytes each: those that peers get in a few seconds. */
  tracedPages: 64,
  /** Trees of which pages are remembered: 3 MB in all. */
  tracedTrees: 256,
} as const
