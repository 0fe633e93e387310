/**
 * Messages that cost far more to parse than their bytes: they are refused before they are parsed, in each format,
 * protocol and compression. What parsing does cost is charged to the caller.
 */
import { strict as assert } from 'node:assert'
import * as http2 from 'node:http2'
import { describe, it } from 'node:test'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { create, toBinary, toJsonString } from '@bufbuild/protobuf'
import { PublicAccess, SignedEntrySchema } from '../../../../gen/causeway/v1/entry_pb.ts'
import { SendEntriesRequestSchema, SyncTreeRequestSchema } from '../../../../gen/causeway/v1/sync_pb.ts'
import { limits } from '../../../../src/base/limits.ts'
import { checkBinary, checkJson } from '../../../../src/rpc/server/body/message-check.ts'
import { limited } from '../../../kit/limited.ts'
import { rawSession, request } from '../../../kit/raw-socket.ts'
import { ServingNode } from '../../../kit/serving-node.ts'

const nested = (depth: number) => `{"x":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
const json = (text: string) => () => checkJson(Buffer.from(text))
const tooMuch = { code: 'LIMIT_EXCEEDED' }
const chunk = {
  lastHeight: 2n ** 60n,
  lastId: new Uint8Array(32).fill(1),
  count: 9,
  fingerprint: new Uint8Array(16).fill(1),
}
const question = create(SyncTreeRequestSchema, {
  tree: new Uint8Array(32).fill(1),
  range: { chunks: Array.from({ length: limits.rangeChunks }, () => chunk) },
})
const emptyEntries = (count: number) =>
  create(SendEntriesRequestSchema, {
    entries: Array.from({ length: count }, () => create(SignedEntrySchema)),
  })

describe('The check of a message', () => {
  it('bounds the depth of JSON, whatever its texts hold', () => {
    json(nested(limits.jsonDepth))()
    assert.throws(json(nested(limits.jsonDepth + 1)), tooMuch)
    assert.throws(json('['.repeat(limits.jsonDepth + 1)), tooMuch)
    const brackets = '['.repeat(100)
    json(`{"a":"${brackets}","b":"\\"${brackets}","c":"\\\\"}`)()
    assert.throws(json(`{"a":"\\\\",${brackets}`), tooMuch)
    json(`{"a":"${brackets}`)()
  })

  it('bounds the parts of JSON and of binary messages', () => {
    json(`[${'1,'.repeat(limits.messageParts - 1)}`)()
    assert.throws(json(`[${'1,'.repeat(limits.messageParts)}`), tooMuch)
    const entries = (count: number) => Buffer.from(toBinary(SendEntriesRequestSchema, emptyEntries(count)))
    checkBinary(SendEntriesRequestSchema, entries(limits.messageParts))
    assert.throws(() => checkBinary(SendEntriesRequestSchema, entries(limits.messageParts + 1)), tooMuch)
  })

  it('counts the fields of inner messages, and of groups that nobody knows', () => {
    const inner = Buffer.alloc(2 * limits.messageParts)
    for (let at = 0; at < inner.length; at += 2) inner[at] = 0x78
    const length = inner.length
    const varint = [(length & 127) | 128, ((length >> 7) & 127) | 128, length >> 14]
    const entry = Buffer.concat([Buffer.from([0x12, ...varint]), inner])
    assert.throws(() => checkBinary(SendEntriesRequestSchema, entry), tooMuch)
    const groups = Buffer.alloc(2 * limits.messageParts, Buffer.from([0x7b, 0x7c]))
    assert.throws(() => checkBinary(SendEntriesRequestSchema, groups), tooMuch)
    // Payloads are only counted as one field, whatever is in them.
    const payload = Buffer.concat([Buffer.from([0x0a, ...varint]), inner])
    checkBinary(SendEntriesRequestSchema, payload)
  })

  it('lets the largest honest messages pass', () => {
    checkJson(Buffer.from(toJsonString(SyncTreeRequestSchema, question)))
    checkBinary(SyncTreeRequestSchema, Buffer.from(toBinary(SyncTreeRequestSchema, question)))
    const page = create(SendEntriesRequestSchema, {
      entries: Array.from({ length: limits.pageEntries }, () => ({
        body: Buffer.alloc(100, 7),
        signature: Buffer.alloc(64, 7),
      })),
    })
    checkJson(Buffer.from(toJsonString(SendEntriesRequestSchema, page)))
    checkBinary(SendEntriesRequestSchema, Buffer.from(toBinary(SendEntriesRequestSchema, page)))
  })

  it('ends at what cannot be parsed', () => {
    for (const bytes of [
      [0x12],
      [0x12, 0xff],
      [0x12, 0xff, 0xff, 0xff, 0xff, 0x0f],
      [0x07],
      Array(30).fill(0xff),
    ])
      checkBinary(SendEntriesRequestSchema, Buffer.from(bytes))
  })
})

const enveloped = (message: Buffer, flags = 0) => {
  const head = Buffer.from([flags, 0, 0, 0, 0])
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

describe('Over the wire', () => {
  const paths = { unary: '/causeway.v1.SyncService/SendEntries', stream: '/causeway.v1.SyncService/SyncTree' }
  const deep = Buffer.from(nested(1_000))
  const many = Buffer.from(toBinary(SendEntriesRequestSchema, emptyEntries(limits.messageParts + 1)))
  const grpc = { ':path': paths.unary, te: 'trailers' }
  const costly: Record<string, [http2.OutgoingHttpHeaders, Buffer]> = {
    JSON: [{ ':path': paths.unary, 'content-type': 'application/json; charset=utf-8' }, deep],
    'JSON in gzip': [
      { ':path': paths.unary, 'content-type': 'application/json', 'content-encoding': 'gzip' },
      gzipSync(deep),
    ],
    'a Connect stream': [
      { ':path': paths.stream, 'content-type': 'application/connect+json' },
      enveloped(deep),
    ],
    'a Connect stream in Brotli': [
      { ':path': paths.stream, 'content-type': 'application/connect+json', 'connect-content-encoding': 'br' },
      enveloped(brotliCompressSync(deep), 1),
    ],
    'gRPC with JSON': [{ ...grpc, 'content-type': 'application/grpc+json' }, enveloped(deep)],
    'gRPC with JSON in gzip': [
      { ...grpc, 'content-type': 'application/grpc+json', 'grpc-encoding': 'gzip' },
      enveloped(gzipSync(deep), 1),
    ],
    'gRPC-web with JSON': [
      { ':path': paths.unary, 'content-type': 'application/grpc-web+json' },
      enveloped(deep),
    ],
    protobuf: [{ ':path': paths.unary, 'content-type': 'application/proto' }, many],
    'protobuf in gzip': [
      { ':path': paths.unary, 'content-type': 'application/proto', 'content-encoding': 'gzip' },
      gzipSync(many),
    ],
    gRPC: [{ ...grpc, 'content-type': 'application/grpc' }, enveloped(many)],
    'gRPC in gzip': [
      { ...grpc, 'content-type': 'application/grpc', 'grpc-encoding': 'gzip' },
      enveloped(gzipSync(many), 1),
    ],
  }

  it('each format, protocol and compression is refused with LIMIT_EXCEEDED', async () => {
    await using serving = await ServingNode.start()
    const session = await rawSession(serving)
    for (const [name, [headers, body]] of Object.entries(costly)) {
      const { text } = await answerOf(session, headers, body)
      assert.match(
        text,
        /(may be|may%20be) ?(%20)?nested|(may have|may%20have)[ %0-9]+fields/,
        `${name}: ${text}`,
      )
    }
    session.close()
    assert.deepEqual(serving.problems, [])
  })

  it('a message beside another is refused before either is parsed', async () => {
    await using serving = await ServingNode.start()
    const session = await rawSession(serving)
    const body = Buffer.concat([enveloped(Buffer.from('{}')), enveloped(deep)])
    const { text } = await answerOf(
      session,
      { ':path': paths.stream, 'content-type': 'application/connect+json' },
      body,
    )
    assert.match(text, /one message/)
    session.close()
  })

  it('a stranger may send less JSON than binary, inflated or not', async () => {
    using _ = limited({ strangerJsonBytes: 1_000 })
    await using serving = await ServingNode.start()
    const tree = Buffer.from(await serving.node.createTree('open', PublicAccess.READ), 'hex').toString(
      'base64',
    )
    const session = http2.connect(serving.address)
    const text = (length: number) => Buffer.from(JSON.stringify({ tree }).padEnd(length))
    const send = (body: Buffer, more: object = {}) =>
      request(
        session,
        { ':path': paths.unary, 'content-type': 'application/json', authorization: undefined, ...more },
        body,
      )
    assert.equal((await send(text(1_000))).status, 200)
    for (const answer of [
      await send(text(1_001)),
      await send(gzipSync(text(1_001)), { 'content-encoding': 'gzip' }),
    ])
      assert.match(answer.body, /"LIMIT_EXCEEDED"|at most 1000 bytes/)
    // The node's operator may send more.
    const own = await rawSession(serving)
    const headers = { ':path': paths.unary, 'content-type': 'application/json' }
    assert.equal((await request(own, headers, '{}')).status, 400)
    assert.doesNotMatch((await request(own, headers, text(1_001))).body, /at most/)
    session.close()
    own.close()
  })

  it('what inflates counts as bytes of the request', async () => {
    using _ = limited({ strangerRequestBytes: 10_000 })
    await using serving = await ServingNode.start()
    const session = http2.connect(serving.address)
    const headers = {
      ':path': paths.unary,
      'content-type': 'application/proto',
      authorization: undefined,
      'content-encoding': 'gzip',
    }
    const answer = await request(session, headers, gzipSync(Buffer.alloc(20_000, 0x78)))
    assert.match(answer.body, /too many bytes of requests/)
    session.close()
  })

  it('the time to parse is charged, also for a message that turns out to be malformed', async () => {
    using _ = limited({ strangerWorkBurstMs: 0.01, strangerWorkMsPerSecond: 0.000_001 })
    await using serving = await ServingNode.start()
    const session = http2.connect(serving.address)
    const headers = { ':path': paths.unary, 'content-type': 'application/json', authorization: undefined }
    const body = `{"entries":[${'{},'.repeat(10_000)}`
    assert.match((await request(session, headers, body)).body, /"INVALID_ARGUMENT"|cannot decode/)
    const { body: refusal } = await request(session, headers, '{}')
    assert.match(refusal, /too much work done/)
    session.close()
  })
})

/** Returns an answer's body with its headers and trailers, wherever the protocol puts an error. */
async function answerOf(session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders, body: Buffer) {
  const stream = session.request({ ':method': 'POST', ...headers })
  let text = ''
  stream.on('error', () => {})
  for (const event of ['response', 'trailers']) stream.on(event, (fields) => (text += JSON.stringify(fields)))
  stream.on('data', (data) => (text += data))
  stream.end(body)
  await new Promise((resolve) => stream.once('close', resolve))
  return { text }
}
