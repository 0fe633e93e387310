/**
 * Calls of methods that a node does not have: every protocol gets UNIMPLEMENTED in its own form, the call counts for its
 * caller, and a request that is no call still gets a plain answer.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { createClient, type Interceptor, type Transport } from '@connectrpc/connect'
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from '@connectrpc/connect-node'
import { TreeService } from '../../../../gen/causeway/v1/tree_pb.ts'
import { limited } from '../../../kit/limited.ts'
import { rawSession } from '../../../kit/raw-socket.ts'
import { fails } from '../../../kit/rpc-errors.ts'
import { ServingNode } from '../../../kit/serving-node.ts'
import { Sessions } from '../../../kit/sessions.ts'

const unknown = '/causeway.v1.TreeService/Nothing'
const elsewhere: Interceptor = (next) => (request) =>
  next({ ...request, url: request.url.replace(/\/[^/]+\/[^/]+$/, unknown) })

describe('A method that the node does not have', () => {
  let serving: ServingNode
  before(async () => {
    serving = await ServingNode.start()
  })
  after(() => serving[Symbol.asyncDispose]())

  const kinds: Record<string, (options: never) => Transport> = {
    Connect: createConnectTransport,
    'gRPC-web': createGrpcWebTransport,
    gRPC: createGrpcTransport,
  }
  for (const [name, make] of Object.entries(kinds))
    for (const useBinaryFormat of [true, false])
      it(`is unimplemented with ${name} in ${useBinaryFormat ? 'Protobuf' : 'JSON'}, unary and in a stream`, async () => {
        const { address: baseUrl } = serving
        const sessionManager = new Sessions(baseUrl)
        const interceptors = [elsewhere]
        const transport = make({
          baseUrl,
          httpVersion: '2',
          useBinaryFormat,
          interceptors,
          sessionManager,
        } as never)
        const trees = createClient(TreeService, transport)
        for (const call of [trees.getTree({}), trees.watchTree({})]) {
          const { data } = await fails(call, 'UNIMPLEMENTED', 'Unimplemented')
          assert.equal(data.method, 'causeway.v1.TreeService.Nothing')
        }
      })

  /** Makes a request over HTTP/2. Returns its status and its trailers. */
  async function ask(path: string, type: string) {
    const session = await rawSession(serving)
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': type })
    stream.end()
    let trailers: Record<string, unknown> = {}
    stream.on('trailers', (all) => {
      trailers = all
    })
    const [{ ':status': status }] = await once(stream, 'response')
    stream.resume()
    await once(stream, 'close')
    session.close()
    return { status, trailers }
  }

  it('is status 12 in the trailers of HTTP 200 for gRPC, whatever the service', async () => {
    for (const path of [unknown, '/a.B/C', '/grpc.nothing.v1.Nothing/Call']) {
      const { status, trailers } = await ask(path, 'application/grpc')
      assert.deepEqual([status, trailers['grpc-status']], [200, '12'], path)
    }
  })

  it('is HTTP 501 for a unary call of Connect', async () => {
    for (const type of ['application/proto', 'application/json'])
      assert.equal((await ask(unknown, type)).status, 501)
  })

  it('is HTTP 404 where the request is no call', async () => {
    for (const [path, type] of [
      [unknown, 'text/plain'],
      ['/index.html', 'application/json'],
      ['/a/b/c', 'application/grpc'],
    ] as const)
      assert.equal((await ask(path, type)).status, 404, path)
  })

  it('counts as a call of its caller', async () => {
    using _ = limited({ strangerRequestBurst: 3, strangerRequestsPerSecond: 0.000_1 })
    await using other = await ServingNode.start()
    const statuses: number[] = []
    for (let count = 0; count < 5; count++) {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(other.address + unknown, { method: 'POST', headers, body: '{}' })
      statuses.push(response.status)
      await response.arrayBuffer()
    }
    assert.deepEqual(statuses, [501, 501, 501, 429, 429])
  })
})
