/**
 * Who reaches the node's page and makes its calls: whoever has opened a link, from the page's own origin, and nobody else.
 * What the page shows is tested in web/test.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import * as http from 'node:http'
import { describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { tempFolder } from '../../kit/peers.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const anyPort = { host: '127.0.0.1', port: 0 }
const getNode = '/causeway.v1.NodeService/GetNode'

interface Answer {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

async function ask(url: string, options: http.RequestOptions = {}, sent = ''): Promise<Answer> {
  const request = http.request(url, { agent: false, ...options })
  request.end(sent)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode!, headers: response.headers, body }
}

const callsOf = (node: Node) => createClient(NodeService, node.rpc())

/** A browser that has opened a link: what it sends with each call. */
interface Session {
  readonly cookie: string
  readonly key: string
}

function sessionOf({ headers, body }: Answer): Session {
  return {
    cookie: headers['set-cookie']![0]!.split(';')[0]!,
    key: /url=\/#key=([\w-]+)/.exec(body)![1]!,
  }
}

const open = async (node: Node): Promise<Session> =>
  sessionOf(await ask((await callsOf(node).createPageLink({})).url))

/** Makes a call as the page does. */
function call(url: string, { cookie, key }: Partial<Session>, headers: http.OutgoingHttpHeaders = {}) {
  const sent = {
    'content-type': 'application/json',
    origin: url,
    ...(cookie && { cookie }),
    ...(key && { 'causeway-page': key }),
    ...headers,
  }
  return ask(url + getNode, { method: 'POST', headers: sent }, '{}')
}

describe('The page of a node', () => {
  it('calls as the operator with both secrets of a session, and not at all with less', async () => {
    await using node = await createNode({ background: false })
    const url = await node.listenAdmin(anyPort)
    const session = await open(node)
    const other = await open(node)
    const good = await call(url, session)
    assert.equal(good.status, 200)
    assert.equal(Buffer.from(JSON.parse(good.body).peer, 'base64').toString('hex'), node.peer)
    const refused: [Partial<Session>, http.OutgoingHttpHeaders][] = [
      [{}, {}],
      [{ cookie: session.cookie }, {}],
      [{ key: session.key }, {}],
      [{ cookie: session.cookie, key: other.key }, {}],
      [{ cookie: session.cookie, key: `${session.key}a` }, {}],
      [session, { origin: undefined as never }],
      [session, { origin: 'null' }],
      [session, { origin: url.replace(/\d+$/, '1') }],
      [session, { origin: 'https://evil.example' }],
      [session, { host: 'evil.example', origin: 'http://evil.example' }],
    ]
    for (const [secrets, headers] of refused) {
      const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))
      const answer =
        'origin' in headers && headers.origin === undefined
          ? await ask(
              url + getNode,
              { method: 'POST', headers: { cookie: session.cookie, 'causeway-page': session.key } },
              '{}',
            )
          : await call(url, secrets, sent)
      assert.ok([401, 403].includes(answer.status), `${JSON.stringify(headers)} ${answer.status}`)
      assert.doesNotMatch(answer.body, new RegExp(`${node.peer.slice(0, 8)}|addresses`))
    }
    const byGet = await ask(`${url}${getNode}?connect=v1&encoding=json&message=%7B%7D`, {
      headers: { cookie: session.cookie, 'causeway-page': session.key, origin: url },
    })
    assert.equal(byGet.status, 401)
  })

  it('answers no question of a browser that another origin may call', async () => {
    await using node = await createNode({ background: false, corsOrigins: ['https://app.example'] })
    const url = await node.listenAdmin(anyPort)
    const session = await open(node)
    const asked = await ask(url + getNode, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'causeway-page',
      },
    })
    assert.equal(asked.headers['access-control-allow-origin'], undefined)
    assert.equal(asked.headers['access-control-allow-headers'], undefined)
    assert.equal((await call(url, session, { origin: 'https://app.example' })).status, 401)
  })

  it('gives a stranger nothing but the hint how to log in', async () => {
    await using node = await createNode({ background: false })
    const url = await node.listenAdmin(anyPort)
    const { status, body, headers } = await ask(url)
    assert.equal(status, 403)
    assert.match(body, /causeway ui/)
    assert.doesNotMatch(body, new RegExp(`<script|assets|${node.peer.slice(0, 8)}`))
    const policy = String(headers['content-security-policy'])
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"])
      assert.ok(policy.includes(part), part)
    assert.doesNotMatch(policy, /unsafe/)
    assert.equal(headers['x-frame-options'], 'DENY')
    assert.equal((await ask(`${url}/assets/`)).status, 404)
    assert.equal((await call(url, {})).headers['set-cookie'], undefined)
  })

  it('opens by a link once, and not by a look at it', async () => {
    await using node = await createNode({ background: false })
    const url = await node.listenAdmin(anyPort)
    const link = (await callsOf(node).createPageLink({})).url
    assert.ok(link.startsWith(`${url}/login/`))
    assert.equal((await ask(link, { method: 'HEAD' })).status, 403)
    const first = await ask(link)
    assert.equal(first.status, 200)
    assert.match(
      first.headers['set-cookie']![0]!,
      /^causeway-page-\d+=[\w-]{43}; Path=\/; Max-Age=28800; HttpOnly; SameSite=Strict$/,
    )
    assert.equal((await ask(link)).status, 403)
    assert.equal((await ask(`${url}/login/`)).status, 403)
    assert.equal((await ask(`${url}/login/${'a'.repeat(43)}`)).status, 403)
    const behindProxy = await ask((await callsOf(node).createPageLink({})).url, {
      headers: { 'x-forwarded-proto': 'https' },
    })
    assert.match(behindProxy.headers['set-cookie']![0]!, /; Secure$/)
    const at = await callsOf(node).createPageLink({ origin: 'https://node.example' })
    assert.match(at.url, /^https:\/\/node\.example\/login\/[\w-]{43}$/)
    await assert.rejects(callsOf(node).createPageLink({ origin: 'javascript:1' }), /origin/i)
    await assert.rejects(callsOf(node).createPageLink({ origin: '*' }), /one origin/)
  })

  it('has no link while it is not served', async () => {
    await using node = await createNode({ background: false })
    await assert.rejects(callsOf(node).createPageLink({}), /without --no-admin/)
  })

  it('ends links after two minutes, and sessions after eight hours', async () => {
    const clock = new VirtualClock()
    await using node = await createNode({ clock, background: false })
    const url = await node.listenAdmin(anyPort)
    const late = (await callsOf(node).createPageLink({})).url
    await clock.advance(limits.pageLinkMs)
    assert.equal((await ask(late)).status, 403)
    const session = await open(node)
    await clock.advance(limits.pageSessionMs - 1)
    assert.equal((await call(url, session)).status, 200)
    await clock.advance(1)
    assert.equal((await call(url, session)).status, 401)
    assert.equal((await ask(url, { headers: { cookie: session.cookie } })).status, 403)
    assert.equal((await callsOf(node).endPageSessions({})).sessions, 0)
  })

  it('keeps so many links and sessions, of which the oldest end', async () => {
    await using node = await createNode({ background: false })
    const url = await node.listenAdmin(anyPort)
    const links: string[] = []
    for (let n = 0; n <= limits.pageLinks; n++) links.push((await callsOf(node).createPageLink({})).url)
    assert.equal((await ask(links[0]!)).status, 403)
    const first = sessionOf(await ask(links[1]!))
    for (let n = 1; n < limits.pageSessions; n++) await open(node)
    assert.equal((await call(url, first)).status, 200)
    const last = await open(node)
    assert.equal((await call(url, first)).status, 401)
    assert.equal((await call(url, last)).status, 200)
    assert.equal((await callsOf(node).endPageSessions({})).sessions, limits.pageSessions)
  })

  it('ends all sessions at once, with the calls that they make', async () => {
    await using node = await createNode({ background: false })
    const url = await node.listenAdmin(anyPort)
    const session = await open(node)
    const unused = (await callsOf(node).createPageLink({})).url
    const watch = http.request(`${url}/causeway.v1.NodeService/WatchNode`, {
      method: 'POST',
      agent: false,
      headers: {
        'content-type': 'application/connect+json',
        origin: url,
        cookie: session.cookie,
        'causeway-page': session.key,
      },
    })
    const message = Buffer.from('{"follow":true}')
    const head = Buffer.from([0, 0, 0, 0, message.length])
    watch.end(Buffer.concat([head, message]))
    const [response] = (await once(watch, 'response')) as [http.IncomingMessage]
    await once(response, 'data')
    const ended = new Promise((resolve) => response.once('close', resolve))
    response.on('error', () => {})
    response.resume()
    assert.equal((await callsOf(node).endPageSessions({})).sessions, 1)
    await ended
    assert.equal((await call(url, session)).status, 401)
    assert.equal((await ask(unused)).status, 403)
  })

  it('keeps sessions across a restart, and secrets nowhere', async () => {
    await using folder = await tempFolder()
    let session: Session
    {
      await using node = await createNode({ data: folder.path, background: false })
      await node.listenAdmin(anyPort)
      session = await open(node)
    }
    await using node = await createNode({ data: folder.path, background: false })
    const url = await node.listenAdmin(anyPort)
    // A browser names the cookie by the port, which is another one here.
    const cookie = session.cookie.replace(/\d+=/, `${new URL(url).port}=`)
    assert.equal((await call(url, { ...session, cookie })).status, 200)
  })
})
