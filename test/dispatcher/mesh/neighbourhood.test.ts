/** With whom a member of a large tree keeps live links, for any members and any order of what happens. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../../src/base/limits.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import { type Member, Neighbourhood } from '../../../src/dispatcher/mesh/neighbourhood.ts'
import { seededRandom } from '../../../src/transport/memory/memory.ts'

const x = (index: number) => `x${index}` as PeerId
const member = (index: number, rest: Partial<Member> = {}): Member => ({
  peer: `p${index}` as PeerId,
  roundTripMs: undefined,
  stays: false,
  shared: false,
  dialable: true,
  ...rest,
})
const members = (count: number, rest: (index: number) => Partial<Member> = () => ({})) =>
  Array.from({ length: count }, (_, index) => member(index, rest(index)))

/** Chooses until there are enough. Returns them with what each was chosen for. */
function filled(all: readonly Member[], seed = 1): Neighbourhood {
  const neighbours = new Neighbourhood(seededRandom(seed))
  neighbours.offer(all)
  while (neighbours.choose(0) !== undefined);
  return neighbours
}

const anyMembers = fc.array(
  fc.record({
    roundTripMs: fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
    stays: fc.boolean(),
    shared: fc.boolean(),
    dialable: fc.boolean(),
  }),
  { maxLength: 80 },
)
const step = fc.record({
  what: fc.constantFrom('choose', 'admit', 'urgent', 'remove', 'fail', 'swap', 'offer'),
  which: fc.nat(79),
})

describe('the neighbours of a member', () => {
  it('are never more than the bound, and no neighbour is passive', () => {
    fc.assert(
      fc.property(anyMembers, fc.array(step, { maxLength: 60 }), fc.nat(), (parts, steps, seed) => {
        const all = parts.map((part, index) => member(index, part))
        const neighbours = new Neighbourhood(seededRandom(seed))
        neighbours.offer(all)
        for (const { what, which } of steps) {
          const { peer } = all[which] ?? member(which)
          const before = neighbours.active.size
          if (what === 'choose') neighbours.choose(0)
          else if (what === 'admit' || what === 'urgent') {
            const answer = neighbours.admit(peer, what === 'urgent')
            assert.equal(answer !== false, neighbours.active.has(peer))
          } else if (what === 'remove') neighbours.remove(peer)
          else if (what === 'fail') neighbours.failed(peer, 0)
          else if (what === 'offer') neighbours.offer(all.slice(which))
          else {
            const swap = neighbours.swap(all, 0)
            if (swap !== undefined) {
              assert.ok(neighbours.active.has(swap.add) && neighbours.active.has(swap.drop))
              neighbours.remove(swap.drop)
            }
          }
          assert.ok(neighbours.active.size <= limits.neighboursMax, `${before} and ${what}`)
          assert.ok(neighbours.passive.length <= limits.passiveNeighbours)
          assert.ok(neighbours.passive.every((each) => !neighbours.active.has(each)))
        }
      }),
    )
  })

  it('are six, of which two are the nearest, one stays, and three are random', () => {
    const all = members(40, (index) => ({
      roundTripMs: index < 20 ? 100 + index : undefined,
      stays: index > 35,
    }))
    const kinds = [...filled(all).active]
    assert.equal(kinds.length, limits.neighbours)
    const of = (wanted: string) => kinds.filter(([, kind]) => kind === wanted).map(([peer]) => peer)
    assert.deepEqual(of('near'), ['p0', 'p1'])
    assert.match(of('stays').join(), /^p3[6-9]$/)
    assert.equal(of('random').length, 3)
  })

  it('are found among members that share other trees first, but not all of them', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const neighbours = filled(
        members(40, (index) => ({ shared: index < 10 })),
        seed,
      )
      const shared = [...neighbours.active.keys()].filter((peer) => Number(peer.slice(1)) < 10)
      assert.ok(shared.length >= limits.neighbours - 1)
    }
    const alone = Array.from({ length: 40 }, (_, seed) =>
      [
        ...filled(
          members(40, (index) => ({ shared: index < 10 })),
          seed + 1,
        ).active.keys(),
      ].filter((peer) => Number(peer.slice(1)) >= 10),
    )
    assert.ok(
      alone.some((others) => others.length > 0),
      'An island.',
    )
  })

  it('take in two more that ask, refuse others, and give an urgent one the place of another', () => {
    const neighbours = filled(members(40))
    assert.deepEqual(neighbours.admit(x(1), false), {})
    assert.deepEqual(neighbours.admit(x(2), false), {})
    assert.equal(neighbours.admit(x(3), false), false)
    const { instead } = neighbours.admit(x(4), true) || {}
    assert.ok(instead !== undefined && !neighbours.active.has(instead))
    assert.ok(neighbours.active.has(x(4)))
    assert.equal(neighbours.active.size, limits.neighboursMax)
  })

  it('that were asked in vain are asked again only when all others were, the first of them first', () => {
    const neighbours = new Neighbourhood(seededRandom(1))
    const all = members(10)
    neighbours.offer(all)
    const ask = (nowMs: number) => {
      const peer = neighbours.choose(nowMs)!
      neighbours.failed(peer, nowMs)
      neighbours.offer(all)
      return peer
    }
    const asked = all.map((_, nowMs) => ask(nowMs))
    assert.equal(new Set(asked).size, all.length)
    assert.equal(ask(all.length), asked[0], 'Nobody else is left.')
  })

  it('that were asked in vain wait, and longer each time, while there are enough others', () => {
    const neighbours = new Neighbourhood(seededRandom(1))
    const [failing] = members(1) as [Member]
    const others = members(1 + limits.neighboursLeast).slice(1)
    neighbours.offer(others)
    while (neighbours.choose(0) !== undefined);
    neighbours.offer([failing, ...others])
    let nowMs = 0
    const pauses: number[] = []
    for (let failure = 0; failure < 12; failure++) {
      assert.equal(neighbours.choose(nowMs), failing.peer)
      neighbours.failed(failing.peer, nowMs)
      neighbours.offer([failing, ...others])
      const begunMs = nowMs
      while (neighbours.choose(nowMs) === undefined) nowMs += 1_000
      neighbours.remove(failing.peer)
      neighbours.offer([failing, ...others])
      pauses.push(nowMs - begunMs)
    }
    assert.deepEqual(
      pauses.slice(0, 3),
      [1, 2, 4].map((times) => times * limits.neighbourPauseMs),
    )
    assert.equal(pauses.at(-1), limits.neighbourPauseCapMs)
    neighbours.pauses.endAll()
    assert.equal(neighbours.choose(nowMs), failing.peer)
  })

  it('are never chosen without an address, and are asked as soon as they have one', () => {
    const neighbours = new Neighbourhood(seededRandom(1))
    const mute = members(10, () => ({ dialable: false }))
    neighbours.offer(mute)
    assert.deepEqual([neighbours.choose(0), neighbours.passive], [undefined, []])
    assert.deepEqual(neighbours.admit(mute[0]!.peer, false), {}, 'It can ask.')
    neighbours.failed(mute[0]!.peer, 0)
    neighbours.offer(mute)
    assert.equal(neighbours.choose(0), undefined)
    neighbours.offer(members(10))
    assert.ok(neighbours.choose(0) !== undefined)
  })

  it('that are no members any more go', () => {
    const all = members(40)
    const neighbours = filled(all)
    const [gone] = neighbours.active.keys()
    assert.deepEqual(neighbours.offer(all.filter(({ peer }) => peer !== gone)), [gone])
    assert.equal(neighbours.active.size, limits.neighbours - 1)
  })

  it('are exchanged: the farthest near one for a nearer member, or else a random one', () => {
    const far = members(40, (index) => ({ roundTripMs: index < 2 ? 200 + index : undefined }))
    const neighbours = filled(far)
    assert.equal(neighbours.active.get(member(1).peer), 'near')
    const nearer = far.map((each) => (neighbours.active.has(each.peer) ? each : { ...each, roundTripMs: 20 }))
    neighbours.offer(nearer)
    const swap = neighbours.swap(nearer, 0)!
    assert.equal(swap.drop, 'p1')
    assert.equal(neighbours.active.get(swap.add), 'near')
    neighbours.remove(swap.drop)
    const random = filled(members(40)).swap(members(40), 0)!
    assert.notEqual(random.add, random.drop)
  })
})
