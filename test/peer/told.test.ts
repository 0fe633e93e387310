/** What a peer tells of its own addresses: beside those that were given, never in their place, and dialled after them. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import { dialOrder, PeerBook } from '../../src/peer/book.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const { peer } = testIdentity(1)
const hosts = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => `http://${name}${index}.example:1`)

async function opened(given: readonly string[] = ['http://given.example:1']) {
  const clock = new VirtualClock()
  const book = await PeerBook.open(await openMemory(), clock)
  await book.add(peer, { addresses: given })
  const tell = (addresses: readonly string[], sequence: number, ttlMs = 3_600_000) =>
    book.tell(peer, { addresses, sequence, expiresMs: clock.now() + ttlMs })
  const order = () => dialOrder(book.get(peer)!, clock.now())
  return { clock, book, tell, order }
}

describe('An address that a peer tells', () => {
  it('is dialled after those that were given, and before them once it worked last', async () => {
    const { clock, book, tell, order } = await opened()
    assert.equal(await tell(['http://told.example:1'], 1), true)
    assert.deepEqual(order(), ['http://given.example:1', 'http://told.example:1'])
    await book.note(peer, 'http://told.example:1', true)
    assert.deepEqual(order(), ['http://told.example:1', 'http://given.example:1'])
    await clock.advance(1_000)
    await book.note(peer, 'http://given.example:1', true)
    assert.deepEqual(order(), ['http://given.example:1', 'http://told.example:1'])
  })

  it('takes the place of those that it told before, and a record that is out of date changes nothing', async () => {
    const { tell, order } = await opened()
    await tell(['http://a.example:1', 'http://b.example:1'], 5)
    assert.equal(await tell(['http://b.example:1'], 6), false, 'nothing is new')
    assert.deepEqual(order(), ['http://given.example:1', 'http://b.example:1'])
    for (const old of [5, 1]) assert.equal(await tell(['http://old.example:1'], old), false)
    assert.deepEqual(order(), ['http://given.example:1', 'http://b.example:1'])
    await tell([], 7)
    assert.deepEqual(order(), ['http://given.example:1'])
  })

  it('never pushes out one that was given', async () => {
    const given = hosts('given', limits.dialAddresses - 2)
    const { book, tell, order } = await opened(given)
    await tell(hosts('told', limits.dialAddresses), 1)
    assert.deepEqual(order().slice(0, given.length), given)
    assert.equal(order().length, limits.dialAddresses)
    await book.add(peer, { addresses: ['http://more.example:1', 'http://told0.example:1'] })
    for (const each of given) assert.ok(order().includes(each), each)
    // One that was told and is then given stays, whatever the peer tells.
    await tell([], 2)
    assert.ok(order().includes('http://told0.example:1'))
    assert.equal(order().length, limits.dialAddresses)
  })

  it('is forgotten when its record expires, and if it never worked is tried some times, then once in five minutes', async () => {
    const { clock, book, tell, order } = await opened([])
    await tell(['http://victim.example:80'], 1, 3_600_000)
    const dials: number[] = []
    for (let minutes = 0; minutes < 60; minutes++) {
      if (order().length > 0) {
        dials.push(minutes)
        await book.note(peer, 'http://victim.example:80', false)
      }
      await clock.advance(60_000)
    }
    assert.deepEqual(dials, [0, 1, 2, 3, 8, 13, 18, 23, 28, 33, 38, 43, 48, 53, 58])
    assert.deepEqual(order(), [])
  })

  it('stays slow if the peer names others or none in between, and these are tried once', async () => {
    const { clock, book, tell, order } = await opened([])
    const [first, second] = ['http://first.example:80', 'http://second.example:80']
    await tell([first], 1)
    for (let tries = 0; tries < limits.toldTries; tries++) {
      assert.deepEqual(order(), [first])
      await book.note(peer, first, false)
    }
    assert.deepEqual(order(), [])
    await tell([], 1)
    await tell([second], 2)
    assert.deepEqual(order(), [second])
    await book.note(peer, second, false)
    assert.deepEqual(order(), [])
    await tell([first], 3)
    assert.deepEqual(order(), [])
    await clock.advance(limits.toldRetryMs)
    assert.deepEqual(order(), [first])
    // Once one has worked, further ones are tried as at first.
    await book.note(peer, first, true)
    await tell(['http://third.example:80'], 4)
    await book.note(peer, 'http://third.example:80', false)
    assert.deepEqual(order(), ['http://third.example:80'])
  })

  it('is remembered as slow in bounds', async () => {
    using _ = limited({ toldForgotten: 1, toldTries: 1 })
    const { book, tell, order } = await opened([])
    for (const [index, name] of ['a', 'b'].entries()) {
      await tell([`http://${name}.example:80`], index + 1)
      await book.note(peer, `http://${name}.example:80`, false)
    }
    await tell([], 3)
    await tell(['http://a.example:80', 'http://b.example:80'], 4)
    assert.deepEqual(order(), ['http://a.example:80'])
  })

  it('outlives the node, with what was known of it', async () => {
    const db = await openMemory()
    const clock = new VirtualClock()
    const book = await PeerBook.open(db, clock)
    await book.add(peer)
    await book.tell(peer, {
      addresses: ['http://a.example:1', 'nonsense'],
      sequence: 3,
      expiresMs: clock.now() + 1_000,
    })
    const again = await PeerBook.open(db, clock)
    assert.deepEqual(again.list(), book.list())
    assert.deepEqual(dialOrder(again.get(peer)!, clock.now()), ['http://a.example:1'])
    assert.equal(await again.tell(peer, { addresses: [], sequence: 3, expiresMs: 0 }), false)
  })
})
