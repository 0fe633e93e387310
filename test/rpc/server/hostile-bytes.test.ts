/**
 * Bytes that no honest client sends: garbage, silence, endless headers, messages too large or cut short, bombs. Each
 * gets a clear error or a cut connection, nothing is stored, and the node goes on serving.
 */
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { after, afterEach, before, describe, it } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { limits } from '../../../src/base/limits.ts'
import { HastyClock } from '../../kit/hasty-clock.ts'
import { rawSession, rawSocket, readToEnd, request } from '../../kit/raw-socket.ts'
import { ServingNode } from '../../kit/serving-node.ts'
import { until } from '../../kit/until.ts'

const listTrees = '/causeway.v1.TreeService/ListTrees'
const createTree = '/causeway.v1.TreeService/CreateTree'
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const json = { 'content-type': 'application/json' }
const proto = { 'content-type': 'application/proto' }

describe('Hostile bytes', () => {
  let serving: ServingNode
  before(async () => {
    serving = await ServingNode.start()
  })
  afterEach(async () => {
    await serving.assertServing()
    assert.deepEqual(serving.node.store.trees(), [])
    assert.deepEqual(serving.problems, [])
  })
  after(() => serving[Symbol.asyncDispose]())

  const say = async (text: string | Buffer) => {
    const socket = await rawSocket(serving)
    socket.write(text)
    const answer = await readToEnd(socket)
    socket.destroy()
    return answer
  }

  it('garbage instead of HTTP', async () => {
    for (const length of [1, 24, 5000, 100_000]) {
      const garbage = randomBytes(length)
      garbage[0]! |= 0x80
      const socket = await rawSocket(serving)
      socket.end(garbage)
      await readToEnd(socket)
      socket.destroy()
    }
  })

  it('garbage after the preface of HTTP/2', async () => {
    for (let count = 0; count < 20; count++) {
      const garbage = randomBytes(500)
      // The first frame's type: by chance SETTINGS, whose end would be waited for.
      garbage[3]! |= 0x80
      await say(Buffer.concat([Buffer.from(preface), garbage]))
    }
    await say(`${preface}GET / HTTP/1.1\r\n\r\n`)
  })

  it('an end, or nothing, before the first request', async () => {
    for (const text of ['', 'P', 'PRI * HTTP/2.0\r\n\r\nSM', 'GET / HT']) {
      const socket = await rawSocket(serving)
      socket.end(text)
      await readToEnd(socket)
      socket.destroy()
    }
  })

  it('HTTP/1.0 and HTTP/1.1 without a host, and malformed hosts and paths', async () => {
    const body = 'Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}'
    assert.match(await say(`POST ${listTrees} HTTP/1.0\r\n${body}`), /^HTTP\/1\.1 400 /)
    assert.match(await say(`POST ${listTrees} HTTP/1.1\r\n${body}`), /^HTTP\/1\.1 400 /)
    assert.match(await say(`POST ${listTrees} HTTP/1.1\r\nHost: [\r\n${body}`), /^HTTP\/1\.1 400 /)
    for (const path of ['*', '//', '/%', 'http://[/', '/\\'])
      assert.match(await say(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${body}`), /^HTTP\/1\.1 40[04] /)
    await say('CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    const upgrade = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n'
    const socket = await rawSocket(serving)
    socket.write(`GET / HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n`)
    const [answer] = await once(socket, 'data')
    assert.match(String(answer), /^HTTP\/1\.1 404 /)
    socket.destroy()
  })

  it('headers past the bound', async () => {
    const huge = 'a'.repeat(limits.headerBytes)
    const answer = await say(`POST ${listTrees} HTTP/1.1\r\nHost: localhost\r\nX: ${huge}\r\n\r\n`)
    assert.doesNotMatch(answer, /200/)
    const session = await rawSession(serving)
    // nghttp2 takes 64 KiB in all, whatever it has announced.
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`x-${n}`, 'a'.repeat(1000)]))
    const { status } = await request(session, { ':path': listTrees, ...json, ...many }, '{}').catch(() => ({
      status: undefined,
    }))
    assert.notEqual(status, 200)
    session.destroy()
  })

  it('wrong content types and methods', async () => {
    const session = await rawSession(serving)
    for (const type of [
      'text/plain',
      'application/grpc+xml',
      'application/connect+proto',
      '',
      'x'.repeat(999),
    ])
      assert.equal((await request(session, { ':path': listTrees, 'content-type': type }, '{}')).status, 415)
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS', 'BREW']) {
      const answer = await request(session, { ':path': createTree, ...json, ':method': method })
      assert.equal(answer.status, 405, method)
    }
    // A call without side effects may be made by GET, but must say how its message is encoded.
    assert.equal((await request(session, { ':path': listTrees, ...json, ':method': 'GET' })).status, 415)
    session.close()
  })

  it('messages that are cut short or malformed', async () => {
    const session = await rawSession(serving)
    const bodies: [object, Buffer | string][] = [
      [proto, Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])],
      [proto, Buffer.from([0x0a, 0x05, 0x61])],
      [proto, randomBytes(64).fill(0xff, 0, 8)],
      [json, '{'],
      [json, '[]'],
      [json, '{"name":3}'],
      [json, '{"no":"such field"}'],
      [json, `{"name":${'['.repeat(100_000)}`],
      [json, Buffer.from([0xff, 0xfe])],
      [{ 'content-type': 'application/grpc' }, Buffer.from([0, 0, 0, 1, 0, 1, 2])],
      [{ 'content-type': 'application/grpc' }, Buffer.from([9, 0, 0])],
    ]
    for (const [headers, body] of bodies) {
      const answer = await request(session, { ':path': createTree, ...headers }, body)
      assert.ok([400, 200, 500].includes(answer.status!), `${answer.status} ${answer.body}`)
      assert.doesNotMatch(answer.body, /"tree"/)
    }
    session.close()
  })

  it('a message one byte over the bound, and one of 100 MB', async () => {
    const session = await rawSession(serving)
    const frame = (length: number) => {
      const body = Buffer.alloc(length)
      body.set([0x0a, ...varint(length - 6)])
      return body
    }
    const over = await request(session, { ':path': createTree, ...proto }, frame(limits.messageBytes + 1))
    assert.equal(JSON.parse(over.body).code, 'resource_exhausted')
    const within = await request(session, { ':path': createTree, ...proto }, frame(limits.messageBytes))
    assert.notEqual(JSON.parse(within.body).code, 'resource_exhausted')
    const before = process.memoryUsage().arrayBuffers
    const stream = session.request({ ':method': 'POST', ':path': createTree, ...proto })
    stream.on('error', () => {})
    let sent = 0
    const chunk = Buffer.alloc(262_144, 1)
    const pump = () => {
      while (sent < 100_000_000 && !stream.destroyed && !stream.writableEnded) {
        sent += chunk.length
        if (!stream.write(chunk)) return
      }
      stream.end()
    }
    stream.on('drain', pump).resume()
    pump()
    await once(stream, 'close').catch(() => {})
    const grown = process.memoryUsage().arrayBuffers - before
    assert.ok(grown < 60_000_000, `${grown} bytes of buffers, after ${sent} sent`)
    session.destroy()
  })

  it('decompression bombs', async () => {
    const session = await rawSession(serving)
    const zeros = Buffer.alloc(50_000_000)
    for (const [encoding, bomb] of [
      ['gzip', gzipSync(zeros)],
      ['br', brotliCompressSync(zeros.subarray(0, 10_000_000))],
    ] as const) {
      const answer = await request(
        session,
        { ':path': createTree, ...proto, 'content-encoding': encoding },
        bomb,
      )
      assert.equal(JSON.parse(answer.body).code, 'resource_exhausted', answer.body)
    }
    const bad = await request(
      session,
      { ':path': createTree, ...proto, 'content-encoding': 'gzip' },
      randomBytes(99),
    )
    assert.equal(JSON.parse(bad.body).code, 'invalid_argument', bad.body)
    const unknown = await request(session, { ':path': createTree, ...proto, 'content-encoding': 'lzma' }, 'x')
    assert.equal(JSON.parse(unknown.body).code, 'unimplemented', unknown.body)
    session.close()
  })

  it('a timeout that is none', async () => {
    const session = await rawSession(serving)
    for (const timeout of ['99999999999', '-1', 'x', '']) {
      const headers = { ':path': listTrees, ...json, 'connect-timeout-ms': timeout }
      assert.equal(JSON.parse((await request(session, headers, '{}')).body).code, 'invalid_argument')
    }
    session.close()
  })
})

describe('Silence', () => {
  it('costs the connection after firstBytesTimeoutMs', async () => {
    await using serving = await ServingNode.start(undefined, { clock: new HastyClock(100) })
    for (const text of ['', 'PRI * HTTP/2.0\r\n\r\n']) {
      const socket = await rawSocket(serving)
      socket.write(text)
      const started = performance.now()
      assert.equal(await readToEnd(socket), '')
      assert.ok(performance.now() - started >= limits.firstBytesTimeoutMs / 100 - 5)
      socket.destroy()
    }
    await until('the connections are forgotten', () => serving.node.connections().length === 0)
  })
})

function varint(value: number): number[] {
  const bytes = []
  for (let rest = value; bytes.length < 4; rest >>= 7) bytes.push((rest & 127) | (bytes.length < 3 ? 128 : 0))
  return bytes
}
