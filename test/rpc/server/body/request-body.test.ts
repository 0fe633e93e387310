/** A request's body takes as much memory as it has bytes, in whatever pieces it comes and whatever its headers say. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { Code } from '@connectrpc/connect'
import fc from 'fast-check'
import { SyncService } from '../../../../gen/causeway/v1/sync_pb.ts'
import { ServerReflection } from '../../../../gen/grpc/reflection/v1/reflection_pb.ts'
import { systemClock } from '../../../../src/base/clock.ts'
import { limits } from '../../../../src/base/limits.ts'
import { freePayer, requestBody } from '../../../../src/rpc/server/body/request-body.ts'
import type { HttpRequest } from '../../../../src/rpc/server/http-call.ts'
import { inTime } from '../../../../src/rpc/server/in-time.ts'
import { memoryHeld } from '../../../kit/memory.ts'
import { fails } from '../../../kit/rpc-errors.ts'

const request = { complete: false } as HttpRequest
const binary = (headers: Record<string, string> = {}) => ({
  header: new Headers({ 'content-type': 'application/proto', ...headers }),
})

/** One field of so many bytes that no message of ours has. */
function unknownField(bytes: number): Buffer {
  const length = [(bytes & 127) | 128, ((bytes >> 7) & 127) | 128, bytes >> 14]
  return Buffer.concat([Buffer.from([122, ...length]), Buffer.alloc(bytes)])
}

describe('A body that comes byte by byte', () => {
  const message = unknownField(100_000)

  async function* drip(onLast: () => void) {
    for (let at = 0; at < message.length; at++) yield message.subarray(at, at + 1)
    onLast()
  }

  it('is held as its bytes, not as its pieces', async () => {
    const before = memoryHeld().heap
    let held = 0
    const chunks = inTime(
      request,
      drip(() => (held = memoryHeld().heap - before)),
      systemClock,
      () => {},
    )
    const whole: Uint8Array[] = []
    for await (const bytes of requestBody(binary(), chunks, SyncService.method.sendEntries, freePayer))
      whole.push(bytes)
    assert.equal(whole.length, 1)
    assert.ok(message.equals(whole[0]!))
    // Some 480 bytes a piece would be 48 MB.
    assert.ok(held < 100 * message.length, `${held} bytes`)
  })
})

describe('A body that is announced', () => {
  it('takes no memory before it comes, in Connect either', async () => {
    const { header } = binary({ 'content-length': String(limits.messageBytes) })
    async function* nothing(): AsyncGenerator<Uint8Array> {}
    requestBody({ header }, nothing(), SyncService.method.sendEntries, freePayer)
    assert.equal(header.get('content-length'), null)
  })

  it('is refused unread if it would be too large', async () => {
    let read = false
    async function* chunks() {
      read = true
      yield new Uint8Array(1)
    }
    const headers = binary({ 'content-length': String(limits.messageBytes + 1) })
    await fails(
      requestBody(headers, chunks(), SyncService.method.sendEntries, freePayer),
      'LIMIT_EXCEEDED',
      'ResourceExhausted',
    )
    assert.equal(read, false)
  })
})

describe('A stream of requests', () => {
  const { serverReflectionInfo } = ServerReflection.method
  const header = () => ({ header: new Headers({ 'content-type': 'application/grpc' }) })
  const envelope = (message: Uint8Array, flags = 0) => {
    const head = Buffer.from([flags, 0, 0, 0, 0])
    head.writeUInt32BE(message.length, 1)
    return Buffer.concat([head, message])
  }
  async function take(chunks: readonly Uint8Array[], headers = header()): Promise<string[]> {
    const taken: string[] = []
    async function* all() {
      yield* chunks
    }
    for await (const bytes of requestBody(headers, all(), serverReflectionInfo, freePayer))
      taken.push(Buffer.from(bytes).toString('hex'))
    return taken
  }

  it('comes message by message, however its bytes are cut', () => {
    const message = fc.uint8Array({ maxLength: 40 })
    return fc.assert(
      fc.asyncProperty(fc.array(message), fc.array(fc.nat({ max: 200 })), async (messages, cuts) => {
        const envelopes = messages.map((bytes) => envelope(unknownField(bytes.length)))
        const whole = Buffer.concat(envelopes)
        const ends = [...new Set(cuts.filter((cut) => cut < whole.length))].sort((a, b) => a - b)
        const chunks = [...ends, whole.length].map((end, index) => whole.subarray(ends[index - 1] ?? 0, end))
        assert.deepEqual(
          await take(chunks),
          envelopes.map((bytes) => bytes.toString('hex')),
        )
      }),
    )
  })

  it('yields a message before the next one comes', async () => {
    async function* chunks() {
      yield envelope(unknownField(1))
      assert.fail('More was read.')
    }
    const body = requestBody(header(), chunks(), serverReflectionInfo, freePayer)
    assert.equal((await body[Symbol.asyncIterator]().next()).done, false)
  })

  it('is inflated message by message, within the bound of each', async () => {
    const zipped = (bytes: number) => envelope(gzipSync(unknownField(bytes)), 1)
    const headers = () => ({
      header: new Headers({ 'content-type': 'application/grpc', 'grpc-encoding': 'gzip' }),
    })
    const plain = envelope(unknownField(9)).toString('hex')
    assert.deepEqual(await take([zipped(9), zipped(9)], headers()), [plain, plain])
    const most = limits.streamedRequestBytes
    for (const large of [envelope(unknownField(most)), envelope(Buffer.alloc(0)).fill(0xff, 1)])
      await assert.rejects(take([large]), { code: Code.ResourceExhausted })
    await assert.rejects(take([zipped(most)], headers()), { code: Code.ResourceExhausted })
  })

  it('that is cut short is left to the protocol, which refuses it', async () => {
    const cut = envelope(unknownField(9)).subarray(0, 8)
    assert.deepEqual(await take([cut]), [cut.toString('hex')])
  })
})
