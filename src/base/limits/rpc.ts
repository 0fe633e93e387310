/** Bounds on messages, calls and connections: their sizes, their times, and what HTTP/2 may buffer. */
export const rpcLimits = {
  /** One RPC message: a page with its frame, or one entry of the largest size, doubled for base64 in JSON. */
  messageBytes: 4_194_304,
  /** One message of a stream of requests, as server reflection has them: a question with a name or two. */
  streamedRequestBytes: 1_024,
  /** Questions in one stream of server reflection: a client asks for each service and each file once. */
  reflectionRequests: 1_024,
  /** Fields and list items of one message: a question about 4,096 ranges has 20,480. Each costs up to 4 µs to parse. */
  messageParts: 32_768,
  /** Levels of nested JSON: the deepest message of the contract has 5. */
  jsonDepth: 32,
  /**
   * An error's message. gRPC's trailers carry it twice, once percent-encoded in up to three times as many bytes; with the
   * facts that stays below `headerBytes`.
   */
  errorTextBytes: 1_024,
  errorFacts: 16,
  errorFactBytes: 128,
  /** One answer: in JSON an entry appears both signed and decoded, in base64, with a name for every field. */
  answerBytes: 8_388_608,
  /** The longest timeout that a caller may set: more than an hour is a mistake. */
  callTimeoutMs: 3_600_000,
  /** A shorter message is not worth compressing. */
  compressMinBytes: 4_096,

  /** The lifetime of proofs in our own calls, which are made just before their first use. */
  proofTtlMs: 60_000,
  /** The longest lifetime of a proof: it has to be remembered until it expires. */
  proofTtlMaxMs: 300_000,
  /** How far the clocks of unattended machines may differ. */
  proofSkewMs: 60_000,
  /** Seven claims, some of which may be long: some 500 characters. */
  proofBytes: 2_048,
  /** `tls:` and the longest hash take 132 characters, `host:` and the longest DNS name 258. */
  bindingCharacters: 300,
  /**
   * Spent proofs remembered for all operators, for all known peers and for all strangers, some 250 bytes each: 180
   * connections a second, if each proof lives as long as it may.
   */
  proofsRemembered: 65_536,
  /** Of these, for one known peer: 22 connections a second, or 68 with proofs like ours, which live for a minute. */
  proofsPerPeer: 8_192,
  /** Of these, for strangers of one origin: 17 a second with proofs like ours. 32 origins fill the strangers' share. */
  proofsPerOrigin: 2_048,
  /** How often the table of spent proofs is searched for expired ones while it is full: a search takes some 10 ms. */
  proofSweepMs: 1_000,
  /** Proofs remembered for one connection: a proxy may carry many callers on one. */
  proofsPerConnection: 256,

  /** The longest `retryAfterMs` that we believe: a remote that errs, or lies, is asked again within the hour. */
  retryAfterMaxMs: 3_600_000,
  /** How long a session waits in total for a busy remote before it ends and leaves the retry to its caller. */
  patienceMs: 20_000,
  /** The shortest of these waits, so that a remote that says "now" is not asked without end. */
  patienceLeastMs: 100,

  /** Header lists carry a token and a few names. */
  headerBytes: 16_384,
  /** A line of the PROXY protocol, as its specification bounds it. */
  proxyLineBytes: 107,
  /** Its binary header after the first 16 bytes: addresses, and what proxies add, such as names of TLS. */
  proxyHeaderBytes: 4_096,
  /** How many proxies, one behind the other, a header may name: no sound chain has as many, and each costs a look-up. */
  forwardedHops: 16,
  /** A connection that sends nothing at first wastes a socket. */
  firstBytesTimeoutMs: 10_000,
  /** HTTP/1.1 headers take one round trip; a byte now and then must not hold a socket. */
  headersTimeoutMs: 10_000,
  /** The whole of one request, besides what the bytes that have come need at `slowestBytesPerSecond`. */
  requestTimeoutMs: 60_000,
  /** Time for an early answer to reach the caller before the unread rest of its request is reset. */
  unreadTimeoutMs: 1_000,
  /** A stream without a byte in either direction is dead: a live one carries a sign of life every 15 s. */
  idleTimeoutMs: 60_000,
  /** Concurrent calls on one connection. */
  streamsPerConnection: 128,
  /** Requests on one HTTP/1.1 connection before the first is answered. Hardly a client sends more than one. */
  requestsPipelined: 16,
  /** What one HTTP/2 session may hold in memory. */
  sessionMemoryMegabytes: 16,
  /**
   * Bytes of an answer in flight on one stream over a short path. Together with the two pages that are being verified and
   * written (`answerPageBytes`), no more than `pageBytes` crosses again when a stream is cut.
   */
  streamWindowBytes: 65_536,
  /** Over a longer path the window grows to what this speed needs … */
  streamBytesPerSecond: 20_971_520,
  /** … and at most to what it needs at a round trip of 50 ms. */
  streamWindowMaxBytes: 1_048_576,
  /** Bytes of a request in flight: a page. Each half that the server reads is a sign of life on a slow link. */
  requestWindowBytes: 262_144,
  /**
   * Bytes that pay for a frame: a DATA frame with as many is free, and a caller that is sent so many may send a frame for
   * them, such as the WINDOW_UPDATE that asks for more. Clients ask for more after 4 KB at the least. Headers cost a frame
   * more for each so many: a usual call has some hundred bytes of them.
   */
  bytesOfFrame: 1_024,
  /**
   * Frames of a connection that are free: what a client sends until it has proven its key and begun its calls. So a flood
   * from the same origin does not cut a known peer before its proof.
   */
  frameCredit: 64,
  /** The most that bytes can pay in advance: a megabyte that the caller reads before it asks for more. */
  frameCreditMax: 1_024,
  /**
   * Calls that a caller may reset on one connection in a burst: several times `streamsPerConnection`, and fewer than
   * nghttp2 allows, which then stops reading, and leaves the connection open.
   */
  resetBurst: 512,
  /** Calls that it may reset a second after that. nghttp2 allows 33. */
  resetsPerSecond: 32,
  /** Frames that are read from one connection before others have their turn: each may be a call, up to 1 ms … */
  framesAtOnce: 16,
  /** … and from all connections of strangers, or of known peers, in one turn of the event loop: some 10 ms. */
  framesPerTurn: 32,
  /** Pings that measure the path before its window grows. */
  windowPings: 3,
  /** Bytes in flight on one connection. */
  connectionWindowBytes: 4_194_304,
  /** A connection in use that is silent for this long is pinged … */
  pingIntervalMs: 10_000,
  /** … and cut if no sign of life follows within this. */
  pingTimeoutMs: 10_000,
  /** The first call on a connection. */
  handshakeTimeoutMs: 10_000,

  /** Items in one page of a list. */
  listedEntries: 1_000,
  listedByDefault: 100,
  /**
   * Trees that one call loads to say what they hold, for a caller that is no operator: half a second of work if none of
   * them is in memory, 25 ms if all are.
   */
  listedTreesLoaded: 100,
  /** Bytes of entries in one page of a list: below `answerBytes` even with base64 and field names. */
  listedBytes: 1_048_576,
  /** Stores that a list or a watch is for: an application has a few. */
  filteredStores: 64,
  /** Entries that one page of a list reads in search of those that it is for: 50 to 150 ms of work … */
  searchedEntries: 8_192,
  /** … and their bytes, some 20 ms of work. */
  searchedBytes: 8_388_608,
  /** Tips returned at once: 128 KiB. */
  listedTips: 4_096,

  /**
   * When a prepared body should be prepared anew: a minute, in which a person confirms a signature. Nothing expires. An
   * entry that comes later is as valid, but it stands beside what was written meanwhile and not on top of it.
   */
  preparedMs: 60_000,
  /** Ids that the answer to a write names, for reads that must see it: as many as a read takes. */
  writtenIds: 32,

  /** How often a silent WatchTree sends a sign of life: half a proxy's usual limit, a quarter of `idleTimeoutMs`. */
  signOfLifeMs: 15_000,
  /** One unary call between peers: a page may have to wait for the disk … */
  unaryTimeoutMs: 30_000,
  /** … and its bytes may take as long as they need at this speed, that of a bad mobile link. */
  slowestBytesPerSecond: 16_384,
} as const
