/**
 * How the bounds depend on each other: each relation by name, with the reason as its message. Somebody who changes one
 * bound learns here which others it was chosen with.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sentGarbage, takenGarbage } from '../../src/base/garbage.ts'
import { limits } from '../../src/base/limits.ts'
import { wordsPerCell } from '../../src/dag/difference/sketch.ts'
import { requestTimeMs } from '../../src/rpc/server/in-time.ts'

/** As numbers, since TypeScript would compare the literals. */
const bound: Readonly<Record<keyof typeof limits, number>> = limits

const signatureBytes = 64
const idBytes = 32
const prefixBytes = 16
const entryMaxBytes = bound.entryBodyBytes + signatureBytes
const base64 = 4 / 3
/** Of one cell on the wire: the xor and the check, and the longest count (sketch-codec.ts). */
const cellMaxBytes = 20 + 5

type Relation = readonly [name: string, holds: boolean, reason: string]

function relations(title: string, all: readonly Relation[]): void {
  describe(title, () => {
    for (const [name, holds, reason] of all) test(name, () => assert.ok(holds, reason))
  })
}

relations('entries', [
  [
    'three entries of entryBodyBytes fit into messageBytes',
    3 * entryMaxBytes <= bound.messageBytes,
    'A message holds an entry of the largest size a few times over.',
  ],
  [
    'entryNonceBytes is twice rootNonceMinBytes',
    bound.entryNonceBytes === 2 * bound.rootNonceMinBytes,
    'A nonce has room for a second random 128-bit value.',
  ],
  [
    'policyLastAccepted ≤ entryParents',
    bound.policyLastAccepted <= bound.entryParents,
    'The last accepted entries of a revocation are parents of the entry that revokes.',
  ],
  [
    'policyRevocations ≤ policyEntries',
    bound.policyRevocations <= bound.policyEntries,
    'The revocations below an entry are in some of the policy entries below bound.',
  ],
  [
    'policyEntries ≤ policyLinks',
    bound.policyEntries <= bound.policyLinks,
    'Policy entries in a line have one link each.',
  ],
  [
    'policyEntries ≤ policyNames',
    bound.policyEntries <= bound.policyNames,
    'Policy entries that admit one member each fit.',
  ],
  [
    'a line of policyEntries fits into policyAncestryBytes',
    bound.policyEntries ** 2 / 16 < bound.policyAncestryBytes,
    'At the bounds, no set of what is below an entry is found twice.',
  ],
  [
    'policyEntries × policyRevocations fits into policyHitBytes',
    (2 * bound.policyEntries * bound.policyRevocations) / 8 < bound.policyHitBytes,
    'At the bounds, what revocations hit is not found twice.',
  ],
])

relations('pages and messages', [
  [
    'a page in base64 fits into messageBytes',
    2 * bound.pageBytes <= bound.messageBytes,
    'A message holds a page with its frame, doubled for base64 in JSON.',
  ],
  [
    'the largest entry in base64 fits into messageBytes',
    2 * entryMaxBytes <= bound.messageBytes,
    'A page may be one entry of the largest size.',
  ],
  [
    'the largest entry, signed and decoded, fits into answerBytes',
    2 * base64 * entryMaxBytes < bound.answerBytes,
    'In JSON an answer has an entry twice, both times in base64.',
  ],
  [
    'listedBytes, signed and decoded, fit into answerBytes',
    2 * base64 * bound.listedBytes < bound.answerBytes / 2,
    'A page of a list stays below an answer even with base64 and a name for every field.',
  ],
  [
    'listedByDefault ≤ listedEntries',
    bound.listedByDefault <= bound.listedEntries,
    'The default is a valid page.',
  ],
  [
    'a question about rangeChunks, and a page, have at most messageParts',
    5 * bound.rangeChunks < bound.messageParts && 4 * bound.pageEntries < bound.messageParts,
    'Each chunk has four fields and is one itself; each entry has two.',
  ],
  [
    'a large sketch request in JSON fits into strangerJsonBytes',
    base64 * cellMaxBytes * bound.sketchRequestMaxCells < bound.strangerJsonBytes &&
      bound.strangerJsonBytes < bound.messageBytes,
    'A stranger that speaks JSON can sync, though not send the largest entries.',
  ],
  [
    'all cells of the largest sketch in base64 fit into messageBytes',
    base64 * cellMaxBytes * bound.sketchMaxCells < bound.messageBytes,
    'An answer may send every cell that it has.',
  ],
  [
    'wantIds in base64 fit into messageBytes',
    base64 * prefixBytes * bound.wantIds < bound.messageBytes,
    'One want goes in one message.',
  ],
  [
    'rangeIds in base64 fit into messageBytes',
    base64 * prefixBytes * bound.rangeIds < bound.messageBytes,
    'The ids of differing chunks go in one message.',
  ],
  [
    'listedTips in base64 fit into answerBytes',
    base64 * idBytes * bound.listedTips < bound.answerBytes,
    'The tips go in one message.',
  ],
  [
    'an error fits into headerBytes',
    3 * bound.errorTextBytes + base64 * (bound.errorTextBytes + 2 * bound.errorFacts * bound.errorFactBytes) <
      bound.headerBytes,
    'gRPC carries an error in trailers: its message percent-encoded, and again in base64 with its facts and their names.',
  ],
  [
    'proofBytes < headerBytes',
    2 * bound.proofBytes < bound.headerBytes,
    'A proof travels in a header, beside others.',
  ],
  [
    'briefRequestBytes < strangerRequestBytes',
    bound.briefRequestBytes < bound.strangerRequestBytes,
    'A handshake is so small that it needs no part of what strangers may send.',
  ],
])

relations('what is in flight', [
  [
    'answerPageBytes ≤ pageBytes',
    bound.answerPageBytes <= bound.pageBytes,
    'The asker refuses a page of several entries with more than pageBytes.',
  ],
  [
    'a stream window and the pages taken in are at most a page',
    bound.streamWindowBytes + bound.sessionPagesTakenIn * bound.answerPageBytes <= bound.pageBytes,
    'When a stream is cut, no more than pageBytes crosses again.',
  ],
  [
    'streamWindowMaxBytes carries streamBytesPerSecond at a round trip of 50 ms',
    bound.streamWindowMaxBytes === (bound.streamBytesPerSecond * 50) / 1_000,
    'The window grows to what that speed needs over the longest path that it is meant for.',
  ],
  [
    'streamWindowBytes < streamWindowMaxBytes ≤ connectionWindowBytes',
    bound.streamWindowBytes < bound.streamWindowMaxBytes &&
      bound.streamWindowMaxBytes <= bound.connectionWindowBytes,
    'A window grows, and that of its connection does not hold it back.',
  ],
  [
    'connectionWindowBytes < sessionMemoryMegabytes',
    bound.connectionWindowBytes < bound.sessionMemoryMegabytes * 1_048_576,
    'What is in flight on a connection fits into what its session may hold.',
  ],
  [
    'requestWindowBytes is pageBytes',
    bound.requestWindowBytes === bound.pageBytes,
    'A request in flight is a page.',
  ],
  [
    'pushFirstBytes is what slowestBytesPerSecond carries in pushAheadMs',
    bound.pushFirstBytes === (bound.slowestBytesPerSecond * bound.pushAheadMs) / 1_000,
    'Before a session knows its link, it takes it for the slowest.',
  ],
  [
    'pushLeastBytes ≤ pushFirstBytes ≤ pageBytes',
    bound.pushLeastBytes <= bound.pushFirstBytes && bound.pushFirstBytes <= bound.pageBytes,
    'The first page is neither below the least nor above a page.',
  ],
  [
    'inlineEntries and inlineBytes fit into a page',
    bound.inlineEntries <= bound.pageEntries && bound.inlineBytes <= bound.pageBytes,
    'The entries of a watch or a push are stored as one page, which is refused if it is larger.',
  ],
  [
    'inlineEntries ≤ watchBehindEntries',
    bound.inlineEntries <= bound.watchBehindEntries,
    'A watcher that lacks as much as one message holds gets it in a message.',
  ],
  [
    'sketchPartBytes < 128 KiB, in whole 32-bit words',
    bound.sketchPartBytes < 131_072 && bound.sketchPartBytes % 4 === 0,
    'The allocator treats a larger buffer separately, and a snapshot is read word by word.',
  ],
])

relations('what is waited for', [
  [
    'headersTimeoutMs ≤ requestTimeoutMs',
    bound.headersTimeoutMs <= bound.requestTimeoutMs,
    'Node refuses an HTTP/1.1 server with longer time for headers than for the request.',
  ],
  [
    'a server waits longer for a request than its caller, whatever its size',
    [0, bound.entryBodyBytes, bound.messageBytes].every(
      (bytes) => bound.unaryTimeoutMs + (1_000 * bytes) / bound.slowestBytesPerSecond < requestTimeMs(bytes),
    ),
    'An entry of the largest size takes 64 s over the slowest line, and its caller allows for that.',
  ],
  [
    'half a window of a request at slowestBytesPerSecond takes less than idleTimeoutMs',
    (500 * bound.requestWindowBytes) / bound.slowestBytesPerSecond < bound.idleTimeoutMs,
    'A request over the slowest line is not silent while its bytes come.',
  ],
  [
    '3 × watchHeartbeatMs < idleTimeoutMs',
    3 * bound.watchHeartbeatMs < bound.idleTimeoutMs,
    'A silent watch sends several signs of life before its stream counts as dead.',
  ],
  [
    '2 × watchHeartbeatMs < watchSilenceMs < 3 × watchHeartbeatMs',
    2 * bound.watchHeartbeatMs < bound.watchSilenceMs && bound.watchSilenceMs < 3 * bound.watchHeartbeatMs,
    'A watch is given up when two signs of life were lost, not one, and before a third is.',
  ],
  [
    'watchSilenceMs < idleTimeoutMs',
    bound.watchSilenceMs < bound.idleTimeoutMs,
    'The watcher gives a silent watch up before its stream is reset.',
  ],
  [
    '4 × signOfLifeMs ≤ idleTimeoutMs',
    4 * bound.signOfLifeMs <= bound.idleTimeoutMs,
    'A silent WatchTree sends several signs of life before its stream counts as dead.',
  ],
  [
    'pushAheadMs < pingTimeoutMs',
    bound.pushAheadMs < bound.pingTimeoutMs,
    'A ping waits behind what is in flight, and a slow link must not look dead for bound.',
  ],
  [
    'pingIntervalMs + pingTimeoutMs < sessionSilenceMs',
    bound.pingIntervalMs + bound.pingTimeoutMs < bound.sessionSilenceMs,
    'Pings find a dead connection before a session on it is given up.',
  ],
  [
    'patienceLeastMs < patienceMs < sessionSilenceMs',
    bound.patienceLeastMs < bound.patienceMs && bound.patienceMs < bound.sessionSilenceMs,
    'A session that waits for a busy remote makes no progress, and must not be given up for bound.',
  ],
  [
    'a page of an answer at slowestBytesPerSecond takes less than gatherSilenceMs',
    (1_000 * bound.answerPageBytes) / bound.slowestBytesPerSecond < bound.gatherSilenceMs,
    'A remote on a slow line is not left out for silence while it sends.',
  ],
  [
    'gatherLeastBytesPerSecond is what each fetch has of the slowest line',
    bound.gatherLeastBytesPerSecond * bound.gatherSources * bound.gatherChunksAtOnce ===
      bound.slowestBytesPerSecond,
    'No remote is left out since our own line is slow.',
  ],
  [
    'gatherHoldMs < gatherSilenceMs',
    bound.gatherHoldMs < bound.gatherSilenceMs,
    'A second remote is asked before the first is left out for silence.',
  ],
  [
    'tlsHandshakeTimeoutMs is dialTimeoutMs',
    bound.tlsHandshakeTimeoutMs === bound.dialTimeoutMs,
    'A client that connects and sends nothing holds a socket no longer than a dial may take.',
  ],
  [
    'irohSilenceTimeoutMs > three keep-alives of iroh',
    bound.irohSilenceTimeoutMs > 3 * 5_000,
    'iroh sends one every 5 s; a connection outlives the loss of some.',
  ],
  [
    'irohProbeStepMs < irohProbeTimeoutMs < irohSilenceTimeoutMs',
    bound.irohProbeStepMs < bound.irohProbeTimeoutMs && bound.irohProbeTimeoutMs < bound.irohSilenceTimeoutMs,
    'A probe looks several times, and finds a dead connection sooner than its silence does.',
  ],
  [
    'backoffBaseMs < retryBeatMs, and ten beats ≤ backoffCapMs',
    bound.backoffBaseMs < bound.retryBeatMs && 10 * bound.retryBeatMs <= bound.backoffCapMs,
    'Early retries are not held to a beat, and a beat is short beside the longest waits.',
  ],
  [
    'recentDialMs + recentBackoffCapMs ≤ 8 s, and the wait < retryBeatMs',
    bound.recentDialMs + bound.recentBackoffCapMs <= 8_000 && bound.recentBackoffCapMs < bound.retryBeatMs,
    'A peer that was live a short while ago is dialled every 8 s, and held to no beat.',
  ],
  [
    'joinBackoffBaseMs < joinBackoffCapMs < accessRequestIdleMs',
    bound.joinBackoffBaseMs < bound.joinBackoffCapMs && bound.joinBackoffCapMs < bound.accessRequestIdleMs,
    'A node that still wants access asks again long before its request is dropped.',
  ],
  ['proofTtlMs ≤ proofTtlMaxMs', bound.proofTtlMs <= bound.proofTtlMaxMs, 'Our own proofs are accepted.'],
  [
    'quotaRetryMs ≤ retryAfterMaxMs',
    bound.quotaRetryMs <= bound.retryAfterMaxMs,
    'A peer believes what we say of when to come again.',
  ],
  [
    'flushTimeoutMs ≤ callTimeoutMs',
    bound.flushTimeoutMs <= bound.callTimeoutMs,
    'The default of a flush is a timeout that a caller may set.',
  ],
])

relations('what members tell each other', [
  [
    'recordMarginMs < half of recordOwnTtlSeconds',
    bound.recordMarginMs < bound.recordOwnTtlSeconds * 500,
    'A record is issued again before others cease to pass it on.',
  ],
  [
    'newsRecords ≤ answerRecords < knownRecords',
    bound.newsRecords <= bound.answerRecords && bound.answerRecords < bound.knownRecords,
    'What one answer brings, the next question names.',
  ],
  [
    'answerRecords of recordBytes fit into messageBytes',
    (bound.answerRecords + 1) * (bound.recordBytes + 128) < bound.messageBytes,
    'An answer is one message.',
  ],
  [
    'recordNewsMs < healAfterMs',
    bound.recordNewsMs < bound.healAfterMs,
    'What a watch tells comes before anybody has to ask.',
  ],
  [
    'neighboursMax + passiveNeighbours ≤ automaticLinks',
    bound.neighboursMax + bound.passiveNeighbours <= bound.automaticLinks,
    'A member of a large tree finds its neighbours among its links.',
  ],
])

relations('sketches, ranges and tips', [
  [
    'sketchRequestCells + sketchRequestCounts is sketchMinCells',
    bound.sketchRequestCells + bound.sketchRequestCounts === bound.sketchMinCells,
    'A request has cells, then bare counts, to the end of the smallest sketch.',
  ],
  [
    'sketchRequestCells ≤ sketchRequestMaxCells',
    bound.sketchRequestCells <= bound.sketchRequestMaxCells,
    'We accept what we send.',
  ],
  [
    'sketchRequestDecodes < sketchRequestCells',
    bound.sketchRequestDecodes < bound.sketchRequestCells,
    'Cells decode fewer ids than they are.',
  ],
  [
    'sketchMinCells < sketchMaxCells, both powers of two',
    bound.sketchMinCells < bound.sketchMaxCells &&
      isPowerOfTwo(bound.sketchMinCells) &&
      isPowerOfTwo(bound.sketchMaxCells),
    'A sketch grows by doubling, and must meet its bound exactly.',
  ],
  [
    'sketchMaxCells ≤ wantIds',
    bound.sketchMaxCells <= bound.wantIds,
    'One want names all that the largest sketch can decode.',
  ],
  [
    'sixteen sketches of sketchMaxCells are sketchCellsInMemory, 24 MB',
    bound.sketchCellsInMemory === 16 * bound.sketchMaxCells &&
      4 * wordsPerCell * bound.sketchCellsInMemory < 26e6,
    'Several large trees stay in memory at once.',
  ],
  [
    'sketchMaxEntries is the greatest signed 32-bit number',
    bound.sketchMaxEntries === 2 ** 31 - 1,
    "A cell's count is one.",
  ],
  [
    'rangeChunkMaxEntries is eight times the average',
    bound.rangeChunkMaxEntries === 8 * 1_024,
    'A chunk ends at an id whose last 10 bits are 0, so chance exceeds this once in e^8 ≈ 3,000 chunks.',
  ],
  [
    'outlineChunks ≤ rangeChunks',
    bound.outlineChunks <= bound.rangeChunks,
    'An outline is shorter than a question, so that its first chunks can be fetched soon.',
  ],
  [
    'havesPackedIds ≤ havesRequestIds',
    bound.havesPackedIds <= bound.havesRequestIds,
    'We accept what we send, with room for a peer that packs differently.',
  ],
  [
    'sampledTips ≤ requestTips ≤ answerTips',
    bound.sampledTips <= bound.requestTips && bound.requestTips <= bound.answerTips,
    'A sample is smaller than what it stands for, and an answer may have more tips than a question.',
  ],
  [
    'walkReadsBase < walkReads',
    bound.walkReadsBase < bound.walkReads,
    'The allowance of a walk starts below its bound.',
  ],
  [
    'gatherChunksAtOnce ≤ gatherChunksAhead',
    bound.gatherChunksAtOnce <= bound.gatherChunksAhead,
    'A remote can be asked for as many chunks as it may have under way.',
  ],
  [
    'the chunks that wait in a first sync take 48 MB',
    bound.gatherSources * bound.gatherChunksAhead * bound.gatherChunkBytes === 48 * 1_048_576,
    'That is what the memory of a first sync was measured with.',
  ],
])

relations('memory and threads', [
  [
    'garbageBytes is a dozen pages of answers at a receiver, some thirty at a sender',
    Math.floor(bound.garbageBytes / (takenGarbage * bound.answerPageBytes)) === 12 &&
      Math.round(bound.garbageBytes / (sentGarbage * bound.answerPageBytes)) === 32,
    'Both sides collect as often as their garbage asks for.',
  ],
  [
    'verifyAlone < verifyPart ≤ pageEntries',
    bound.verifyAlone < bound.verifyPart && bound.verifyPart <= bound.pageEntries,
    'What is too little for a thread is less than a part, and a page has several parts.',
  ],
  [
    'verifyPart entries of 1.9 KB fit into verifyPartBytes',
    1_900 * bound.verifyPart <= bound.verifyPartBytes,
    'Usual entries go through buffers that are used again.',
  ],
  [
    'storeRecentEntries ≤ auditRecentEntries',
    bound.storeRecentEntries <= bound.auditRecentEntries,
    'An audit keeps little else, so it may keep more.',
  ],
  [
    'latestTrees × inlineBytes is 4 MB',
    bound.latestTrees * bound.inlineBytes === 4 * 1_048_576,
    'That is what the latest arrivals of all trees take.',
  ],
  [
    'quotaAuthorBytes < quotaTreeBytes < quotaNodeBytes',
    bound.quotaAuthorBytes < bound.quotaTreeBytes && bound.quotaTreeBytes < bound.quotaNodeBytes,
    'One author cannot fill a tree, nor one tree the node.',
  ],
  [
    'sessionsPerPeer < sessionsAtOnce',
    bound.sessionsPerPeer < bound.sessionsAtOnce,
    'One peer does not hold up the others.',
  ],
])

relations('who is served', [
  [
    'connections < tcpInboundConnections',
    bound.connections < bound.tcpInboundConnections,
    'At the bound a new connection still reaches us and replaces the oldest one of a stranger.',
  ],
  [
    'connectionsPerOrigin ≤ connectionBurst',
    bound.connectionsPerOrigin <= bound.connectionBurst,
    'After its router restarts, all of an origin may come back together.',
  ],
  [
    'connectionsPerOrigin < connections',
    bound.connectionsPerOrigin < bound.connections,
    'One origin does not hold up the others.',
  ],
  [
    'connectionsPerPeer and strangerConnectionsKept are a fraction of connections',
    4 * (bound.connectionsPerPeer + bound.strangerConnectionsKept) <= bound.connections,
    'Neither one known peer nor the room that is kept for strangers takes much of all connections.',
  ],
  [
    'peerConnectionsKept < connectionsPerPeer',
    bound.peerConnectionsKept < bound.connectionsPerPeer,
    'A peer that holds as many as it may has some that can go.',
  ],
  [
    'irohConnectionsPerPeer is a fraction of irohConnections',
    16 * bound.irohConnectionsPerPeer <= bound.irohConnections,
    'One peer does not hold up the others.',
  ],
  [
    'strangerCalls < strangerCallsInAll and strangerRequestBytes < strangerRequestBytesInAll',
    bound.strangerCalls < bound.strangerCallsInAll &&
      bound.strangerRequestBytes < bound.strangerRequestBytesInAll,
    'One origin does not hold up the other strangers.',
  ],
  [
    'three messages of messageBytes fit into strangerRequestBytes',
    3 * bound.messageBytes <= bound.strangerRequestBytes,
    'A stranger can send a few of the largest messages at once.',
  ],
  [
    'every bound of known peers is above that of strangers',
    bound.knownRequestBurst > bound.strangerRequestBurst &&
      bound.knownRequestsPerSecond > bound.strangerRequestsPerSecond &&
      bound.knownBytesBurst > bound.strangerBytesBurst &&
      bound.knownBytesPerSecond > bound.strangerBytesPerSecond &&
      bound.knownWorkBurstMs > bound.strangerWorkBurstMs &&
      bound.knownWorkMsPerSecond > bound.strangerWorkMsPerSecond &&
      bound.knownCalls > bound.strangerCalls &&
      bound.knownRequestBytes > bound.strangerRequestBytes,
    'To be known never costs a peer anything.',
  ],
  [
    'namedPeersOfTree < namedPeers',
    bound.namedPeersOfTree < bound.namedPeers,
    'One tree does not fill the list of named peers.',
  ],
  [
    'accessRequestsPerPeer < accessRequestsPerTree < accessRequests',
    bound.accessRequestsPerPeer < bound.accessRequestsPerTree &&
      bound.accessRequestsPerTree < bound.accessRequests,
    'One peer does not fill a tree with requests, nor one tree the list.',
  ],
  [
    'ticketAddresses × addressBytes ≤ ticketBytes / 2',
    2 * bound.ticketAddresses * bound.addressBytes <= bound.ticketBytes,
    'A ticket can name all the addresses of its issuer, however long they are, and still has room.',
  ],
  [
    'ticketAddresses ≤ dialAddresses',
    bound.ticketAddresses <= bound.dialAddresses,
    'The peer book takes every address of a ticket.',
  ],
])

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(Math.log2(value))
}
