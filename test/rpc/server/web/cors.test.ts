/**
 * The headers by which browsers let pages of other origins call a node. A browser needs each of them for what Connect and
 * gRPC-web do; test/browser runs a real one.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import { ServingNode, transports } from '../../../kit/serving-node.ts'

const page = 'https://app.example'
const stranger = 'https://elsewhere.example'
const path = '/causeway.v1.TreeService/ListTrees'

interface Answer {
  readonly status: number | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

async function ask(serving: ServingNode, method: string, headers: http.OutgoingHttpHeaders): Promise<Answer> {
  const type = { 'content-type': 'application/json', connection: 'close' }
  const request = http.request({ ...serving.hostPort, method, path, headers: { ...type, ...headers } })
  request.end(method === 'POST' ? '{}' : undefined)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode, headers: response.headers, body }
}

const preflight = (origin: string, wanted = 'authorization,connect-protocol-version,content-type') => ({
  origin,
  'access-control-request-method': 'POST',
  'access-control-request-headers': wanted,
})

/** The names of an answer's list, as browsers compare them. */
const listed = (header: string | undefined) => (header ?? '').toLowerCase().split(/, */)

describe('A page of an origin that the operator names', () => {
  const serve = () => ServingNode.start(transports[0], { corsOrigins: [page] })

  it('may send all headers of Connect and gRPC-web, and a token', async () => {
    await using serving = await serve()
    const { status, headers, body } = await ask(serving, 'OPTIONS', preflight(page))
    assert.deepEqual([status, body], [204, ''])
    assert.equal(headers['access-control-allow-origin'], page)
    assert.equal(headers.vary, 'Origin')
    assert.deepEqual(listed(headers['access-control-allow-methods']), ['post', 'get'])
    const allowed = listed(headers['access-control-allow-headers'])
    for (const name of [
      ...['authorization', 'content-type', 'connect-protocol-version', 'connect-timeout-ms'],
      ...['grpc-timeout', 'x-grpc-web', 'x-user-agent'],
    ])
      assert.ok(allowed.includes(name), name)
    assert.ok(Number(headers['access-control-max-age']) > 0)
  })

  it('may read the answer, and the headers that gRPC-web needs', async () => {
    await using serving = await serve()
    const { status, headers } = await ask(serving, 'POST', { origin: page })
    assert.equal(status, 200)
    assert.equal(headers['access-control-allow-origin'], page)
    const exposed = listed(headers['access-control-expose-headers'])
    for (const name of ['grpc-status', 'grpc-message', 'grpc-status-details-bin'])
      assert.ok(exposed.includes(name), name)
  })

  it('may read an error too', async () => {
    await using serving = await serve()
    const { status, headers, body } = await ask(serving, 'POST', { origin: page, authorization: 'Bearer x' })
    assert.equal(status, 401)
    assert.match(body, /UNAUTHENTICATED/)
    assert.equal(headers['access-control-allow-origin'], page)
  })

  it('gets the same over HTTP/2', async () => {
    await using serving = await serve()
    const session = http2.connect(serving.address)
    const stream = session.request({ ':method': 'OPTIONS', ':path': path, ...preflight(page) })
    stream.end()
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
    assert.deepEqual([headers[':status'], headers['access-control-allow-origin']], [204, page])
    session.destroy()
  })
})

describe('A page of any other origin', () => {
  it('gets no headers, and no answer, unless the operator allows all', async () => {
    await using serving = await ServingNode.start(transports[0], { corsOrigins: [page] })
    for (const method of ['OPTIONS', 'POST']) {
      const { status, headers } = await ask(serving, method, preflight(stranger))
      assert.equal(status, 403)
      assert.equal(headers['access-control-allow-origin'], undefined)
    }
  })

  it('reads public trees where the operator allows all, and cannot use a token', async () => {
    await using serving = await ServingNode.start(transports[0], { corsOrigins: ['*', page] })
    await serving.node.createTree('open', PublicAccess.READ)
    await serving.node.createTree('closed')
    const { headers } = await ask(serving, 'OPTIONS', preflight(stranger))
    assert.equal(headers['access-control-allow-origin'], '*')
    assert.ok(!listed(headers['access-control-allow-headers']).includes('authorization'))
    const read = await ask(serving, 'POST', { origin: stranger })
    assert.equal(read.headers['access-control-allow-origin'], '*')
    assert.deepEqual(
      JSON.parse(read.body).trees.map(({ name }: { name: string }) => name),
      ['open'],
    )
    const authorization = await serving.authorization()
    const proven = await ask(serving, 'POST', { origin: stranger, authorization })
    assert.equal(proven.status, 403)
    assert.match(proven.body, /may not call this node with a token/)
    // The page that is named may.
    assert.equal((await ask(serving, 'POST', { origin: page, authorization })).status, 200)
  })

  it('does not reach the tools of operators where the operator allows all', async () => {
    await using serving = await ServingNode.start(transports[0], { corsOrigins: ['*'] })
    const { port } = new URL(await serving.node.listenAdmin({ host: '127.0.0.1', port: 0 }))
    const request = http.request({ port, host: '127.0.0.1', path: '/metrics', headers: { origin: stranger } })
    request.end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    response.resume()
    assert.equal(response.statusCode, 403)
  })
})
