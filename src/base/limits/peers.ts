/** Bounds on the peers and links of a node, on requests for access, and on how often linked peers are contacted. */
export const peerLimits = {
  /** Some 1 KB each in memory. A node with more peers is a hub, which should be several nodes. */
  peers: 4_096,
  /** (tree, peer) pairs, some 2 KB each in memory. As many ended ones are remembered, 200 bytes each. */
  links: 16_384,
  addressBytes: 1_024,
  /** Twice all the addresses of one peer, so that any issuer fits. Usual tickets have some 200 bytes, for a QR code. */
  ticketBytes: 32_768,
  /** As many as a peer may have: see `dialAddresses`. */
  ticketAddresses: 16,

  /** Requests for access that wait for an admin, some 2 KB each: more than a person reads in a day. */
  accessRequests: 1_024,
  /** Waiting requests of one peer: nobody joins more trees of one node before the first answer. */
  accessRequestsPerPeer: 16,
  /** Waiting requests for one tree, so that a widely known tree leaves room for the others. */
  accessRequestsPerTree: 256,
  /** A month. A request not repeated for so long is dropped: a node that still wants access asks every few minutes. */
  accessRequestIdleMs: 2_592_000_000,
  /** A day. Until then a peer that asks for the same or more gets the same answer, and no admin is asked. */
  accessVerdictMs: 86_400_000,
  /** Answers remembered, some 500 bytes each. */
  accessVerdicts: 4_096,
  /** The message of a request or the reason of an answer: a paragraph. */
  accessTextBytes: 1_024,
  /** Unused one-time invitations, some 300 bytes each. */
  invitations: 1_024,
  /** A week. A mail is read by then, and an invitation left longer in a chat should be worthless. */
  invitationTtlMs: 604_800_000,
  /** Trees that this node is waiting to be let into. */
  joins: 1_024,
  /** The first wait before a peer is asked again for access. */
  joinBackoffBaseMs: 2_000,
  /** The longest such wait, some minutes on average. A grant shows sooner, since the node also watches the tree. */
  joinBackoffCapMs: 300_000,

  /** The longest interval of a link: a day. To sync less often, pause the link and flush it. */
  intervalSeconds: 86_400,
  /** The first wait after a failure: too short for a person to notice. */
  backoffBaseMs: 250,
  /**
   * The longest wait, one minute on average: a peer that is back is found soon, and a thousand absent ones cost 17
   * dials a second.
   */
  backoffCapMs: 120_000,
  /** How long the disk may list delivered changes as undelivered, so that one write covers many of them. */
  outboxSettleMs: 1_000,
  /**
   * Longer waits end at a multiple of this, the same for all peers. A thousand absent peers then wake the node every 5 s
   * for about 85 dials, not every 60 ms for one.
   */
  retryBeatMs: 5_000,
  /** Concurrent sessions with one peer: a large tree does not hold up small ones. */
  sessionsPerPeer: 4,
  /** Concurrent sessions in total: some 4 MB each with pages in flight in both directions. */
  sessionsAtOnce: 32,
  /** Concurrent dials to peers that answered recently. */
  dialsAtOnce: 32,
  /** Concurrent dials to peers that failed several times, counted apart so that the others never wait for them. */
  redialsAtOnce: 32,
  /** Consecutive failures after which a peer belongs to the latter. */
  redialAttempts: 3,
  /** A session that makes no progress for this long is given up. Pings find a dead connection sooner. */
  sessionSilenceMs: 60_000,
  /** A connection that nothing needs is closed after this. */
  connectionIdleMs: 60_000,
  /** How stale a link's last success may be on disk: it is shown to people, and not worth a write each time. */
  notedMs: 60_000,
  /** How long `flush` waits by default. */
  flushTimeoutMs: 30_000,
} as const
