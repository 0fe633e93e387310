/** The record that a node issues of itself: later ones always have a greater sequence, and two nodes with one key stop. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { readRecord } from '../../../src/find/record.ts'
import { OwnRecord } from '../../../src/node/reach/own-record.ts'
import { testIdentity } from '../../kit/entries.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

function opened() {
  const clock = new VirtualClock()
  const at = { addresses: ['http://8.8.8.8:80'] }
  const own = new OwnRecord({ identity: testIdentity(1), clock, addresses: () => at.addresses })
  const sequence = async (near = false) => (await readRecord(own.issue(near))).sequence
  return { clock, at, own, sequence }
}

describe('The own record', () => {
  it('is issued again when the addresses change, and when half its time is over', async () => {
    const { clock, at, own, sequence } = opened()
    const first = own.issue(false)
    assert.equal(own.issue(false), first)
    at.addresses = ['http://9.9.9.9:80']
    assert.ok((await sequence()) > (await readRecord(first)).sequence)
    const second = own.issue(false)
    await clock.advance((limits.recordOwnTtlSeconds * 1_000) / 2)
    assert.notEqual(own.issue(false), second)
  })

  it('goes after a later one that peers show, as after a restored backup or when the clock was set back', async () => {
    const { clock, own, sequence } = opened()
    const ahead = clock.now() + 3_600_000
    assert.equal(own.saw(ahead), true)
    assert.equal(await sequence(), ahead + 1)
    assert.equal(own.saw(ahead), false, 'it is out of date now')
    assert.equal(own.saw(ahead + 1), false, 'it is ours')
    clock.skewMs = -86_400_000
    assert.equal(await sequence(true), ahead + 2)
  })

  it('fights with that of another node with the same key three times in a minute, and then no more', async () => {
    const { clock, own, sequence } = opened()
    for (let turn = 1; turn < limits.recordTwinTimes; turn++) {
      assert.equal(own.saw((await sequence()) + 100), true)
      await clock.advance(1_000)
    }
    assert.equal(own.runsTwice, false)
    const last = await sequence()
    assert.equal(own.saw(last + 100), false)
    assert.equal(own.runsTwice, true)
    assert.equal(await sequence(), last)
    await clock.advance(limits.recordTwinPauseMs)
    assert.equal(own.runsTwice, false)
    assert.ok((await sequence()) > last + 100)
  })

  it('may be overtaken now and then', async () => {
    const { clock, own, sequence } = opened()
    for (let turn = 0; turn < 10; turn++) {
      assert.equal(own.saw((await sequence()) + 1), true)
      await clock.advance(limits.recordTwinMs / 2 + 1)
    }
  })

  it('names as many addresses as fit', async () => {
    const { at, own } = opened()
    at.addresses = Array.from({ length: 40 }, (_, index) => `http://${'a'.repeat(400)}${index}.example:1`)
    const signed = own.issue(false)
    assert.ok(signed.record.length <= limits.recordBytes)
    assert.equal((await readRecord(signed)).addresses.length, 9)
  })
})
