/** A GOAWAY to an idle connection ends the connection, even if its sender leaves the stream open, and nothing else. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http2 from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { describe, it } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createClient } from '@connectrpc/connect'
import { createConnectTransport, Http2SessionManager } from '@connectrpc/connect-node'
import { transformSync } from 'esbuild'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { chunksOf } from '../../../src/rpc/client/chunks.ts'
import { RpcConnection } from '../../../src/rpc/client/connection.ts'
import { fromConnectError } from '../../../src/rpc/errors.ts'
import { codeBlocks, readDocument } from '../../kit/markdown.ts'
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

/** The class that docs/clients.md recommends. */
function documentedSessions(): typeof Http2SessionManager {
  const [source] = codeBlocks(readDocument('docs/clients.md')).filter(({ language }) => language === 'ts')
  const { code } = transformSync(`${source!.code}\nreturn Sessions`, { loader: 'ts', format: 'cjs' })
  return new Function('Http2SessionManager', code)(Http2SessionManager)
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

  it('before a call leaves a program alive whose connect-node has a listener', async () => {
    await using server = await listening()
    const baseUrl = `http://127.0.0.1:${server.port}`
    const used: http2.Http2Session[] = []
    class Watched extends documentedSessions() {
      override async request(...call: Parameters<Http2SessionManager['request']>) {
        const stream = await super.request(...call)
        used.push(stream.session!)
        stream[Symbol.asyncIterator] = () => chunksOf(stream)
        return stream
      }
    }
    const sessionManager = new Watched(baseUrl)
    const transport = createConnectTransport({ baseUrl, httpVersion: '2', sessionManager })
    const client = createClient(NodeService, transport)
    for (let count = 1; count <= 3; count++) {
      await client.getNode({})
      server.sessions.at(-1)!.goaway(NGHTTP2_NO_ERROR)
      // The next call replaces a session that is destroyed but has not closed.
      while (!used.at(-1)!.destroyed) await nextTurn()
    }
    await client.getNode({})
    assert.equal(server.sessions.length, 4)
    sessionManager.abort()
  })
})
