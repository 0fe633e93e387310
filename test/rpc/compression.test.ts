/**
 * Compression of messages: pages are compressed only where bytes are expensive, and a message that inflates beyond the
 * bound is abandoned while it inflates, on either side.
 */
import { strict as assert } from 'node:assert'
import { createServer } from 'node:http2'
import { duplexPair } from 'node:stream'
import { describe, it } from 'node:test'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { Code, ConnectError } from '@connectrpc/connect'
import { systemClock } from '../../src/base/clock.ts'
import { limits } from '../../src/base/limits.ts'
import { idToBytes } from '../../src/dag/id.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { createRemote } from '../../src/rpc/client/remote.ts'
import { fastBrotli, fastGzip } from '../../src/rpc/compression.ts'
import { prng, TreeBuilder } from '../kit/entries.ts'
import { protocols, ServingNode, transports } from '../kit/serving-node.ts'

const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }
const zeros = new Uint8Array(64 * 1_048_576)
const bombs = { br: brotliCompressSync(zeros, quick), gzip: gzipSync(zeros, { level: 1 }) }

for (const codec of [fastBrotli, fastGzip])
  describe(`The codec ${codec.name}`, () => {
    it('restores a message of any size, up to exactly the bound', async () => {
      const random = prng(3)
      const noise = Uint8Array.from({ length: 100_000 }, () => random() * 256)
      for (const bytes of [new Uint8Array(0), noise.subarray(0, 1), noise, zeros.subarray(0, 600_000)]) {
        const packed = await codec.compress(bytes)
        assert.ok(packed.length <= bytes.length + 100, 'noise does not grow')
        assert.deepEqual(
          Buffer.from(await codec.decompress(packed, Math.max(1, bytes.length))),
          Buffer.from(bytes),
        )
      }
      assert.deepEqual(await codec.decompress(new Uint8Array(0), 1), new Uint8Array(0))
    })

    it('abandons a bomb while it inflates', async () => {
      const bomb = bombs[codec.name as keyof typeof bombs]
      const before = process.memoryUsage().arrayBuffers
      const giving = codec.decompress(bomb, limits.messageBytes)
      let most = 0
      const timer = setInterval(() => {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      }, 1)
      await assert.rejects(giving, (error: ConnectError) => {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
        return error instanceof ConnectError && error.code === Code.ResourceExhausted
      })
      clearInterval(timer)
      assert.ok(most < 4 * limits.messageBytes, `${most} bytes for a bomb of ${zeros.length}`)
      await assert.rejects(codec.decompress(new Uint8Array(99).fill(255), limits.messageBytes), {
        code: Code.InvalidArgument,
      })
    })
  })

for (const transport of transports)
  for (const protocol of protocols)
    it(`Pages are ${transport.name === 'QUIC' ? 'compressed' : 'not compressed'} over ${transport.name} with ${protocol}`, async () => {
      const text = 'the tree of a commit and what its author said about it, with many words\n'
      const builder = new TreeBuilder()
      builder.chain(builder.root, 300, { payload: text.repeat(8) })
      const entries = builder.entries.map(({ signed }) => signed)
      const bytes = entries.reduce((sum, { body, signature }) => sum + body.length + signature.length, 0)
      const tree = idToBytes(builder.root.id)
      await using serving = await ServingNode.start(transport)
      const { sync, trees, connection } = await serving.dial(protocol)
      await trees.submitEntries({ tree, entries: entries.slice(0, 1) })
      const path = () => connection.channel.path!()!
      const before = path()
      await sync.sendEntries({ tree, entries })
      let received = 0
      for await (const { part } of sync.syncTree({ tree }))
        if (part.case === 'page') received += part.value.entries.length
      assert.equal(received, entries.length)
      const sentShare = (path().bytesSent! - before.bytesSent!) / bytes
      const receivedShare = (path().bytesReceived! - before.bytesReceived!) / bytes
      const low = transport.name === 'QUIC'
      assert.equal(sentShare < 0.6, low, `sent ${sentShare}`)
      assert.equal(receivedShare < 0.6, low, `received ${receivedShare}`)
    })

it('A remote that answers with a bomb causes LIMIT_EXCEEDED', async () => {
  const [near, far] = duplexPair()
  const server = createServer()
  server.on('stream', (stream) => {
    const head = Buffer.from([1, 0, 0, 0, 0])
    head.writeUInt32BE(bombs.br.length, 1)
    stream.respond({
      ':status': 200,
      'content-type': 'application/connect+proto',
      'connect-content-encoding': 'br',
    })
    stream.on('error', () => {})
    stream.end(Buffer.concat([head, bombs.br]))
  })
  server.emit('connection', far)
  await using connection = new RpcConnection(
    { stream: near, remoteAddress: 'bomber', dear: true },
    { clock: systemClock },
  )
  const { root } = new TreeBuilder()
  const request = { tree: root.id, tips: [], tipsDigest: '', count: 0 }
  await assert.rejects(createRemote(connection, systemClock).syncTree(request as never), {
    code: 'LIMIT_EXCEEDED',
  })
})
