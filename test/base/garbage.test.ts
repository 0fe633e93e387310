/** The garbage of pages is collected once per so many bytes, in either direction, and never if the process may not. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { discard, takenGarbage } from '../../src/base/garbage.ts'
import { limits } from '../../src/base/limits.ts'
import { writePage, writeSendRequest } from '../../src/rpc/packed.ts'
import { shapes } from '../kit/entries.ts'
import { openPeer } from '../kit/peers.ts'

const { gc } = globalThis
let collections: unknown[] = []

beforeEach(() => {
  collections = []
  globalThis.gc = ((options: unknown) => {
    collections.push(options)
  }) as NodeJS.GCFunction
  // Start right after a collection.
  discard(limits.garbageBytes, 1)
  assert.deepEqual(collections.splice(0), [{ type: 'minor' }])
})

afterEach(() => {
  globalThis.gc = gc
})

test('is collected by its bytes, and then counted from 0', () => {
  const page = Math.ceil(limits.garbageBytes / takenGarbage / 10)
  for (let count = 1; count <= 30; count++) {
    discard(page, takenGarbage)
    assert.equal(collections.length, Math.floor(count / 10), `after ${count}`)
  }
})

test('of received and of sent pages counts', async () => {
  const entries = shapes.linear(200)
  const signed = entries.map((entry) => entry.signed)
  const bytes = signed.reduce((sum, { body, signature }) => sum + body.length + signature.length, 0)
  const untilCollected = async (once: () => unknown) => {
    let times = 0
    for (; collections.length === 0 && times * bytes < limits.garbageBytes; times++) await once()
    collections = []
    return times * bytes
  }
  const sent = await untilCollected(() => writePage({ entries: signed, more: false }, false))
  assert.ok(sent > limits.garbageBytes / 10 && sent < limits.garbageBytes, `${sent} bytes`)
  assert.equal(await untilCollected(() => writeSendRequest(entries[0]!.id, signed)), sent)
  await using peer = await openPeer(entries)
  const taken = await untilCollected(() => peer.ingest.page(entries[0]!.id, signed))
  assert.ok(taken > limits.garbageBytes / 20 && taken < sent, `${taken} bytes`)
})

test('is left to V8 if the process may not collect it', () => {
  globalThis.gc = undefined
  discard(limits.garbageBytes, 1)
  assert.deepEqual(collections, [])
})
