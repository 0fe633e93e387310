/** Token buckets: what a key may spend at once, what it earns back, and that many keys take little memory. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { Buckets } from '../../src/base/token-bucket.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const open = (keys = 100) => {
  const clock = new VirtualClock()
  return { clock, buckets: new Buckets({ clock, burst: 10, perSecond: 2, keys }) }
}

it('allows a burst, then what is earned, and returns the time until then', async () => {
  const { clock, buckets } = open()
  for (let count = 0; count < 10; count++) assert.equal(buckets.take('a'), 0)
  assert.equal(buckets.take('a'), 500)
  assert.equal(buckets.take('a', 4), 2000)
  assert.equal(buckets.take('b'), 0)
  await clock.advance(250)
  assert.equal(buckets.take('a'), 250)
  await clock.advance(250)
  assert.equal(buckets.take('a'), 0)
  // No more than a burst is ever saved.
  await clock.advance(1e6)
  assert.equal(buckets.take('a', 11), 500)
  assert.equal(buckets.take('a', 10), 0)
})

it('remembers work beyond the burst as a debt', async () => {
  const { clock, buckets } = open()
  buckets.charge('a', 30)
  assert.equal(buckets.debtMs('a'), 10_000)
  await clock.advance(10_000)
  assert.deepEqual([buckets.debtMs('a'), buckets.take('a')], [0, 500])
})

it('forgets the least recently used key', () => {
  const { buckets } = open(3)
  for (const key of ['a', 'b', 'c']) buckets.charge(key, 11)
  assert.ok(buckets.take('a') > 0)
  buckets.take('d')
  assert.equal(buckets.size, 3)
  assert.ok(buckets.take('a') > 0, 'seen lately')
  assert.equal(buckets.take('b'), 0, 'forgotten')
})
