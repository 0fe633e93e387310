/**
 * The operators' listener: it alone and the control socket tell a node's totals, private trees included. Whoever reaches
 * the node itself learns from plain HTTP only that it runs.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile, stat, writeFile } from 'node:fs/promises'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import { createNode } from '../../src/node/node.ts'
import { dialLocal } from '../../src/transport/local.ts'
import { tempFolder } from '../kit/peers.ts'
import { ServingNode, transports } from '../kit/serving-node.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const anyPort = { host: '127.0.0.1', port: 0 }
const change = { store: 's', kind: '', payload: new Uint8Array() }

interface Answer {
  readonly status: number | undefined
  readonly body: string
}

async function ask(url: string, path: string, options: http.RequestOptions = {}): Promise<Answer> {
  const request = http.request(url + path, { agent: false, ...options })
  request.end()
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode, body }
}

/** Asks over HTTP/2 on a byte stream, and ends it. */
async function askOn(
  { stream }: Awaited<ReturnType<ServingNode['dialStream']>>,
  path: string,
): Promise<Answer> {
  const session = http2.connect('http://127.0.0.1', { createConnection: () => stream })
  const call = session.request({ ':path': path })
  let [status, body] = [0, '']
  call.on('response', (headers) => (status = headers[':status']!))
  call.on('data', (chunk) => (body += chunk))
  await once(call, 'close')
  session.destroy()
  return { status, body }
}

const entries = ({ body }: Answer) => Number(/^causeway_entries (\d+)$/m.exec(body)?.[1])

describe('Metrics', () => {
  for (const transport of transports)
    it(`are not told to whoever reaches the node over ${transport.name}`, async () => {
      await using serving = await ServingNode.start(transport)
      await serving.node.createTree('private')
      for (const path of ['/metrics', '/readyz', '/metrics?', '/metrics/']) {
        const { status, body } = await askOn(await serving.dialStream(), path)
        assert.equal(status, 404, path)
        assert.doesNotMatch(body, /causeway_|ready/)
      }
      assert.deepEqual(await askOn(await serving.dialStream(), '/healthz'), { status: 200, body: 'ok\n' })
    })

  it('are not told over HTTP/1.1 either', async () => {
    await using serving = await ServingNode.start()
    assert.equal((await ask(serving.address, '/metrics')).status, 404)
    assert.equal((await ask(serving.address, '/healthz')).body, 'ok\n')
  })

  it('are told on the operators’ listener and on the control socket', async () => {
    await using folder = await tempFolder()
    await using node = await createNode({ data: folder.path })
    const tree = await node.createTree('private')
    await node.commit(tree, [change])
    const url = await node.listenAdmin(anyPort)
    await node.listenControl()
    const answer = await ask(url, '/metrics?x=1')
    assert.equal(entries(answer), 2)
    assert.doesNotMatch(answer.body, /bafkrei|[0-9a-f]{32}|private/)
    assert.equal(entries(await askOn((await dialLocal(folder.path))!, '/metrics')), 2)
    assert.deepEqual(await ask(url, '/readyz'), { status: 503, body: 'not ready\n' })
    assert.equal((await ask(url, '/other')).status, 404)
    assert.equal((await ask(url, '/metrics', { method: 'POST' })).status, 405)
    assert.deepEqual(await ask(url, '/metrics', { method: 'HEAD' }), { status: 200, body: '' })
  })

  it('are computed at most once a second', async () => {
    const clock = new VirtualClock()
    await using node = await createNode({ clock, background: false })
    const url = await node.listenAdmin(anyPort)
    const tree = await node.createTree('private')
    assert.equal(entries(await ask(url, '/metrics')), 1)
    await node.commit(tree, [change])
    await clock.advance(limits.metricsIntervalMs - 1)
    assert.equal(entries(await ask(url, '/metrics')), 1)
    await clock.advance(1)
    assert.equal(entries(await ask(url, '/metrics')), 2)
  })
})

describe('The operators’ listener', () => {
  it('notes in the data folder where it is, and takes the note away', async () => {
    await using folder = await tempFolder()
    const note = join(folder.path, 'admin.url')
    {
      await using node = await createNode({ data: folder.path })
      const url = await node.listenAdmin(anyPort)
      assert.equal(await readFile(note, 'utf8'), `${url}\n`)
      assert.equal((await stat(note)).mode & 0o777, 0o600)
      await assert.rejects(node.listenAdmin(anyPort), { code: 'ALREADY_STARTED' })
    }
    assert.equal(existsSync(note), false)
    // What a killed node has left names a port that may be another program's.
    await writeFile(note, 'http://127.0.0.1:9\n')
    await using _ = await createNode({ data: folder.path })
    assert.equal(existsSync(note), false)
  })

  it('says when the node serves, and is not among its addresses', async () => {
    await using node = await createNode({ http: anyPort })
    const url = await node.listenAdmin(anyPort)
    assert.equal((await ask(url, '/readyz')).status, 503)
    await node.listen()
    assert.deepEqual(await ask(url, '/readyz'), { status: 200, body: 'ready\n' })
    assert.equal(node.addresses().includes(url), false)
  })

  it('refuses to let other machines read the totals, unless that is accepted', async () => {
    await using node = await createNode()
    await assert.rejects(node.listenAdmin({ host: '0.0.0.0', port: 0 }), { code: 'INVALID_ARGUMENT' })
    const url = await node.listenAdmin({ host: '127.1', port: 0, insecure: true })
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
  })

  it('says if its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    await using node = await createNode()
    await assert.rejects(node.listenAdmin({ host: '127.0.0.1', port }), { code: 'BAD_ADDRESS' })
    taken.close()
  })

  it('answers no web page, by whatever name it calls', async () => {
    await using node = await createNode({ allowedHosts: ['node.example'] })
    // Also where other machines reach it: a page in an operator's browser may.
    const url = await node.listenAdmin({ host: '127.1', port: 0, insecure: true })
    const status = async (headers: http.OutgoingHttpHeaders) =>
      (await ask(url, '/metrics', { headers })).status
    assert.equal(await status({ host: 'evil.example' }), 403)
    assert.equal(await status({ origin: 'https://evil.example' }), 403)
    assert.equal(await status({ host: 'localhost:9464' }), 200)
    assert.equal(await status({ host: 'node.example' }), 200)
  })

  it('holds at most so many connections', async () => {
    await using node = await createNode()
    const { hostname, port } = new URL(await node.listenAdmin(anyPort))
    const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
    const answers = await Promise.allSettled(
      Array.from({ length: limits.adminConnections + 8 }, async () => {
        const request = http.get({ hostname, port, path: '/healthz', agent })
        const [response] = (await once(request, 'response')) as [http.IncomingMessage]
        // The connection stays in use.
        return response.statusCode
      }),
    )
    agent.destroy()
    const served = answers.filter(({ status }) => status === 'fulfilled')
    assert.equal(served.length, limits.adminConnections)
  })
})
