/** The address records that are kept: the latest of each peer and scope, durable and bounded. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PeerId } from '../../src/dag/identity.ts'
import { AddressRecords, type KeptRecord, signedBytes } from '../../src/peer/address-records.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { limited } from '../kit/limited.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const peerOf = (index: number) => index.toString(16).padStart(64, '0') as PeerId

async function opened(preferred: readonly PeerId[] = [], db = openMemory()) {
  const clock = new VirtualClock()
  const kept = (sequence: number, more: Partial<KeptRecord> = {}): KeptRecord => ({
    ...{ sequence, ttlSeconds: 60, near: false, seen: 'everywhere', addresses: [] },
    ...{ expiresMs: clock.now() + 60_000, record: 'AQI=', signature: 'Aw==', ...more },
  })
  const open = async () => AddressRecords.open(await db, clock, (peer) => preferred.includes(peer))
  return { clock, kept, open, records: await open() }
}

describe('The records of peers', () => {
  it('are the latest of each scope, also if two come at once, and outlive the node', async () => {
    const { records, kept, open } = await opened()
    const results = await Promise.all([5, 7, 6].map((sequence) => records.keep(peerOf(1), kept(sequence))))
    assert.deepEqual(results, [true, true, false])
    assert.equal(await records.keep(peerOf(1), kept(7)), false)
    assert.equal(await records.keep(peerOf(1), kept(9, { near: true })), true)
    for (const each of [records, await open()]) {
      assert.deepEqual(
        each.of(peerOf(1)).map(({ sequence }) => sequence),
        [9, 7],
      )
      assert.equal(each.get(peerOf(1), false)!.sequence, 7)
      assert.deepEqual(signedBytes(each.get(peerOf(1), true)!), {
        record: Buffer.from([1, 2]),
        signature: Buffer.from([3]),
      })
    }
  })

  it('do not hold after their time, and are dropped when the node opens', async () => {
    const { clock, records, kept, open } = await opened()
    await records.keep(peerOf(1), kept(5))
    await clock.advance(60_000)
    assert.deepEqual(records.of(peerOf(1)), [])
    // It is still known that an old one is old.
    assert.equal(await records.keep(peerOf(1), kept(4)), false)
    assert.equal((await open()).size, 0)
  })

  it('are bounded: those that expire first go, and those of peers that are not in the book before', async () => {
    using _ = limited({ recordsKept: 3 })
    const { clock, records, kept, open } = await opened([peerOf(1)])
    for (const index of [1, 2, 3, 4])
      await records.keep(peerOf(index), kept(1, { expiresMs: clock.now() + 1_000 * index }))
    const held = (all: AddressRecords) => [1, 2, 3, 4, 5].filter((index) => all.of(peerOf(index)).length > 0)
    assert.deepEqual(held(records), [1, 3, 4])
    await clock.advance(3_500)
    await records.keep(peerOf(5), kept(1))
    assert.deepEqual(held(records), [4, 5])
    assert.deepEqual(held(await open()), [4, 5])
  })
})
