/**
 * What web pages may do: a page that points its own name at a node (DNS rebinding), or that sends requests from
 * elsewhere, is refused before its call is read. Peers come in by any name.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import { afterEach, describe, it } from 'node:test'
import { PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import { parseAllowedOrigin, parseHost, parseOrigin } from '../../../../src/base/hosts.ts'
import { createNode } from '../../../../src/node/node.ts'
import type { NodeOptions } from '../../../../src/node/options.ts'
import { refuseNaming } from '../../../../src/rpc/server/web/browsers.ts'
import { ServingNode, transports } from '../../../kit/serving-node.ts'

const handshake = '/causeway.v1.SyncService/Handshake'
const evil = 'evil.example'

interface Answer {
  readonly status: number | undefined
  readonly body: string
}

/** Makes a request over HTTP/1.1 as a browser at this address does. */
async function ask(serving: ServingNode, method: string, path: string, headers: object): Promise<Answer> {
  const type = { 'content-type': 'application/json', connection: 'close' }
  const request = http.request({ ...serving.hostPort, method, path, headers: { ...type, ...headers } })
  request.end(method === 'POST' ? `{"version":1,"nonce":"${'A'.repeat(43)}="}` : undefined)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode, body }
}

describe('A web page', () => {
  const open: ServingNode[] = []
  async function serve(options: NodeOptions = {}): Promise<ServingNode> {
    const serving = await ServingNode.start(transports[0], options)
    open.push(serving)
    return serving
  }
  afterEach(async () => {
    for (const serving of open.splice(0)) await serving[Symbol.asyncDispose]()
  })
  /** As a listener on an address that other machines reach: the name is not one that stands for this machine. */
  const beyond = { http: { host: '127.1', port: 0, insecure: true } }

  it('cannot reach a listener on this machine by a name of its own', async () => {
    const serving = await serve()
    const { port } = serving.hostPort
    for (const host of [
      evil,
      `${evil}:${port}`,
      `${evil}.`,
      'localhost.evil.example',
      '127.0.0.1.evil.example',
      'x',
    ])
      for (const [method, path] of [
        ['POST', handshake],
        ['GET', handshake],
        ['GET', '/healthz'],
        ['GET', '/'],
      ] as const) {
        const { status, body } = await ask(serving, method, path, { host })
        assert.equal(status, 403, `${method} ${path} ${host}`)
        assert.match(body, /expected localhost, an IP address, or a name that it allows with --allowed-host/)
      }
    const { body } = await ask(serving, 'POST', handshake, { host: evil })
    const { code, details } = JSON.parse(body) as { code: string; details: { debug: { code: string } }[] }
    assert.equal(code, 'permission_denied')
    assert.equal(details.length, 1)
    for (const host of [
      `127.0.0.1:${port}`,
      `localhost:${port}`,
      'LOCALHOST.',
      `app.localhost:${port}`,
      '[::1]:80',
    ])
      assert.equal((await ask(serving, 'POST', handshake, { host })).status, 200, host)
  })

  it('reaches it by a name that the operator allows', async () => {
    const serving = await serve({ allowedHosts: ['Node.Example'] })
    assert.equal((await ask(serving, 'POST', handshake, { host: 'node.example:8080' })).status, 200)
    assert.equal((await ask(serving, 'POST', handshake, { host: evil })).status, 403)
  })

  it('of another origin is refused, wherever the node listens', async () => {
    for (const options of [{}, beyond]) {
      const serving = await serve(options)
      const { port } = serving.hostPort
      const own = `127.0.0.1:${port}`
      for (const [host, origin] of [
        [own, `https://${evil}`],
        [own, 'null'],
        [own, ''],
        [own, `http://127.0.0.1:${port + 1}`],
        [own, `chrome-extension://${own}`],
        [`${evil}:${port}`, `http://${evil}:${port}`],
      ] as const) {
        const { status, body } = await ask(serving, 'POST', handshake, { host, origin })
        assert.equal(status, 403, `${host} ${origin}`)
        assert.match(body, /expected an origin that it allows with --cors-origin|expected localhost/)
        assert.equal((await ask(serving, 'OPTIONS', handshake, { host, origin })).status, 403)
      }
      assert.equal(
        (await ask(serving, 'POST', handshake, { host: own, origin: `http://${own}` })).status,
        200,
      )
    }
  })

  it('of an origin that the operator allows may call', async () => {
    for (const options of [{}, beyond]) {
      const serving = await serve({
        ...options,
        corsOrigins: ['https://app.example', 'http://localhost:3000/'],
      })
      for (const origin of ['https://app.example', 'http://localhost:3000'])
        assert.equal((await ask(serving, 'POST', handshake, { origin })).status, 200)
      for (const origin of ['http://app.example', 'https://app.example:444', 'http://localhost'])
        assert.equal((await ask(serving, 'POST', handshake, { origin })).status, 403)
    }
  })

  it('is the only one that is refused: a peer reaches a listener beyond this machine by any name', async () => {
    const serving = await serve(beyond)
    assert.equal((await ask(serving, 'POST', handshake, { host: 'my-node.example:8080' })).status, 200)
  })

  it('cannot make a call by GET, for which browsers name no origin', async () => {
    const serving = await serve(beyond)
    for (const method of ['GET', 'HEAD', 'PUT'])
      assert.equal((await ask(serving, method, handshake, { host: evil })).status, 405)
  })

  it('is refused over HTTP/2 too, with a typed error', async () => {
    const serving = await serve()
    const session = http2.connect(serving.address)
    for (const headers of [
      { ':authority': evil },
      { ':authority': serving.address.slice('http://'.length), host: evil },
      { ':authority': 'causeway', origin: 'http://causeway' },
    ]) {
      const stream = session.request({
        ...{ ':method': 'POST', ':path': handshake, 'content-type': 'application/json' },
        ...headers,
      })
      stream.end('{}')
      const [answer] = await once(stream, 'response')
      assert.equal(answer[':status'], 403, JSON.stringify(headers))
      stream.close()
    }
    session.destroy()
  })

  it('cannot open the control socket or QUIC, so these take any name', async () => {
    await using serving = await ServingNode.start(transports.find(({ name }) => name === 'QUIC'))
    const channel = await serving.dialStream()
    const session = http2.connect('http://evil.example', { createConnection: () => channel.stream })
    const stream = session.request({ ':path': '/healthz', origin: 'https://evil.example' })
    const [answer] = await once(stream, 'response')
    assert.equal(answer[':status'], 200)
    session.destroy()
  })
})

describe('A peer', () => {
  it('syncs with a listener on this machine', async () => {
    await using serving = await ServingNode.start()
    const tree = await serving.node.createTree('public', PublicAccess.READ)
    await using other = await createNode()
    assert.equal((await other.sync(tree, serving.address)).equal, true)
  })
})

describe('The names of a listener', () => {
  const allowed = { hosts: [], origins: [] }

  it('include those in its certificate', () => {
    const listener = { loopback: true, certifies: (host: string) => host === 'node.example' }
    const refuse = (host: string) =>
      refuseNaming({ hosts: [host], origin: undefined, proves: false, isHttp2: false }, listener, allowed)
    assert.equal(refuse('node.example:443'), undefined)
    assert.equal(refuse(evil)?.code, 'FORBIDDEN')
    // A page that the node itself served, at a name that its certificate vouches for.
    const own = { hosts: ['node.example'], origin: 'https://node.example', proves: false, isHttp2: false }
    assert.equal(refuseNaming(own, { ...listener, loopback: false }, allowed), undefined)
    const rebound = { hosts: [evil], origin: `https://${evil}`, proves: false, isHttp2: false }
    assert.equal(refuseNaming(rebound, { ...listener, loopback: false }, allowed)?.code, 'FORBIDDEN')
  })

  it('are read strictly where an operator gives them', async () => {
    assert.equal(parseHost('Node.Example.'), 'node.example')
    assert.equal(parseHost('b\u00fccher.example'), 'xn--bcher-kva.example')
    for (const text of ['', 'a:80', 'http://a', 'a/b', 'a b', 'u@a', '*', 'a?'])
      assert.throws(() => parseHost(text), { code: 'INVALID_ARGUMENT' }, text)
    assert.equal(parseOrigin('HTTPS://App.example:443'), 'https://app.example')
    assert.equal(parseAllowedOrigin('*'), '*')
    for (const text of [
      '',
      'null',
      '*',
      'app.example',
      'https://a/b',
      'https://u@a',
      'ftp://a',
      'https://a?b',
    ])
      assert.throws(() => parseOrigin(text), { code: 'INVALID_ARGUMENT' }, text)
    await assert.rejects(createNode({ corsOrigins: ['**'] }), { code: 'INVALID_ARGUMENT' })
  })
})
