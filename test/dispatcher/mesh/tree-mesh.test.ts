/** The neighbours of one tree over time: who loses a place when, and how soon those who can be heard have it. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import type { Member } from '../../../src/dispatcher/mesh/neighbourhood.ts'
import { type Hearing, TreeMesh } from '../../../src/dispatcher/mesh/tree-mesh.ts'
import { seededRandom } from '../../../src/transport/memory/memory.ts'

const members = (count: number): Member[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ peer: `p${index}` as PeerId, roundTripMs: undefined, stays: false, shared: false, dialable: true },
  }))
const heard: Hearing = { heard: true, failed: false, shut: false, roundTripMs: undefined }
const silent: Hearing = { ...heard, heard: false }
const shut: Hearing = { ...silent, shut: true }

describe('the neighbours of a tree', () => {
  it('are found soon among many members that were revoked, which are seldom asked again', () => {
    const all = members(48)
    const good = new Set(all.slice(0, limits.neighbours).map(({ peer }) => peer))
    const mesh = new TreeMesh(0, seededRandom(1))
    const asked = new Map<PeerId, number>()
    const hearing = (peer: PeerId) => (good.has(peer) ? heard : shut)
    const found = () => [...mesh.neighbours.active.keys()].filter((peer) => good.has(peer)).length
    let nowMs = 0
    let foundMs = 0
    for (; nowMs < limits.neighbourSwapMs / 2; nowMs += limits.meshTickMs) {
      const before = new Set(mesh.neighbours.active.keys())
      mesh.step(all, hearing, nowMs)
      for (const peer of mesh.neighbours.active.keys())
        if (!before.has(peer) && !good.has(peer)) asked.set(peer, (asked.get(peer) ?? 0) + 1)
      if (found() < limits.neighbours) foundMs = nowMs + limits.meshTickMs
    }
    // Each place of one that was revoked is free at the next look: 42 of them, six at a time at first, one in the end.
    assert.ok(foundMs <= 20 * limits.meshTickMs, `after ${foundMs} ms`)
    assert.ok(Math.max(...asked.values()) <= 3, 'Each failure doubles the pause.')
  })

  it('lose their place at once when they are revoked, and after some time when they are silent', () => {
    const all = members(limits.neighbours)
    const mesh = new TreeMesh(0, seededRandom(1))
    mesh.step(all, () => heard, 0)
    mesh.step(all, () => heard, 1)
    const [gone, quiet] = [all[0]!.peer, all[1]!.peer]
    const hearing = (peer: PeerId) => (peer === gone ? shut : peer === quiet ? silent : heard)
    mesh.step(all, hearing, 2)
    assert.deepEqual([mesh.isNeighbour(gone), mesh.isNeighbour(quiet)], [false, true])
    mesh.step(all, hearing, 2 + limits.neighbourLostMs)
    assert.equal(mesh.isNeighbour(quiet), false)
  })

  it('do not take up one again that is silent and has no address', () => {
    const all = members(limits.neighbours).map((member, index) => ({ ...member, dialable: index > 0 }))
    const [mute] = all as [Member]
    const mesh = new TreeMesh(0, seededRandom(1))
    mesh.neighbours.adopt(mute.peer)
    const hearing = (peer: PeerId) => (peer === mute.peer ? silent : heard)
    const held: boolean[] = []
    for (let tick = 0; tick < 8; tick++) {
      mesh.step(all, hearing, tick * limits.neighbourAskMs)
      held.push(mesh.isNeighbour(mute.peer))
    }
    assert.deepEqual(held, [true, ...Array.from({ length: 7 }, () => false)])
    mesh.step(members(limits.neighbours), () => heard, 9 * limits.neighbourPauseCapMs)
    assert.ok(mesh.isNeighbour(mute.peer), 'It has an address now.')
  })
})
