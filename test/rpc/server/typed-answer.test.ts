/**
 * Errors that Connect itself answers with also carry the typed detail, in every protocol and for every kind of call.
 */
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import { fromBinary } from '@bufbuild/protobuf'
import { findTrailerError } from '@connectrpc/connect/protocol-grpc'
import { ErrorDetailSchema } from '../../../gen/causeway/v1/error_pb.ts'
import { rawSession } from '../../kit/raw-socket.ts'
import { ServingNode } from '../../kit/serving-node.ts'

const getTree = '/causeway.v1.TreeService/GetTree'
const syncTree = '/causeway.v1.SyncService/SyncTree'

/** A message in an envelope. */
function framed(message: Buffer, flag = 0): Buffer {
  const head = Buffer.alloc(5)
  head[0] = flag
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** The code of the detail in a Connect error. */
function codeOf({ details }: { details?: { value: string }[] }): string | undefined {
  return details?.map(({ value }) => fromBinary(ErrorDetailSchema, Buffer.from(value, 'base64')).code)[0]
}

describe('An error of Connect itself', () => {
  let serving: ServingNode
  before(async () => {
    serving = await ServingNode.start()
  })
  after(() => serving[Symbol.asyncDispose]())

  const ask = async (path: string, headers: object, body: Buffer) => {
    const session = await rawSession(serving)
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      authorization: await serving.authorization(),
      ...headers,
    })
    let trailers = new Headers()
    stream.on('trailers', ({ ...all }) => {
      trailers = new Headers(
        Object.entries(all).map(([name, value]) => [name, String(value)] as [string, string]),
      )
    })
    stream.end(body)
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    session.close()
    return { bytes: Buffer.concat(chunks), trailers }
  }

  const broken = Buffer.from([0x0a, 0x7f, 1])
  const wrong: [string, object, Buffer, string][] = [
    ['a message that is none', {}, broken, 'INVALID_ARGUMENT'],
    ['a message that is too large', {}, Buffer.alloc(5_000_000), 'LIMIT_EXCEEDED'],
    [
      'a deadline that is none',
      { 'connect-timeout-ms': 'x', 'grpc-timeout': 'x' },
      Buffer.alloc(0),
      'INVALID_ARGUMENT',
    ],
  ]
  for (const [name, headers, body, code] of wrong) {
    it(`is typed for ${name}, unary`, async () => {
      const { bytes } = await ask(getTree, { 'content-type': 'application/proto', ...headers }, body)
      assert.equal(codeOf(JSON.parse(String(bytes))), code)
    })
    it(`is typed for ${name}, in a stream`, async () => {
      const type = { 'content-type': 'application/connect+proto' }
      const { bytes } = await ask(syncTree, { ...type, ...headers }, framed(body))
      assert.equal(bytes[0], 2)
      assert.equal(codeOf(JSON.parse(String(bytes.subarray(5))).error), code)
    })
    it(`is typed for ${name}, with gRPC`, async () => {
      for (const path of [getTree, syncTree]) {
        const { trailers } = await ask(path, { 'content-type': 'application/grpc', ...headers }, framed(body))
        assert.equal(findTrailerError(trailers)!.findDetails(ErrorDetailSchema)[0]?.code, code)
      }
    })
  }

  it('is typed for a badly compressed message', async () => {
    const encoded = { 'content-type': 'application/proto', 'content-encoding': 'gzip' }
    const { bytes } = await ask(getTree, encoded, randomBytes(40))
    assert.equal(codeOf(JSON.parse(String(bytes))), 'INVALID_ARGUMENT')
    const other = { 'content-type': 'application/proto', 'content-encoding': 'lzma' }
    const answer = await ask(getTree, other, Buffer.alloc(1))
    assert.equal(codeOf(JSON.parse(String(answer.bytes))), 'UNIMPLEMENTED')
  })
})
