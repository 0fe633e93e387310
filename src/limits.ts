/**
 * Every bound, with its reason. A bound that holds against a hostile peer is checked before the work that it
 * bounds; each is crossed by a test. Units are the last part of the name.
 */
export const limits = {
  /** One entry must fit a few times into the memory that a page may take; larger content belongs into a blob store. */
  entryBodyBytes: 1_048_576,
  /** The widest octopus merge in Linux's history has 66 parents. */
  entryParents: 256,
  /** Tips of the policy: admins change it rarely, so concurrent changes are few. */
  entryPolicies: 64,
  /** A commit that touches more stores is several commits. */
  entryChanges: 1_024,
  /** Enough for a second random 128-bit value. */
  entryNonceBytes: 32,
  /** Two roots of the same author and moment must differ: 128 bits. */
  rootNonceMinBytes: 16,
  /** Names of stores and kinds of change are identifiers, in every entry. */
  storeNameBytes: 64,
  /** Names for people: of trees, peers and keys. */
  nameBytes: 128,
  /** Keys in one change of the policy: more are several changes. */
  policyKeys: 1_024,
  /** Last entries of a revoked key that stand: tips that one author has at a time, so few. */
  policyLastAccepted: 64,
  /** Policy entries that one entry may stand on, over all of its tree's life: ten thousand members, each let in alone. */
  policyEntries: 16_384,
  /** Revocations among them: each is held against what its key has written, so with the entries they bound the work. */
  policyRevocations: 1_024,
  /** Grants that an admin's right is kept to come from: when one is void the next holds it up. */
  policySupports: 8,
  /** Points of one tree whose judgement is kept: a tree has as many as its policy has tips, nearly always one. */
  policyJudgements: 32,
  /** Points of one tree whose closure is kept, a byte for each policy entry. */
  policyClosures: 64,
  /** Merges of points that are kept: as many as there are pairs of branches that grow. */
  policyMerges: 1_024,

  /** One page: large enough that the cost per message vanishes, small enough that a few in flight are nothing. */
  pageBytes: 262_144,
  pageEntries: 1_024,

  /** Signatures in the thread pool's queue at once: some 4 ms of work for two cores, so that reads get their turn. */
  verifyConcurrency: 64,
  /** Index reads of one walk: some 0.4 s of work; past that a sequential sweep is faster. */
  walkReads: 20_000,
  /** … beside four for each entry that is known to be missing, before a sketch is asked instead. */
  walkReadsBase: 512,
  /** Pages that a session sends at once: over a long way each waits a round trip for its answer. */
  sessionPagesInFlight: 4,
  /** What a session has under way is what crosses in this time, so that a slow link does not look dead. */
  pushAheadMs: 2_000,
  /** What it sends before it knows the link: two seconds at 16 KB/s. */
  pushFirstBytes: 32_768,
  /** Below this the cost per message would be what is slow. */
  pushLeastBytes: 8_192,
  /** Pages that a session takes in at once: one verifies while one is written. More would only fill memory. */
  sessionPagesTakenIn: 2,
  /** Tips in a request: enough to hit a common one nearly always; a digest names them all. */
  requestTips: 32,
  /** Tips told where there are more than that: one common one among them is likely, and a sketch does the rest. */
  sampledTips: 8,
  /** Tips in an answer: 32 KiB. */
  answerTips: 1_024,
  /** Rounds of one session: each makes progress or ends it; concurrent writers at both sides may take a few. */
  sessionRounds: 16,

  /** Commits that wait for one tree: some seconds of work. */
  commitsWaiting: 16_384,

  /** Times that a session asks for more cells before it compares by ranges: each gives 1.6 times as many. */
  sessionSketchTrips: 2,

  /** LevelDB's memtable, of which two may be alive: twice LevelDB's own, since larger sorted runs are merged less often. */
  storeWriteBufferBytes: 8_388_608,
  /** LevelDB's cache of blocks: parents and ids that a session asks for lie close together. */
  storeCacheBytes: 8_388_608,
  /**
   * Index records kept in memory after a write: parents are mostly among the latest entries. With more, each record would
   * outlive the young generation and become garbage that only a full collection finds.
   */
  storeRecentEntries: 2_048,
  /** Trees whose tips are kept in memory, latest used first; the tips of another are one short scan away. */
  storeTreesInMemory: 1_024,
  /** Problems that an audit tells: who has more than a screenful restores the store and needs no list. */
  auditProblems: 1_000,

  /** Bytes of entries that a node keeps if it is not told otherwise: what a small server's disk has to spare. */
  quotaNodeBytes: 68_719_476_736,
  /** … of one tree: some fifty times the history of Linux's commits. */
  quotaTreeBytes: 17_179_869_184,
  /** … of one author in a tree: a person does not write as much in a lifetime, a machine in a year. */
  quotaAuthorBytes: 4_294_967_296,
  /** Authors counted one by one over all trees, some 300 bytes each in memory; further ones share one account a tree. */
  quotaAuthors: 65_536,
  /** When a page past a quota is worth trying again: somebody has to make room first. */
  quotaRetryMs: 600_000,

  /** One RPC message: a page with its frame, or one entry of the largest size, doubled for base64 in JSON. */
  messageBytes: 4_194_304,
  /** An error's message, facts and each of them: in gRPC's trailers three times as much, and twice, below `headerBytes`. */
  errorTextBytes: 1_024,
  errorFacts: 16,
  errorFactBytes: 128,
  /** One answer: in JSON an entry appears signed and decoded, both in base64, with a name for every field. */
  answerBytes: 8_388_608,
  /** A caller that allows itself more than an hour has made a mistake. */
  callTimeoutMs: 3_600_000,
  /** An answer shorter than this is not worth compressing. */
  compressMinBytes: 4_096,
  /** A proof in our own calls: made just before its first use. */
  proofTtlMs: 60_000,
  /** The longest life of a proof: until then it has to be remembered. */
  proofTtlMaxMs: 300_000,
  /** Clocks of machines that nobody looks after differ by so much. */
  proofSkewMs: 60_000,
  /** Five claims, of which one may be long: some 400 characters. */
  proofBytes: 2_048,
  /** Proofs remembered as spent, some 200 bytes each: 150 connections a second. */
  proofsRemembered: 65_536,
  /** Proofs known on one connection: a proxy may carry many callers on one. */
  proofsPerConnection: 256,
  /** The longest time to come again that is believed: a remote that errs, or lies, is asked again within the hour. */
  retryAfterMaxMs: 3_600_000,
  /** How long a session waits in all for a remote that is busy, before it ends and leaves that to its caller … */
  patienceMs: 20_000,
  /** … and at least each time. */
  patienceLeastMs: 100,

  /** Connections at once from one origin: some hundred peers behind one router. */
  connectionsPerOrigin: 256,
  /** New connections from one origin: all of them at once after a restart of its router … */
  connectionBurst: 256,
  /** … and then as many as fail and come again. */
  connectionsPerSecond: 20,
  /**
   * Connections in all, some 50 KB each with their HTTP/2 session: below `tcpInboundConnections`, so that the oldest of a
   * stranger makes room for a new one, whoever's that is.
   */
  connections: 1_536,
  /** Callers remembered by what they use, some 150 bytes each in each of a few maps; who was seen longest ago goes first. */
  callersRemembered: 16_384,
  /** How long a call shows that a policy names its peer: it is asked again with each call. */
  vouchedMs: 600_000,
  /** Calls at once from one origin of strangers: some dozens of peers behind one router, with a watch each. */
  strangerRequestBurst: 1_000,
  /** … and for good: at some 0.2 ms each, a fiftieth of one processor. */
  strangerRequestsPerSecond: 100,
  /** Both ways, for one origin of strangers: a large public tree at full speed … */
  strangerBytesBurst: 268_435_456,
  /** … and then as a slow line. */
  strangerBytesPerSecond: 8_388_608,
  /** Time spent on answers and pages for one origin of strangers: several first syncs of a large tree … */
  strangerWorkBurstMs: 60_000,
  /** … and then a quarter of one processor. */
  strangerWorkMsPerSecond: 250,
  /** Calls under way for one origin of strangers. Each may hold a page, a snapshot of the store, and a stream. */
  strangerCalls: 64,
  /** … and for all of them: some 0.5 MB each. */
  strangerCallsInAll: 256,
  /** Requests of strangers that are in memory: a few of the largest for one origin, for the rest must wait. */
  strangerRequestBytes: 16_777_216,
  strangerRequestBytesInAll: 67_108_864,
  /** A handshake's request, with room for what a later version adds: nobody can keep others from shaking hands. */
  briefRequestBytes: 1_024,
  /** Pieces of strangers' work at once, by turns: one reads from the disk while one counts. */
  strangerWorkAtOnce: 2,
  /** After a stranger's piece of work its place rests so many times as long, while somebody else is being served. */
  strangerRestRatio: 4,
  /** How long after a call of theirs the others count as being served. */
  knownBusyMs: 1_000,
  /** Refused calls after which a stranger's connection is cut: one that obeys `retryAfterMs` sees a few. */
  refusalsPerConnection: 64,
  /** Bounds of a peer that somebody here has named: far past what sync with hundreds of trees needs. */
  knownRequestBurst: 20_000,
  knownRequestsPerSecond: 2_000,
  knownBytesBurst: 4_294_967_296,
  knownBytesPerSecond: 67_108_864,
  knownWorkBurstMs: 600_000,
  knownWorkMsPerSecond: 2_000,
  knownCalls: 512,
  knownRequestBytes: 134_217_728,
  /** First calls of somebody who says to be a known peer, from one origin: a lane's calls on a new connection, and some. */
  claimBurst: 64,
  claimsPerSecond: 2,
  /** What checking a proof costs, in calls: one verification, and a record on the disk where it holds. */
  proofCost: 4,
  /** Header lists carry a token and a few names. */
  headerBytes: 16_384,
  /** A connection that says nothing at first holds a socket for nothing. */
  firstBytesTimeoutMs: 10_000,
  /** HTTP/1.1 headers take one round trip; a byte now and then must not hold a socket. */
  headersTimeoutMs: 10_000,
  /** A message of the largest size in this time is 70 KB/s. */
  requestTimeoutMs: 60_000,
  /** Time for an early answer to arrive before the rest of its request is refused. */
  unreadTimeoutMs: 1_000,
  /** A stream without a byte in either direction is dead: live ones show a sign of life every 15 s. */
  idleTimeoutMs: 60_000,
  /** Calls at once on one connection. */
  streamsPerConnection: 128,
  /** What one HTTP/2 session may hold in memory. */
  sessionMemoryMegabytes: 16,
  /** Bytes of an answer under way on one stream: some pages, so that a round trip of 50 ms still gives 20 MB/s. */
  streamWindowBytes: 1_048_576,
  /** Bytes of a request under way: a page. Half of it read is told to the caller, a sign of life on a slow link. */
  requestWindowBytes: 262_144,
  /** Bytes under way on one connection. */
  connectionWindowBytes: 4_194_304,
  /** A connection in use that is silent for this long is asked for a sign of life … */
  pingIntervalMs: 10_000,
  /** … and cut when none comes within this. */
  pingTimeoutMs: 10_000,
  /** The first call on a connection. */
  handshakeTimeoutMs: 10_000,
  /** Items in one page of a list. */
  listedEntries: 1_000,
  listedByDefault: 100,
  /** Bytes of entries in one page of a list: with base64 and names still below a message's bound. */
  listedBytes: 1_048_576,
  /** Tips told at once: 128 KiB. */
  listedTips: 4_096,
  /** Arrivals looked up at once for a watcher. */
  watchEntries: 256,
  /** Half of what a proxy usually allows, and a quarter of our own idleTimeoutMs. */
  signOfLifeMs: 15_000,
  /** One unary call from a peer to a peer; a page may have to wait for the disk … */
  unaryTimeoutMs: 30_000,
  /** … and its bytes may take as long as at this speed: that of a bad mobile link. */
  slowestBytesPerSecond: 16_384,

  /** Trees that one call to Watch follows: the server looks at each when it changes. */
  watchTrees: 256,
  /** A watch that is silent for longer is dead; well below `idleTimeoutMs`. */
  watchHeartbeatMs: 15_000,
  /** Silence after which a watch is given up: two signs of life were lost. */
  watchSilenceMs: 40_000,
  /** Entries told inside a watch, or pushed without asking first: what is larger is worth a session's two round trips. */
  inlineBytes: 65_536,
  inlineEntries: 256,
  /** A watcher that lacks more is only told so: a session brings that faster than many small events. */
  watchBehindEntries: 4_096,
  /** Tips told in a watch. */
  watchTips: 32,

  /** Some 1 KB each in memory: who has more is a hub, and wants several nodes. */
  peers: 4_096,
  /** (tree, peer) pairs, some 2 KB each in memory while the node runs. As many that were ended are remembered, 200 bytes each. */
  links: 16_384,
  addressBytes: 1_024,
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
  /** How long after entries moved the peer is shown that both are equal, since it may have no way to ask. */
  confirmMs: 30_000,
  /** How often a peer is asked that cannot be watched. */
  pollIntervalMs: 30_000,
  /** How old the times of a link's and an address's last success or failure may be on disk: they are for people, and not worth a write each. */
  notedMs: 60_000,
  /** How long `flush` waits by default. */
  flushTimeoutMs: 30_000,

  /** A ticket travels through chats and QR codes. */
  ticketBytes: 8_192,
  ticketAddresses: 16,

  /** As long as a dial may take: a client that has connected and says nothing must not hold a socket. */
  tlsHandshakeTimeoutMs: 10_000,
  /** Some 20 KB of kernel and session memory each: 40 MB, and well under the usual limit on open files. */
  tcpInboundConnections: 2_048,
  /** Addresses of one peer that are tried: a ticket from a stranger must not aim us at the whole net. */
  dialAddresses: 16,
  /** RFC 8305, section 5: the recommended delay before the next address is tried beside the first. */
  dialStaggerMs: 250,
  /** What follows a connection is one call there and back; a remote that connects and is silent loses the race. */
  dialHandshakeTimeoutMs: 10_000,
  /** How long a graceful stop waits for calls under way. */
  drainTimeoutMs: 5_000,
  /** Peers that sync every few seconds keep their connection; keep-alives of the others wake phones and routers. */
  irohIdleTimeoutMs: 60_000,
  /** Three keep-alives of iroh (5 s each) and some: longer than a Wi-Fi handover, shorter than patience. */
  irohSilenceTimeoutMs: 20_000,
  /** Whoever was heard within this is taken to be there: a dial then costs no round trip. */
  irohFreshMs: 1_000,
  /** A round trip over a far relay is some 300 ms; a remote that needs more gets a new connection instead. */
  irohProbeTimeoutMs: 1_000,
  /** How often the answer is looked for: the binding counts, but does not call. */
  irohProbeStepMs: 20,
  /** Finding the nearest relay takes one to three seconds; without a net it never ends. */
  irohRelayTimeoutMs: 5_000,
  /** A connection takes some 85 KB in the binding (measured): 44 MB. */
  irohConnections: 512,
  /** Handshakes beside them: each lasts a round trip or two. */
  irohHandshakes: 64,
  /** One stream is one HTTP/2 session, which carries many calls: far more than a peer needs. Each may hold 1.25 MB unread. */
  irohStreamsPerConnection: 128,
  /** Connections that one tunnel carries at once: a local program's pool, and some. */
  tunnelConnections: 256,
  /** Connecting a stream to a reachable host takes one to three round trips; a relay may need discovery first. */
  dialTimeoutMs: 10_000,

  /** Cells of the sketch of a small tree: 6 KB in memory, and enough for a difference of 180. */
  sketchMinCells: 256,
  /** Cells of the sketch of a large tree: 1.5 MB in memory and in a snapshot; decodes a difference of 47,000. */
  sketchMaxCells: 65_536,
  /**
   * A tree this many times its cells grows its sketch: past a third of the tree, naming every id costs less than cells;
   * and one of 10,000 in a tree of 100,000 still decodes.
   */
  sketchEntriesPerCell: 2,
  /** Arrivals after which a snapshot is written, where the sketch has fewer cells: some 10 ms of replay. */
  sketchSnapshotArrivals: 4_096,
  /** Arrivals read at once while replaying: half a megabyte. */
  sketchReplayArrivals: 4_096,
  /** Cells of all sketches in memory, 24 bytes each: 24 MB, sixteen of the largest. */
  sketchCellsInMemory: 1_048_576,
  /** Id prefixes in one `want`, 8 or 16 bytes each: all that the largest sketch can decode, since only together they are closed. */
  wantIds: 65_536,
  /** Chunks of a range told at once: some 300 KiB, for four million entries. */
  rangeChunks: 4_096,
  /** Chunks of an outline told at once: some 260,000 entries, so that the first can be fetched soon. */
  outlineChunks: 256,
  /** Remotes that a first sync takes from at once: more would only wait for our own disk and processor. */
  gatherSources: 8,
  /** Chunks asked of one remote at once: the next is under way while one arrives. */
  gatherChunksAtOnce: 2,
  /** Chunks for each remote between the one that is stored next and the last that is fetched: how far a slow one may lag. */
  gatherChunksAhead: 6,
  /** Bytes of a chunk that wait for their turn before the remote is not read further; all remotes together: 48 MB. */
  gatherChunkBytes: 1_048_576,
  /** Silence after which a chunk is asked of another remote; a slow line brings a page of 256 KiB in this at 26 KB/s. */
  gatherSilenceMs: 10_000,
  /** Missing entries below which one remote is as fast as several. */
  gatherEntries: 8_192,
  /** Ids of differing chunks told at once: 256 KiB. */
  rangeIds: 16_384,
  /** Cells [0, 80) of a request: 1.7 KB, two packets, and they decode a difference of 30 at 199 of 200 tries. */
  sketchRequestCells: 80,
  /** Counts of a request's cells [80, 256), 1 or 2 bytes each: they halve the error of the estimate. */
  sketchRequestCounts: 176,
  /** Cells that a request may carry at most: peeling them, whatever they say, stays well under a millisecond. */
  sketchRequestMaxCells: 128,
  /** Ids that a sketch can count: a cell's count is a signed 32-bit number. */
  sketchMaxEntries: 2_147_483_647,
  /** An honest difference has fewer ids than cells; twice that is for a hostile one, and then peeling stops. */
  sketchPeelsPerCell: 2,

  /** Ids that a request names at one height: a second one, in case the first is the asker's alone. */
  havesPerHeightIds: 2,
  /** Ids that a request names: 768 bytes, and enough to reach back 10^9 heights in steps of a quarter. */
  havesPackedIds: 96,
  /** Ids that we look up for a request: what we send, with room for somebody who packs otherwise. */
  havesRequestIds: 128,

  /** Entries in one chunk of a range: 256 KB of ids to hash. Chance alone passes this once in 3,000 chunks. */
  rangeChunkMaxEntries: 8192,
} as const
