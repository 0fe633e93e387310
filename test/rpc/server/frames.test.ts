/**
 * Frames of HTTP/2 are paid for: whoever sends them without bytes is cut, a connection cannot keep the others from
 * their turn, and nobody who uses HTTP/2 as it is meant notices.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex, PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { FrameCounter } from '../../../src/rpc/server/frames.ts'
import { MeteredStream, Turns } from '../../../src/rpc/server/metered.ts'
import { TreeBuilder } from '../../kit/entries.ts'
import {
  endHeaders,
  endStream,
  FrameFinder,
  frame,
  frameTypes,
  padded,
  preface,
  RequestBlocks,
  settings,
  uint32,
} from '../../kit/http2-frames.ts'
import { limited } from '../../kit/limited.ts'
import { rawSocket } from '../../kit/raw-socket.ts'
import { ServingNode, transports } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const { data, headers, priority, rstStream, ping, goaway, windowUpdate, unknown } = frameTypes
const blocks = new RequestBlocks('/causeway.v1.TreeService/ListTrees')
/** A request that goes on, on the first stream. */
const openStream = frame(headers, endHeaders, 1, blocks.first)
/** The payload of a PING whose answer shows that what came before it was read. */
const probe = Buffer.alloc(8, 1)
const repeat = (bytes: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => bytes))

/** A caller that writes frames itself. */
class RawCaller implements Disposable {
  readonly socket: Socket
  /** The codes of the GOAWAY frames that came. */
  readonly goaways: number[] = []
  private pongs = 0
  private pings = 0

  private constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay()
    const [goawayFinder, pingFinder] = [new FrameFinder(), new FrameFinder()]
    socket.on('data', (chunk) => {
      for (const payload of goawayFinder.find(chunk, goaway)) this.goaways.push(payload.readUInt32BE(4))
      this.pongs += pingFinder.find(chunk, ping).filter((payload) => payload.equals(probe)).length
    })
  }

  /** Sends the preface and its own SETTINGS and acknowledges the server's: two frames. */
  static async open(serving: ServingNode): Promise<RawCaller> {
    const caller = new RawCaller(await rawSocket(serving))
    caller.socket.write(Buffer.concat([preface, settings(), frame(frameTypes.settings, 1, 0)]))
    return caller
  }

  get ended(): boolean {
    return this.socket.readableEnded || this.socket.closed
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  /** Sends one PING. Returns whether it was answered. */
  async isServed(): Promise<boolean> {
    this.pings++
    this.socket.write(frame(ping, 0, 0, probe))
    await until('answered or ended', () => this.pongs >= this.pings || this.ended)
    return !this.ended
  }
}

describe('A frame counter', () => {
  const anyFrame = fc.record({
    type: fc.constantFrom(data, headers, priority, ping, unknown),
    length: fc.constantFrom(0, 1, 8, limits.bytesOfFrame - 1, limits.bytesOfFrame, 5_000),
  })

  it('counts the same however the bytes are cut, and not what is paid for by its bytes', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 700 })),
        (all, cuts) => {
          const bytes = Buffer.concat([
            preface,
            ...all.map(({ type, length }) => frame(type, 0, 1, Buffer.alloc(length))),
          ])
          const counter = new FrameCounter()
          let [at, count] = [0, 0]
          for (const cut of [...cuts, bytes.length]) {
            const chunk = bytes.subarray(at, at + cut)
            at += chunk.length
            for (let from = 0; from < chunk.length; ) {
              const { frames, end } = counter.read(chunk, from, 3)
              // The last of them may be a block of headers, which costs by its bytes.
              assert.ok(frames < 3 + 1 + 5_000 / limits.bytesOfFrame)
              count += frames
              from = end
            }
          }
          const costs = all.map(({ type, length }) => {
            const paid = Math.floor(length / limits.bytesOfFrame)
            return type === data ? (paid === 0 ? 1 : 0) : type === headers ? 1 + paid : 1
          })
          assert.equal(
            count,
            costs.reduce((sum, cost) => sum + cost, 0),
          )
        },
      ),
    )
  })
})

describe('A flood of frames', () => {
  const floods: Record<string, { begin?: Buffer; flood: Buffer }> = {
    PRIORITY: { flood: frame(priority, 0, 3, Buffer.from([0, 0, 0, 0, 16])) },
    SETTINGS: { flood: settings({ 4: 65_535 }) },
    PING: { flood: frame(ping, 0, 0, Buffer.alloc(8)) },
    WINDOW_UPDATE: { flood: frame(windowUpdate, 0, 0, uint32(1)) },
    'empty DATA': { begin: openStream, flood: frame(data, 0, 1) },
    'DATA that is only padding': {
      begin: openStream,
      flood: frame(data, padded, 1, Buffer.from([9, ...Buffer.alloc(9)])),
    },
    'frames of no known type': { flood: frame(unknown, 0, 0) },
  }
  for (const [name, { begin = Buffer.alloc(0), flood }] of Object.entries(floods))
    it(`ends its connection: ${name}`, async () => {
      using _ = limited({ strangerFrameBurst: 200 })
      await using serving = await ServingNode.start(undefined, {
        clock: new VirtualClock({ nowMs: Date.now() }),
      })
      using caller = await RawCaller.open(serving)
      caller.socket.write(begin)
      // Besides these there are SETTINGS twice, the first request, and PING twice.
      caller.socket.write(repeat(flood, limits.strangerFrameBurst + limits.frameCredit - 5))
      assert.equal(await caller.isServed(), true)
      caller.socket.write(repeat(flood, 30))
      assert.equal(await caller.isServed(), false)
      assert.equal(caller.goaways[0], http2.constants.NGHTTP2_ENHANCE_YOUR_CALM)
      // The origin has nothing left, but what a client needs to begin is free on each connection.
      using next = await RawCaller.open(serving)
      assert.equal(await next.isServed(), true)
      next.socket.write(repeat(flood, limits.frameCredit + 30))
      assert.equal(await next.isServed(), false)
      await serving.assertServing()
      assert.deepEqual(serving.problems, [])
    })

  it('of large blocks of headers ends its connection by their bytes', async () => {
    using _ = limited({ strangerFrameBurst: 200 })
    await using serving = await ServingNode.start(undefined, {
      clock: new VirtualClock({ nowMs: Date.now() }),
    })
    using caller = await RawCaller.open(serving)
    // Each byte names a header of the static table.
    const block = Buffer.alloc(16_000, 0x90)
    const cost = 1 + Math.floor(block.length / limits.bytesOfFrame)
    const most = Math.floor((limits.strangerFrameBurst + limits.frameCredit) / cost)
    const blocks = Array.from({ length: most + 1 }, (_, at) =>
      frame(headers, endHeaders | endStream, 1 + 2 * at, block),
    )
    caller.socket.write(Buffer.concat(blocks.slice(0, most - 1)))
    assert.equal(await caller.isServed(), true)
    caller.socket.write(Buffer.concat(blocks.slice(most - 1)))
    assert.equal(await caller.isServed(), false)
    assert.equal(caller.goaways[0], http2.constants.NGHTTP2_ENHANCE_YOUR_CALM)
    await serving.assertServing()
  })

  it('of resets ends its connection', async () => {
    using _ = limited({ resetBurst: 100 })
    await using serving = await ServingNode.start(undefined, {
      clock: new VirtualClock({ nowMs: Date.now() }),
    })
    using caller = await RawCaller.open(serving)
    for (let count = 0; count <= limits.resetBurst; count++) {
      if (count > 0) assert.equal(await caller.isServed(), true, `${count}`)
      const stream = 1 + 2 * count
      caller.socket.write(
        Buffer.concat([
          frame(headers, endHeaders | endStream, stream, count === 0 ? blocks.first : blocks.next),
          frame(rstStream, 0, stream, uint32(8)),
        ]),
      )
    }
    await until('the connection ends', () => caller.ended)
    assert.equal(caller.goaways[0], http2.constants.NGHTTP2_ENHANCE_YOUR_CALM)
    await serving.assertServing()
  })

  it('that goes past several bounds at once ends its connection, and nothing else', async () => {
    using _ = limited({ resetBurst: 10, strangerFrameBurst: 50 })
    await using serving = await ServingNode.start(undefined, {
      clock: new VirtualClock({ nowMs: Date.now() }),
    })
    for (let count = 0; count < 10; count++) {
      using caller = await RawCaller.open(serving)
      // An increment of zero is an error, so the server resets the stream.
      const resets = Array.from({ length: 10 + 10 * count }, (_, at) => [
        frame(headers, endHeaders, 1 + 2 * at, at === 0 ? blocks.first : blocks.next),
        frame(windowUpdate, 0, 1 + 2 * at, uint32(0)),
      ])
      caller.socket.write(Buffer.concat(resets.flat()))
      caller.socket.write(repeat(frame(unknown, 0, 0), 100))
      await until('the connection ends', () => caller.ended)
    }
    await serving.assertServing()
    assert.deepEqual(serving.problems, [])
  })
})

describe('Turns', () => {
  it('leave others room between the frames of one connection, and share a turn among connections', async () => {
    const turns = new Turns()
    const read: number[] = [0, 0]
    const inners = [new PassThrough(), new PassThrough()]
    const streams = inners.map((inner) => new MeteredStream(inner, { turns: () => turns, pay: () => true }))
    streams.forEach((stream, which) => {
      stream.on('data', (chunk) => {
        read[which]! += chunk.length
      })
    })
    const empty = frame(unknown, 0, 0)
    const count = 4 * limits.framesPerTurn
    for (const inner of inners) inner.write(Buffer.concat([preface, repeat(empty, count)]))
    const whole = preface.length + count * empty.length
    let turnsTaken = 0
    for (let before = 0; read.some((bytes) => bytes < whole); turnsTaken++) {
      await new Promise(setImmediate)
      const now = read[0]! + read[1]!
      // In one turn of ours there may be the end of one of theirs and the beginning of the next.
      assert.ok(now - before <= 2 * (limits.framesPerTurn * empty.length + preface.length), `${now - before}`)
      before = now
      const apart = Math.abs(read[0]! - read[1]!)
      assert.ok(apart <= limits.framesPerTurn * empty.length + preface.length, `${apart}`)
    }
    assert.ok(turnsTaken >= (2 * count) / (2 * limits.framesPerTurn), `${turnsTaken}`)
    for (const stream of streams) stream.destroy()
  })
})

describe('A metered stream', () => {
  it('passes on what comes in both directions, its ends, and that its reader is slow', async () => {
    const [turns, sent] = [new Turns(), [] as Buffer[]]
    const inner = new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        sent.push(chunk)
        done()
      },
    })
    const stream = new MeteredStream(inner, { turns: () => turns, pay: () => true })
    const bytes = Buffer.concat([preface, repeat(frame(data, 0, 1, Buffer.alloc(2_000, 7)), 100)])
    for (let at = 0; at < bytes.length; at += 5_000) inner.push(bytes.subarray(at, at + 5_000))
    inner.push(null)
    stream.cork()
    stream.write('one, ')
    stream.write('two')
    stream.uncork()
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate)
    assert.ok(inner.readableLength > bytes.length / 2, `only ${inner.readableLength} wait for the reader`)
    const parts: Buffer[] = []
    stream.on('data', (chunk) => parts.push(chunk))
    await once(stream, 'end')
    assert.deepEqual(Buffer.concat(parts), bytes)
    stream.end()
    await once(stream, 'close')
    assert.equal(Buffer.concat(sent).toString(), 'one, two')
    assert.equal(inner.destroyed, true)
  })
})

describe('An honest caller', () => {
  /** A node for which a caller without a proof has hardly a frame that bytes do not pay for. */
  async function frugal(transport = transports[0]!) {
    const limit = limited({ strangerFrameBurst: 10, strangerFramesPerSecond: 1 })
    const serving = await ServingNode.start(transport, { clock: new VirtualClock({ nowMs: Date.now() }) })
    return {
      serving,
      async [Symbol.asyncDispose]() {
        await serving[Symbol.asyncDispose]()
        limit[Symbol.dispose]()
      },
    }
  }

  for (const transport of transports)
    it(`fetches a large tree through a small window, over ${transport.name}`, async () => {
      await using lab = await frugal(transport)
      const { serving } = lab
      const builder = new TreeBuilder()
      const payload = new Uint8Array(250_000)
      for (let count = 0; count < 24; count++) builder.add([builder.root], { payload, createdAtMs: count })
      await serving.node.store.append(builder.root.id, builder.entries)
      const { connection, sync } = await serving.dialAs(undefined)
      let bytes = 0
      for await (const { part } of sync.syncTree({ tree: idToBytes(builder.root.id) }))
        if (part.case === 'page') for (const { body } of part.value.entries) bytes += body.length
      assert.ok(bytes > 24 * payload.length)
      assert.equal(connection.open, true)
    })

  it('asks for more after every few kilobytes', async () => {
    await using lab = await frugal()
    const { serving } = lab
    const builder = new TreeBuilder()
    const payload = new Uint8Array(250_000)
    for (let count = 0; count < 12; count++) builder.add([builder.root], { payload, createdAtMs: count })
    await serving.node.store.append(builder.root.id, builder.entries)
    const session = http2.connect(serving.address, { settings: { initialWindowSize: 4_096 } })
    await once(session, 'connect')
    const stream = session.request({
      ...{ ':method': 'POST', ':path': '/causeway.v1.SyncService/SyncTree' },
      'content-type': 'application/connect+json',
    })
    const message = Buffer.from(
      JSON.stringify({ tree: Buffer.from(idToBytes(builder.root.id)).toString('base64') }),
    )
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]))
    let bytes = 0
    for await (const chunk of stream) bytes += chunk.length
    assert.ok(bytes > 12 * payload.length)
    session.destroy()
  })

  it('makes 300 calls at once, a thousand in a burst, and pings for an hour', async () => {
    const clock = new VirtualClock({ nowMs: Date.now() })
    await using serving = await ServingNode.start(undefined, { clock })
    const connection = new RpcConnection(await serving.dialStream(), { clock })
    const sync = connection.client(SyncService)
    const calls = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () => sync.handshake({ version: 2, nonce: new Uint8Array(32) })),
      )
    await calls(300)
    // A handshake counts as two calls.
    await calls(limits.strangerRequestBurst / 2 - 300)
    assert.equal(connection.open, true)
    connection.close()
    using caller = await RawCaller.open(serving)
    for (let count = 0; count < 360; count++) {
      await clock.advance(10_000)
      assert.equal(await caller.isServed(), true)
    }
  })
})
