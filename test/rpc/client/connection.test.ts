/**
 * The end of a connection: it refuses new calls immediately, and ends its session only while no frame is being read.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { RpcConnection } from '../../../src/rpc/client/connection.ts'

/** A connection to a server that passes the stream of each call to `answer`. */
async function connected(answer: (stream: http2.ServerHttp2Stream) => void) {
  const server = http2.createServer().listen(0, '127.0.0.1')
  server.on('stream', (stream) => {
    // The session's end is its error too.
    stream.on('error', () => {})
    answer(stream)
  })
  await once(server, 'listening')
  const stream = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const connection = new RpcConnection({ stream, remoteAddress: 'test' }, { clock: systemClock })
  return {
    stream,
    connection,
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('a connection', () => {
  it('that is closed while an answer is read refuses calls, and ends in the next turn', async () => {
    await using to = await connected((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/proto' })
      stream.end()
    })
    const client = to.connection.client(NodeService)
    await client.getNode({})
    to.connection.close()
    assert.equal(to.connection.open, false)
    assert.equal(to.stream.destroyed, false)
    await assert.rejects(client.getNode({}), /This side has closed/)
    await nextTurn()
    assert.equal(to.stream.destroyed, true)
  })

  it('resets a call that is cancelled, and no other', async () => {
    const calls: http2.ServerHttp2Stream[] = []
    await using to = await connected((stream) => calls.push(stream))
    const giveUp = new AbortController()
    const call = to.connection.client(NodeService).getNode({}, { signal: giveUp.signal })
    const other = to.connection.client(NodeService).getNode({})
    while (calls.length < 2) await nextTurn()
    giveUp.abort()
    await assert.rejects(call, /abort/)
    await once(calls[0]!, 'close')
    assert.equal(calls[0]!.rstCode, http2.constants.NGHTTP2_CANCEL)
    assert.equal(calls[1]!.closed, false)
    to.connection.close()
    await assert.rejects(other, /This side has closed/)
  })
})
