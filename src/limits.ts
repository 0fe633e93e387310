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

  /** One page: large enough that the cost per message vanishes, small enough that a few in flight are nothing. */
  pageBytes: 262_144,
  pageEntries: 1_024,

  /** Signatures in the thread pool's queue at once: some 4 ms of work for two cores, so that reads get their turn. */
  verifyConcurrency: 64,
  /** Index reads of one walk: some 0.4 s of work; past that a sequential sweep is faster. */
  walkReads: 20_000,
  /** Pages that a session verifies, writes or sends at once, each way. */
  sessionPagesInFlight: 4,
  /** Tips in a request: enough to hit a common one nearly always; a digest names them all. */
  requestTips: 32,
  /** Tips in an answer: 32 KiB. */
  answerTips: 1_024,
  /** Rounds of one session: each makes progress or ends it; concurrent writers at both sides may take a few. */
  sessionRounds: 16,

  /** Commits that wait for one tree: some seconds of work. */
  commitsWaiting: 16_384,

  /** LevelDB's memtable, of which two may be alive: fewer, larger sorted runs make writing some 20 % faster. */
  storeWriteBufferBytes: 16_777_216,
  /** LevelDB's cache of blocks. */
  storeCacheBytes: 16_777_216,
  /** Index records kept in memory after a write, some 300 bytes each: parents are mostly among the latest entries. */
  storeRecentEntries: 32_768,
  /** Trees whose tips are kept in memory, latest used first; the tips of another are one short scan away. */
  storeTreesInMemory: 1_024,
  /** Problems that an audit tells: who has more than a screenful restores the store and needs no list. */
  auditProblems: 1_000,

  /** One RPC message: a page with its frame, or one entry of the largest size, doubled for base64 in JSON. */
  messageBytes: 4_194_304,
  /** One answer: in JSON an entry appears signed and decoded, both in base64, with a name for every field. */
  answerBytes: 8_388_608,
  /** A caller that allows itself more than an hour has made a mistake. */
  callTimeoutMs: 3_600_000,
  /** An answer shorter than this is not worth compressing. */
  compressMinBytes: 4_096,
  /** Header lists carry a token and a few names. */
  headerBytes: 16_384,
  /** A connection that says nothing at first holds a socket for nothing. */
  firstBytesTimeoutMs: 10_000,
  /** HTTP/1.1 headers take one round trip; a byte now and then must not hold a socket. */
  headersTimeoutMs: 10_000,
  /** A message of the largest size in this time is 70 KB/s. */
  requestTimeoutMs: 60_000,
  /** A stream without a byte in either direction is dead: live ones show a sign of life every 15 s. */
  idleTimeoutMs: 60_000,
  /** Calls at once on one connection. */
  streamsPerConnection: 128,
  /** What one HTTP/2 session may hold in memory. */
  sessionMemoryMegabytes: 16,
  /** Bytes under way on one stream: some pages, so that a round trip of 50 ms still gives 20 MB/s. */
  streamWindowBytes: 1_048_576,
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
  /** One unary call from a peer to a peer; a page may have to wait for the disk. */
  unaryTimeoutMs: 30_000,

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
  /** Connecting a stream to a reachable host takes one to three round trips; a relay may need discovery first. */
  dialTimeoutMs: 10_000,
} as const
