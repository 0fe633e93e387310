/** Bounds on the operators' listener. */
export const adminLimits = {
  /** How often certificate files are looked at: a renewed one is used days before the old one expires. */
  certificatePollMs: 10_000,
  /** How often a refusal of one kind is logged: a flood of them fills no disk. */
  refusalLogMs: 60_000,
  /** Lines of the log that a node keeps in memory: what happened in the last hours, or in a bad minute. */
  logLines: 1_000,
  /** Characters of all of them: 2 MB in memory at most. */
  logCharacters: 1_048_576,
  /** Characters of one line that is kept; a stack has some 2,000. */
  logLineCharacters: 8_192,
  /** Characters of its message and of its other fields that are told. */
  logMessageCharacters: 2_048,
  logFieldCharacters: 4_096,
  /** Lines in one message of a watch of the log. */
  logPage: 100,
  /** Names of metrics that one call asks for: a page or a script shows a few. */
  metricNames: 64,
  /** Samples in one answer: a node has some 300, and a few for each method that was called. */
  metricSamples: 10_000,
  /** A configuration has some 20 lines. */
  configBytes: 65_536,
  /** A few scrapers, probes and a person; each connection takes some 20 KB. */
  adminConnections: 64,
  /**
   * The least time between two computations of the metrics, which visit every link. Scrapers ask every few seconds, so
   * the answer is as good.
   */
  metricsIntervalMs: 1_000,
  /** How often the delay of the event loop is measured: 150 times between two scrapes, at 0.03 % of a processor. */
  loopDelayEveryMs: 100,

  /** What a node finds about itself at once: a few for each topic. */
  findings: 100,
  /** Clocks of peers that are remembered: their middle needs few. */
  clocksRemembered: 64,
  /** A clock that is off by less is as good as right: the clocks of peers are read to the second. */
  clockNoticeMs: 10_000,
  /** Below this much room an operator should know: a day of busy trees. */
  diskNoticeBytes: 1_073_741_824,
  /** Below this much room LevelDB may be unable to compact, which takes some tables of 2 MB and a log. */
  diskProblemBytes: 134_217_728,
  /** Certificates of a few months are renewed a month before they end. */
  certificateNoticeMs: 1_209_600_000,
  /** A certificate that is not renewed three days before it ends will not be by itself. */
  certificateProblemMs: 259_200_000,
  /** A person opens a link at once. Whoever finds it later in a terminal's history has nothing of it. */
  pageLinkMs: 120_000,
  /** Links that wait to be opened: a person makes one at a time. */
  pageLinks: 16,
  /** A working day, after which a browser that somebody left open operates nothing any more. */
  pageSessionMs: 28_800_000,
  /** Sessions of the page: some people with some browsers each. */
  pageSessions: 64,
  /** How often a watch of the node looks for changes: as fast as a person reads numbers. */
  watchNodeMs: 1_000,
  /** Trees in one message of such a watch, each with its name of up to 128 bytes. */
  watchNodeTrees: 100,
} as const
