/** A GOAWAY to an idle connection ends the connection, even if its sender leaves the stream open, and nothing else. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { describe, it } from 'node:test'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { fromConnectError } from '../../../src/rpc/errors.ts'
import { until } from '../../kit/until.ts'

const { NGHTTP2_NO_ERROR, NGHTTP2_ENHANCE_YOUR_CALM } = http2.constants

/** A server that answers every call with an empty message. */
async function listening() {
  const sessions: http2.ServerHttp2Session[] = []
  const server = http2.createServer().listen(0, '127.0.0.1')
  server.on('session', (session) => {
    session.on('error', () => {})
    sessions.push(session)
  })
  server.on('stream', (stream) => {
    stream.on('error', () => {})
    stream.respond({ ':status': 200, 'content-type': 'application/proto' })
    stream.end()
  })
  await once(server, 'listening')
  return {
    sessions,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('A GOAWAY', () => {
  for (const [name, code] of Object.entries({ NGHTTP2_NO_ERROR, NGHTTP2_ENHANCE_YOUR_CALM }))
    it(`with ${name} ends an idle connection`, async () => {
      await using server = await listening()
      const stream = connect(server.port, '127.0.0.1')
      await using connection = new RpcConnection({ stream, remoteAddress: 'test' }, { clock: systemClock })
      const client = connection.client(NodeService)
      await client.getNode({})
      server.sessions[0]!.goaway(code)
      await until('the connection has noticed', () => !connection.open)
      await assert.rejects(client.getNode({}), (error) => fromConnectError(error).code === 'DISCONNECTED')
      await until('the stream has closed', () => stream.closed)
    })
})
