/** A request's body takes as much memory as it has bytes, in whatever pieces it comes and whatever its headers say. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { SendEntriesRequestSchema } from '../../../../gen/causeway/v1/sync_pb.ts'
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
    for await (const bytes of requestBody(binary(), chunks, SendEntriesRequestSchema, freePayer))
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
    requestBody({ header }, nothing(), SendEntriesRequestSchema, freePayer)
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
      requestBody(headers, chunks(), SendEntriesRequestSchema, freePayer),
      'LIMIT_EXCEEDED',
      'ResourceExhausted',
    )
    assert.equal(read, false)
  })
})
