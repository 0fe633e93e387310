/** Which neighbours send entries, and which only say what is new. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../../src/base/limits.ts'
import type { EntryId } from '../../../src/dag/id.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import { isYoung, Spread } from '../../../src/dispatcher/mesh/spread.ts'

const [a, b, c, other] = ['a', 'b', 'c', 'other'] as unknown as PeerId[] as [PeerId, PeerId, PeerId, PeerId]
const [t, u] = ['t', 'u'] as unknown as EntryId[] as [EntryId, EntryId]

/** An entry comes from a neighbour after it came over a path of the same length. */
const twice = (spread: Spread, peer: PeerId) => spread.cameTwice({ peer, hops: 1 }, { peer: other, hops: 1 })

describe('the direction from a neighbour', () => {
  it('is eager at first, lazy when an entry came twice, and eager when its tips were missing', () => {
    const spread = new Spread()
    assert.equal(spread.isLazy(a), false)
    assert.equal(twice(spread, a), a)
    assert.equal(spread.isLazy(a), true)
    assert.equal(twice(spread, a), undefined, 'It is lazy already.')
    spread.announce(a, [t], 0)
    spread.graft(a, limits.lazyWaitMs)
    assert.equal(spread.isLazy(a), false)
    twice(spread, a)
    spread.forget(a)
    assert.equal(spread.isLazy(a), false)
  })

  it('is lazy for the first of two that brought an entry, if the second has the shorter path', () => {
    const spread = new Spread()
    assert.equal(spread.cameTwice({ peer: a, hops: 2 }, { peer: b, hops: 3 }), b)
    assert.equal(spread.isLazy(a), false)
    assert.equal(spread.cameTwice({ peer: a, hops: 3 }, { peer: c, hops: 3 }), a)
  })

  it('waits for what was announced, and asks one neighbour after the other', () => {
    const spread = new Spread()
    assert.equal(spread.dueMs, Number.POSITIVE_INFINITY)
    spread.announce(a, [t], 0)
    spread.announce(b, [t], 10)
    spread.announce(a, [u], 400)
    assert.equal(spread.dueMs, limits.lazyWaitMs)
    assert.deepEqual(spread.due(limits.lazyWaitMs - 1), [])
    assert.deepEqual(
      spread.due(1_000).map(({ peer, tips }) => [peer, ...tips]),
      [
        [a, u],
        [b, t],
      ],
    )
    spread.graft(a, 1_000)
    assert.equal(spread.dueMs, 1_000 + limits.lazyWaitMs)
    spread.settle(b)
    assert.equal(spread.dueMs, Number.POSITIVE_INFINITY)
  })

  it('ends eager wherever something is missing, whatever happened before', () => {
    const happening = fc.record({
      peer: fc.constantFrom(a, b, c),
      what: fc.constantFrom('twice', 'announce', 'settle', 'graft', 'forget'),
    })
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (steps) => {
        const spread = new Spread()
        let now = 0
        for (const { peer, what } of steps) {
          now += 100
          if (what === 'twice') twice(spread, peer)
          else if (what === 'announce') spread.announce(peer, [t], now)
          else if (what === 'settle') spread.settle(peer)
          else if (what === 'forget') spread.forget(peer)
          else spread.graft(peer, now)
        }
        spread.announce(a, [t], now)
        // Each turn fetches from one neighbour, so three are enough.
        for (let turn = 0; turn < 3 && spread.dueMs < Number.POSITIVE_INFINITY; turn++) {
          now = spread.dueMs
          spread.graft(spread.due(now)[0]!.peer, now)
        }
        assert.equal(spread.dueMs, Number.POSITIVE_INFINITY)
        assert.equal(spread.isLazy(a), false)
      }),
    )
  })
})

describe('a young entry', () => {
  it('goes to all neighbours until a quarter of the members have it', () => {
    const steps = (members: number) => [0, 1, 2, 3, 4, 5].filter((hops) => isYoung(hops, members)).at(-1)
    assert.equal(steps(9), 0)
    assert.equal(steps(100), 1)
    assert.equal(steps(300), 2)
    assert.equal(steps(1_000), 3)
    assert.ok(!isYoung(Number.MAX_SAFE_INTEGER, 4_096))
  })
})
