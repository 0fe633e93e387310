/** An answer is read to its end, no matter how much of it has arrived before the first read. */
import { strict as assert } from 'node:assert'
import * as http2 from 'node:http2'
import { Duplex, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { create, toBinary } from '@bufbuild/protobuf'
import { GetNodeResponseSchema, NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { chunksOf } from '../../../src/rpc/client/chunks.ts'
import { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { fromConnectError } from '../../../src/rpc/errors.ts'

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM } = http2.constants
/** RST_STREAM for the first stream. A server of node:http2 would send a clean end before it. */
const resetOfFirst = (code: number) => Buffer.from([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, code])

/**
 * A connection whose server's bytes are held back until `deliver`, which hands over all of them at once. The server
 * passes the stream of each call to `answer`.
 */
function connected(answer: (stream: http2.ServerHttp2Stream) => void) {
  const held: Buffer[] = []
  const near: Duplex = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      far.push(chunk)
      done()
    },
    destroy(error, done) {
      far.destroy()
      done(error)
    },
  })
  const far = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      held.push(chunk)
      done()
    },
  })
  const server = http2.createServer()
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    answer(stream)
  })
  server.emit('connection', far)
  const connection = new RpcConnection({ stream: near, remoteAddress: 'test' }, { clock: systemClock })
  return {
    connection,
    client: connection.client(NodeService),
    deliver: (...more: Buffer[]) => near.push(Buffer.concat([...held.splice(0), ...more])),
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}

describe('an answer', () => {
  // The longer one is many frames.
  for (const length of [10, 60_000])
    it(`of ${length} bytes is read although all of it arrived at once`, async () => {
      const message = create(GetNodeResponseSchema, { version: 'v'.repeat(length) })
      let onClose = () => {}
      const answered = new Promise<void>((resolve) => {
        onClose = resolve
      })
      await using to = connected((stream) => {
        stream.once('close', onClose)
        stream.respond({ ':status': 200, 'content-type': 'application/proto' })
        stream.end(toBinary(GetNodeResponseSchema, message))
        stream.resume()
      })
      const call = to.client.getNode({})
      await answered
      to.deliver()
      assert.equal((await call).version, message.version)
    })

  for (const [why, code] of Object.entries({ NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM }))
    it(`that is reset in the middle with ${why} is DISCONNECTED`, async () => {
      let onWritten = () => {}
      const written = new Promise<void>((resolve) => {
        onWritten = resolve
      })
      await using to = connected((stream) => {
        stream.respond({ ':status': 200, 'content-type': 'application/proto' })
        stream.write('half', onWritten)
      })
      const call = to.client.getNode({})
      await written
      to.deliver(resetOfFirst(code))
      await assert.rejects(call, (error) => fromConnectError(error).code === 'DISCONNECTED')
    })
})

describe('the chunks of a stream', () => {
  /** A stream that does not read by itself: the test pushes what arrives. */
  const idle = () => new Readable({ read() {} })

  it('are read as they come, up to its end, and no listener stays', async () => {
    const stream = idle()
    const listeners = () => stream.eventNames().map((name) => [name, stream.listenerCount(name)])
    const before = listeners()
    const chunks = chunksOf(stream)
    stream.push('ab')
    assert.equal(String((await chunks.next()).value), 'ab')
    const next = chunks.next()
    await nextTurn()
    stream.push('cd')
    assert.equal(String((await next).value), 'cd')
    const end = chunks.next()
    await nextTurn()
    stream.push(null)
    assert.equal((await end).done, true)
    assert.deepEqual(listeners(), before)
  })

  it('end with its error', async () => {
    for (const when of ['before', 'during'] as const) {
      const stream = idle().on('error', () => {})
      const fail = () => stream.destroy(new Error('broken'))
      if (when === 'before') fail()
      const chunk = chunksOf(stream).next()
      if (when === 'during') fail()
      await assert.rejects(chunk, /broken/)
    }
  })

  it('end with ERR_STREAM_PREMATURE_CLOSE if it was destroyed before its end', async () => {
    const stream = idle()
    stream.push('lost')
    stream.destroy()
    await assert.rejects(chunksOf(stream).next(), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  })

  it('end with ERR_STREAM_PREMATURE_CLOSE if it was reset, although node:http2 then says that it ended', async () => {
    const stream = Object.assign(idle(), { rstCode: http2.constants.NGHTTP2_NO_ERROR })
    const chunks = chunksOf(stream)
    stream.push('a')
    await chunks.next()
    stream.rstCode = http2.constants.NGHTTP2_CANCEL
    stream.push(null)
    await assert.rejects(chunks.next(), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  })

  it('are not read on if their reader leaves', async () => {
    const stream = idle()
    stream.push('a')
    for await (const _ of chunksOf(stream)) break
    assert.equal(stream.destroyed, true)
  })
})
