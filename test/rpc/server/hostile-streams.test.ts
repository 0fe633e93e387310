/**
 * Streams that never read, never end or are reset immediately, and thousands of connections: the node's memory stays
 * bounded, snapshots and iterators are released, and other callers are served.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { describe, it } from 'node:test'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { create, toBinary } from '@bufbuild/protobuf'
import { ListTreesRequestSchema } from '../../../gen/causeway/v1/tree_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { RpcServer } from '../../../src/rpc/server/server.ts'
import { createHttpTransport } from '../../../src/transport/http.ts'
import { TreeBuilder } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { rawSession, rawSocket, request } from '../../kit/raw-socket.ts'
import { ServingNode, testCertificate, transports } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const listTrees = '/causeway.v1.TreeService/ListTrees'
const syncTree = '/causeway.v1.SyncService/SyncTree'
const json = { 'content-type': 'application/json' }
const streamJson = { 'content-type': 'application/connect+json' }

/** One message of a Connect stream. */
function envelope(message: object): Buffer {
  const text = Buffer.from(JSON.stringify(message))
  const head = Buffer.alloc(5)
  head.writeUInt32BE(text.length, 1)
  return Buffer.concat([head, text])
}

/** A node with a tree of so many megabytes; counts the snapshots that are open. */
async function withLargeTree(megabytes: number, transport = transports[0]!) {
  const serving = await ServingNode.start(transport)
  const { trees } = await serving.dial()
  const builder = new TreeBuilder()
  const tree = idToBytes(builder.root.id)
  const payload = new Uint8Array(250_000)
  await trees.submitEntries({ tree, entries: [builder.root.signed] })
  for (let count = 0; count < megabytes * 4; count++)
    await trees.submitEntries({
      tree,
      entries: [builder.add([builder.root], { payload, createdAtMs: count }).signed],
    })
  const open = { snapshots: 0, iterators: 0 }
  const { db } = serving.node.store
  const [snapshot, iterator] = [db.snapshot.bind(db), db.iterator.bind(db)]
  const track = <Closable extends { close(): Promise<void> }>(kind: keyof typeof open, thing: Closable) => {
    open[kind]++
    const close = thing.close.bind(thing)
    let closed = false
    thing.close = () => {
      if (!closed) open[kind]--
      closed = true
      return close()
    }
    return thing
  }
  db.snapshot = ((...given: []) => track('snapshots', snapshot(...given))) as never
  db.iterator = ((...given: []) => track('iterators', iterator(...given))) as never
  const message = { tree: Buffer.from(tree).toString('base64') }
  return { serving, tree, message, open, [Symbol.asyncDispose]: () => serving[Symbol.asyncDispose]() }
}

/** A byte stream on a socket that can stop to read. */
class StoppableWay extends Duplex {
  private stopped = false
  private readonly socket: TLSSocket

  constructor(socket: TLSSocket) {
    super()
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      if (!this.stopped) this.push(chunk)
    })
  }

  stop(): void {
    this.stopped = true
    this.socket.pause()
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done)
  }
}

/** Waits until a number has been the same for many turns of the event loop. */
async function untilStill(read: () => number): Promise<void> {
  let [last, turns] = [read(), 0]
  // Ends once the way is full, which it is at a window's end.
  while (turns <= 1_000) {
    await new Promise(setImmediate)
    const now = read()
    turns = now === last && now > 0 ? turns + 1 : 0
    last = now
  }
}

const nothingOpen = (open: object) =>
  until(`nothing is open (${JSON.stringify(open)})`, () => Object.values(open).every((count) => count === 0))

describe('A caller that leaves in the middle of SyncTree', () => {
  for (const transport of transports)
    it(`leaves no snapshot or iterator behind, over ${transport.name}`, async () => {
      using _ = limited({ idleTimeoutMs: 2_000, pingTimeoutMs: 1_000 })
      await using lab = await withLargeTree(6, transport)
      const { serving, tree, open } = lab
      for (const leave of ['abort', 'return', 'close'] as const)
        for (const messages of [0, 1, 2, 3]) {
          const { sync, connection } = await serving.dial(messages % 2 ? 'grpc' : 'connect')
          const call = new AbortController()
          const answers = sync.syncTree({ tree }, { signal: call.signal })[Symbol.asyncIterator]()
          for (let count = 0; count < messages; count++) await answers.next()
          const next = answers.next().catch(() => {})
          if (leave === 'abort') call.abort()
          else if (leave === 'close') connection.close()
          await next
          connection.close()
          await nothingOpen(open)
        }
      await serving.assertServing()
      await serving.node.store.close()
    })

  it('leaves none behind over HTTP/1.1 either', async () => {
    await using lab = await withLargeTree(6)
    const { serving, message, open } = lab
    const body = envelope(message)
    const head = `POST ${syncTree} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/connect+json\r\nContent-Length: ${body.length}\r\n\r\n`
    for (let count = 0; count < 3; count++) {
      const socket = await rawSocket(serving)
      socket.write(Buffer.concat([Buffer.from(head), body]))
      await once(socket, 'readable')
      socket.destroy()
    }
    await nothingOpen(open)
    assert.deepEqual(serving.problems, [])
  })
})

describe('A caller that is gone when a write fails and more is to be written', () => {
  it('is noticed by its silence, over TLS', async () => {
    // node:http2 waits for ever there: it lost the failure, and a session that waits for a write does not end.
    using _ = limited({ idleTimeoutMs: 1_000, pingTimeoutMs: 300 })
    await using lab = await withLargeTree(12, transports[1])
    const { serving, message, open } = lab
    const socket = connectTls({ ...serving.hostPort, ca: testCertificate.cert, ALPNProtocols: ['h2'] })
    await once(socket, 'secureConnect')
    const way = new StoppableWay(socket)
    const session = http2.connect(serving.address, {
      createConnection: () => way,
      settings: { initialWindowSize: 4_000_000 },
    })
    session.on('error', () => {})
    await once(session, 'connect')
    session.setLocalWindowSize(16_000_000)
    const authorization = await serving.authorization()
    const stream = session.request({ ':method': 'POST', ':path': syncTree, ...streamJson, authorization })
    stream.on('error', () => {})
    await new Promise((resolve) => session.ping(resolve))
    way.stop()
    stream.end(envelope(message))
    // The server writes until nothing goes any more; then it is told to write more, and its caller is gone.
    await until('pages are read', () => open.iterators > 0)
    await untilStill(() =>
      serving.node.connections().reduce((sum, { path }) => sum + (path?.bytesSent ?? 0), 0),
    )
    session.settings({ initialWindowSize: 12_000_000 })
    await new Promise((resolve) => socket.write('', resolve))
    socket.destroy()
    await nothingOpen(open)
    await until('its connection is gone', () => serving.node.connections().length === 0)
    session.destroy()
  })
})

describe('Many streams', () => {
  it('that never read cost the node little', async () => {
    await using lab = await withLargeTree(12)
    const { serving, message, open } = lab
    const before = process.memoryUsage()
    const sessions = await Promise.all(Array.from({ length: 4 }, () => rawSession(serving)))
    const streams = sessions.flatMap((session) =>
      Array.from({ length: 25 }, () => {
        const stream = session.request({ ':method': 'POST', ':path': syncTree, ...streamJson })
        stream.on('error', () => {})
        stream.end(envelope(message))
        return stream
      }),
    )
    await Promise.all(streams.map((stream) => once(stream, 'response')))
    // Others get their answers, again and again, while the streams are stuck.
    for (let count = 0; count < 5; count++) await serving.assertServing()
    const grown = process.memoryUsage().arrayBuffers - before.arrayBuffers
    // Client and server are both in this process: a window of each stream, and some pages at the server.
    assert.ok(grown < 350_000_000, `${grown} bytes for ${streams.length} streams`)
    for (const session of sessions) session.destroy()
    await nothingOpen(open)
  })

  it('beyond the bound of one connection are refused, and the others go on', async () => {
    await using serving = await ServingNode.start()
    const session = await rawSession(serving)
    const answers = await Promise.all(
      Array.from({ length: 300 }, () => request(session, { ':path': listTrees, ...json }, '{}')),
    )
    assert.ok(answers.filter(({ status }) => status === 200).length >= 128)
    session.destroy()
    await serving.assertServing()
  })

  it('that are reset immediately only cost their own connection', async () => {
    await using serving = await ServingNode.start()
    const session = await rawSession(serving)
    for (let count = 0; count < 5000 && !session.destroyed && !session.closed; count++) {
      const stream = session.request({ ':method': 'POST', ':path': listTrees, ...json })
      stream.on('error', () => {})
      stream.close(http2.constants.NGHTTP2_CANCEL)
      if (count % 100 === 0) await new Promise(setImmediate)
    }
    await serving.assertServing()
    session.destroy()
    assert.deepEqual(serving.problems, [])
  })
})

describe('Idle connections', () => {
  it('are closed, even with a request that never ends', async () => {
    const transport = createHttpTransport({ listen: { host: '127.0.0.1', port: 0 } })
    const server = new RpcServer({ clock: systemClock, idleTimeoutMs: 60, routes: () => {} })
    await transport.listen((channel) => server.accept(channel, 'http'))
    const session = http2.connect(transport.addresses()[0]!)
    session.on('error', () => {})
    await once(session, 'connect')
    const unfinished = session.request({ ':method': 'POST', ':path': listTrees, ...json })
    unfinished.on('error', () => {})
    unfinished.write('{')
    await until('the server has closed it', () => server.connections().length === 0)
    session.destroy()
    await server.drain(0)
    await transport.close()
  })
})

describe('A request that stops in the middle', () => {
  const half = Buffer.concat([Buffer.from([0, 0, 0, 0, 100]), Buffer.alloc(50)])

  async function withStreams(settings: http2.Settings, use: (lab: StoppedLab) => Promise<void>) {
    const clock = new VirtualClock({ nowMs: Date.now() })
    await using serving = await ServingNode.start(undefined, { clock })
    const { trees } = await serving.dial()
    const tree = (await trees.createTree({ name: 'watched' })).tree!.id
    const session = await rawSession(serving, { settings })
    using _ = { [Symbol.dispose]: () => session.destroy() }
    const watch = trees.watchTree({ tree })[Symbol.asyncIterator]()
    await watch.next()
    const begin = async (path: string, headers: object, body: Buffer) => {
      const stream = session.request({ ':method': 'POST', ':path': path, ...headers })
      stream.on('error', () => {})
      stream.write(body)
      // Frames arrive in order, so the server has what was sent before this.
      await new Promise((resolve) => session.ping(resolve))
      return stream
    }
    await use({ clock, begin })
    // Who waits for an answer, or asks after it, is not disturbed.
    await trees.commit({ tree, changes: [{ store: 's', payload: new Uint8Array(1) }] })
    for (let entries = 0; entries === 0; ) entries = (await watch.next()).value.entries.length
    assert.deepEqual(serving.problems, [])
  }

  it('is answered with TIMEOUT at its deadline, and its stream ends', () =>
    withStreams({}, async ({ clock, begin }) => {
      const grpc = await begin(listTrees, { 'content-type': 'application/grpc', te: 'trailers' }, half)
      const unary = await begin(listTrees, json, Buffer.from('{"page'))
      const streaming = await begin(syncTree, streamJson, half)
      const text = (stream: http2.ClientHttp2Stream) => stream.toArray().then((all) => Buffer.concat(all))
      let answered = 0
      const answers = [unary, streaming].map((stream) => text(stream).finally(() => answered++))
      const trailers = once(grpc.resume(), 'trailers')
      const closed = [grpc, unary, streaming].map((stream) => once(stream, 'close'))
      await clock.advance(limits.requestTimeoutMs - 1)
      assert.equal(answered, 0)
      // And what the bytes that came would have needed on the slowest line.
      await clock.advance(10)
      assert.equal((await trailers)[0]['grpc-status'], '4')
      for (const answer of await Promise.all(answers)) {
        assert.match(String(answer), /"code":"deadline_exceeded"/)
        assert.match(String(answer), /"type":"causeway\.v1\.ErrorDetail"/)
      }
      await clock.advance(limits.unreadTimeoutMs)
      await Promise.all(closed)
    }))

  it('ends even if its caller does not read the answer', () =>
    withStreams({ initialWindowSize: 0 }, async ({ clock, begin }) => {
      const stream = await begin(listTrees, json, Buffer.from('{"page'))
      const closed = once(stream, 'close')
      await clock.advance(limits.requestTimeoutMs + limits.unreadTimeoutMs + 10)
      await closed
    }))

  /** Sends a request of so many bytes at this speed, and returns what it was answered and when. */
  async function sendSlowly({ clock, begin }: StoppedLab, bytes: number, bytesPerSecond: number) {
    // In Protobuf, since a stranger's JSON may not be as large as an entry.
    const request = create(ListTreesRequestSchema, { pageToken: 'x'.repeat(bytes - 16) })
    const body = Buffer.from(toBinary(ListTreesRequestSchema, request))
    const stream = await begin(listTrees, { 'content-type': 'application/proto' }, body.subarray(0, 1))
    let answer = ''
    stream.on('data', (chunk) => {
      answer += chunk
    })
    const ended = once(stream, 'close')
    for (let at = 1; at < body.length && answer === ''; at += bytesPerSecond) {
      await clock.advance(1_000)
      if (stream.writable) stream.write(body.subarray(at, at + bytesPerSecond))
      await new Promise((resolve) => stream.session?.ping(resolve))
      await clock.settle()
    }
    const atMs = clock.monotonic()
    stream.end()
    await clock.advance(limits.unreadTimeoutMs)
    await ended
    return { answer, atMs }
  }

  it('is served if its bytes keep coming as over the slowest line, however long that takes', () =>
    withStreams({}, async (lab) => {
      const { answer, atMs } = await sendSlowly(lab, limits.entryBodyBytes, limits.slowestBytesPerSecond)
      // The token is none, which shows only once all of it has arrived.
      assert.match(answer, /`page_token` must be a token/)
      assert.ok(atMs > limits.requestTimeoutMs)
    }))

  it('is answered with TIMEOUT if it drips', () =>
    withStreams({}, async (lab) => {
      const { answer, atMs } = await sendSlowly(lab, limits.entryBodyBytes, 1_000)
      assert.match(answer, /"code":"deadline_exceeded"/)
      assert.ok(atMs < 70_000, `${atMs} ms`)
    }))
})

interface StoppedLab {
  readonly clock: VirtualClock
  /** Begins a request, of which only so much comes. */
  begin(path: string, headers: object, body: Buffer): Promise<http2.ClientHttp2Stream>
}

describe('A thousand connections', () => {
  it('stay open, and another caller is served', async () => {
    await using serving = await ServingNode.start()
    const sockets: Socket[] = []
    for (let count = 0; count < 1000; count += 100)
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => rawSocket(serving)))))
    for (const [index, socket] of sockets.entries())
      socket.write(index % 2 ? 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' : 'POST /')
    await serving.assertServing()
    assert.ok(serving.node.connections().length >= 1000)
    for (const socket of sockets) socket.destroy()
    await until('they are forgotten', () => serving.node.connections().length < 10)
    await serving.assertServing()
  })
})
