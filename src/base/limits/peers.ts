/** Bounds on the peers and links of a node, on requests for access, and on how often linked peers are contacted. */
export const peerLimits = {
  /** Some 1 KB each in memory. A node with more peers is a hub, which should be several nodes. */
  peers: 4_096,
  /** (tree, peer) pairs, some 2 KB each in memory. As many ended ones are remembered, 200 bytes each. */
  links: 16_384,
  /** How often a key that runs twice is reported: an operator reads it once, and once more if nothing was done. */
  twinReportMs: 3_600_000,
  /** The first wait for peers of the trees of a node that takes another key; each next one is twice as long. */
  rotationFlushMs: 1_000,
  /** Addresses of a peer that a node with a new key asks for access: those that worked last. */
  rotationAddresses: 4,
  addressBytes: 1_024,
  /** Twice all the addresses of one peer, so that any issuer fits. Usual tickets have some 200 bytes, for a QR code. */
  ticketBytes: 32_768,
  /** As many as a peer may have: see `dialAddresses`. */
  ticketAddresses: 16,

  /** An address record: 16 addresses of 200 characters, and some. */
  recordBytes: 4_096,
  /** A week: a peer that was not met for so long is elsewhere by then. */
  recordTtlSeconds: 604_800,
  /** How long our own record holds: two members that were off for days find each other though nobody else is there. */
  recordOwnTtlSeconds: 604_800,
  /** A record from further ahead than this comes from a clock that is wrong, and would keep later ones out for long. */
  recordAheadMs: 86_400_000,
  /** The least time between two records that tell of a change: a network that comes and goes must not flood peers. */
  recordIntervalMs: 10_000,
  /** An address that a peer told and that never worked is dialled once in this time: it may be somebody else's. */
  toldRetryMs: 300_000,
  /** How often it is dialled before that: a path that has just changed takes some seconds to carry anything. */
  toldTries: 4,
  /** Sockets at which others see this node, by the word of two: one for IPv4 and one for IPv6. */
  observedSockets: 2,
  /** Sockets that a single observer has told of, until another one confirms them. */
  observedWaiting: 64,

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
  /** Application keys, some 300 bytes each: a company's services. */
  apps: 1_024,
  /** Trees that one application key is for, each of which costs a policy entry. */
  appTrees: 64,
  /** Unused one-time invitations, some 300 bytes each. */
  invitations: 1_024,
  /** Used invitations that are remembered until they would have ended, some 400 bytes each: who came by which. */
  usedInvitations: 256,
  /** A week. A mail is read by then, and an invitation left longer in a chat should be worthless. */
  invitationTtlMs: 604_800_000,
  /** Offers of trees that wait for a person, some 1 KB each with the addresses of their peers. */
  offers: 1_024,
  /** Offers of one peer: what a node shares with another one, whose disk died. Accepted ones make room for more. */
  offersPerPeer: 256,
  /** An entry of an offer: a policy entry that names `policyKeys` keys, each with a name, has 180 KB. */
  offerEntryBytes: 262_144,
  /** A month: an offer that is not repeated for so long is dropped, as a request for access is. */
  offerIdleMs: 2_592_000_000,
  /** How often a repeated offer is written: nobody needs to know by the minute when it was made. */
  offerNotedMs: 3_600_000,
  /** Links that offers of a tree with our own root make by themselves: a few peers are enough to get it back. */
  offersTakenOfTree: 8,
  /** How often, about, a tree that a peer hides is asked for and offered again, though nothing has changed. */
  hiddenRetryMs: 600_000,

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
  /** A peer that was live at most ten minutes ago is dialled again soon: a cut of that length is a sleep or a tunnel. */
  recentMs: 600_000,
  /** Such peers, the latest: 8 dials a second at most, all at once if each takes its time. */
  recentPeers: 64,
  /** The longest wait between two dials of such a peer. */
  recentBackoffCapMs: 4_000,
  /** How long a dial of such a peer may take, so that one starts every 8 s; longer if its round trip was long. */
  recentDialMs: 4_000,
  /** Round trips that such a dial is given: connecting, TLS, the handshake, and each of them lost once. */
  recentDialRoundTrips: 16,
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
