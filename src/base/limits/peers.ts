/** Bounds of whom a node knows, who asks to be let in, and how it keeps linked peers up to date. */
export const peerLimits = {
  /** Some 1 KB each in memory: who has more is a hub, and wants several nodes. */
  peers: 4_096,
  /** (tree, peer) pairs, some 2 KB each in memory while the node runs. As many that were ended are remembered, 200 bytes each. */
  links: 16_384,
  addressBytes: 1_024,
  /** A ticket travels through chats and QR codes. */
  ticketBytes: 8_192,
  ticketAddresses: 16,

  /** Requests for access that wait for an admin, some 2 KB each: more than a person reads in a day. */
  accessRequests: 1_024,
  /** … of one peer: nobody joins more trees of one node before the first answer. */
  accessRequestsPerPeer: 16,
  /** … for one tree, so that a tree that is known to many leaves room for the others. */
  accessRequestsPerTree: 256,
  /** Who has given up asking is not waited for: a node that wants in asks every few minutes. */
  accessRequestIdleMs: 2_592_000_000,
  /** How long an answer stands: until then who asks for the same or more is told it again, and no admin is asked. */
  accessVerdictMs: 86_400_000,
  /** Answers remembered, some 500 bytes each. */
  accessVerdicts: 4_096,
  /** A word of who asks, or of who decides: a paragraph. */
  accessTextBytes: 1_024,
  /** One-time invitations that were not used yet: some 300 bytes each. */
  invitations: 1_024,
  /** A week: a mail is read by then, and what lies around in chats for longer is worth nothing. */
  invitationTtlMs: 604_800_000,
  /** Trees that this node waits to be let into. */
  joins: 1_024,
  /** The first wait before a peer is asked again … */
  joinBackoffBaseMs: 2_000,
  /** … and the longest, so some minutes on average: what is granted is heard at once by watching the tree. */
  joinBackoffCapMs: 300_000,

  /** A day; who wants it rarer pauses the link and flushes. */
  intervalSeconds: 86_400,
  /** The first wait after a failure: below what a person notices. */
  backoffBaseMs: 250,
  /** The longest wait, so one minute on average: a peer that is back is heard soon, a thousand that are away cost 17 dials a second. */
  backoffCapMs: 120_000,
  /** How long the disk may tell of changes as undelivered that were delivered: a write for all that happen meanwhile. */
  outboxSettleMs: 1_000,
  /** Waits longer than this end on a beat of it: short beside them, and a thousand peers that are away wake the node every 5 s for some 85 dials, not every 60 ms for one. */
  retryBeatMs: 5_000,
  /** Sessions with one peer at once: a large tree does not hold up its small ones. */
  sessionsPerPeer: 4,
  /** Sessions at once in all: some 4 MB each when pages are in flight both ways. */
  sessionsAtOnce: 32,
  /** Dials at once to peers that answered lately … */
  dialsAtOnce: 32,
  /** … and to those that failed several times, so that they never stand before the others. */
  redialsAtOnce: 32,
  /** Failures in a row that make a peer one of the latter. */
  redialAttempts: 3,
  /** A session that moves nothing for so long is given up; a dead connection is noticed earlier, by its pings. */
  sessionSilenceMs: 60_000,
  /** A connection that nothing needs is closed after this. */
  connectionIdleMs: 60_000,
  /** How old the times of a link's and an address's last success or failure may be on disk: they are for people, and not worth a write each. */
  notedMs: 60_000,
  /** How long `flush` waits by default. */
  flushTimeoutMs: 30_000,
} as const
