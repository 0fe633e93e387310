/**
 * The bounds of a policy, each exceeded: tips, and entries, revocations, links and names below one entry, and grants that
 * support a right.
 */
import assert from 'node:assert/strict'
import { it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { type Entry, signEntry } from '../../../src/dag/entry.ts'
import type { EntryId } from '../../../src/dag/id.ts'
import type { Identity } from '../../../src/dag/identity.ts'
import { TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { admin, grant, LoosePolicy, nothing, policyChange, revoke } from '../../kit/policy.ts'

const [root, ada] = [testIdentity(0), testIdentity(1)]

function verdict(policy: LoosePolicy, entry: Entry): string {
  try {
    policy.take(entry)
    return 'taken'
  } catch (error) {
    assert.ok(error instanceof CausewayError, String(error))
    return error.code
  }
}

/** Returns a key that nobody has. */
const key = (n: number) => ({ peer: n.toString(16).padStart(64, '0') }) as Identity

it(`an entry stands on at most ${limits.entryPolicies} tips of the policy`, () => {
  const tree = new TreeBuilder()
  const policy = new LoosePolicy()
  policy.take(tree.root)
  const tips = Array.from({ length: limits.entryPolicies + 1 }, (_, index) => {
    const tip = tree.add([tree.root], { changes: policyChange([grant(key(index), admin)]) })
    policy.take(tip)
    return tip
  })
  assert.equal(verdict(policy, tree.add(tips.slice(1))), 'taken')
  // An entry that named all of them would not even decode, so this one names as many as it may.
  const draft = { tree: tree.root.id, parents: tips.map(({ id }) => id), height: 2, createdAtMs: 1 }
  const named = tips.slice(1).map(({ id }) => id)
  assert.equal(verdict(policy, signEntry(root, { ...draft, policy: named })), 'ENTRY_POLICY')
  assert.ok(
    !policy.policy.mayStandOn(
      tips.map(({ id }) => ({ after: policy.policy.graph.intern([policy.policy.graph.find(id)!]) })),
    ),
  )
})

it(`an entry has at most ${limits.policyRevocations} revocations below it`, () => {
  const tree = new TreeBuilder()
  const all = Array.from({ length: limits.policyRevocations }, (_, index) => revoke(key(index)))
  const full = tree.add([tree.root], { changes: policyChange(all) })
  const beside = tree.add([tree.root], { changes: policyChange([revoke(ada)]) })
  const policy = new LoosePolicy()
  for (const entry of tree.entries) policy.take(entry)
  assert.equal(verdict(policy, tree.add([full])), 'taken')
  assert.equal(verdict(policy, tree.add([full], { changes: policyChange([revoke(ada)]) })), 'ENTRY_POLICY')
  assert.equal(verdict(policy, tree.add([full, beside])), 'ENTRY_POLICY')
})

it(`an entry has at most ${limits.policyEntries} policy entries below it`, () => {
  const tree = new TreeBuilder()
  const policy = new LoosePolicy()
  policy.take(tree.root)
  const { graph } = policy.policy
  // As if each had been added, without the work.
  for (let number = 1; number < limits.policyEntries; number++) {
    const id = number.toString(16).padStart(64, '0') as EntryId
    graph.add({
      number,
      id,
      height: number,
      author: root.peer,
      point: number - 1,
      publicAccess: PublicAccess.WRITE,
      keys: [],
      revocations: [],
      supports: [0],
    })
    graph.intern([number])
  }
  const point = graph.intern([limits.policyEntries - 1])
  assert.equal(policy.policy.at(point).entries, limits.policyEntries)
  const entry = (changes: ReturnType<typeof policyChange>) =>
    signEntry(root, { tree: tree.root.id, parents: [tree.root.id], height: 1, createdAtMs: 1, changes })
  assert.equal(
    policy.policy.enter(
      entry([{ store: 'log', kind: '', payload: new Uint8Array(1) }]),
      point,
      () => undefined,
    ),
    point,
  )
  assert.throws(() => policy.policy.enter(entry(policyChange([grant(ada, admin)])), point, () => undefined), {
    code: 'ENTRY_POLICY',
  })
})

it(`only the ${limits.policySupports} most senior grants support a right`, () => {
  for (const [grants, expected] of [
    [limits.policySupports - 1, admin],
    [limits.policySupports, nothing],
  ] as const) {
    // Some by one admin, who is revoked afterwards, come before another's in (height, id).
    const tree = new TreeBuilder({ publicAccess: PublicAccess.NONE })
    const [bad, good, target] = [testIdentity(2), testIdentity(3), testIdentity(4)]
    let last = tree.add([tree.root], { changes: policyChange([grant(bad, admin), grant(good, admin)]) })
    const before = last
    for (let index = 0; index < grants; index++)
      last = tree.add([last], { author: bad, changes: policyChange([grant(ada, admin, `${index}`)]) })
    last = tree.add([last], { author: good, changes: policyChange([grant(ada, admin)]) })
    tree.add([last], { author: ada, changes: policyChange([grant(target, admin)]) })
    tree.add([last, before], { changes: policyChange([revoke(bad)]) })
    const policy = new LoosePolicy()
    for (const entry of tree.entries) policy.take(entry)
    // If the good grant is one too many, what rests on it falls with the others.
    assert.equal(policy.can(target), expected)
  }
})

it(`the policy entries below an entry have at most ${limits.policyLinks} links`, () => {
  const tree = new TreeBuilder()
  const policy = new LoosePolicy()
  const change = { changes: policyChange([grant(ada, admin)]) }
  policy.take(tree.root)
  const layerOn = (on: readonly Entry[], count: number) =>
    Array.from({ length: count }, () => {
      const entry = tree.add(on, change)
      policy.take(entry)
      return entry
    })
  const width = limits.entryPolicies
  let [layer, links] = [layerOn([tree.root], width), width]
  for (; links + width * width <= limits.policyLinks; links += width * width) layer = layerOn(layer, width)
  const left = (limits.policyLinks - links) / width
  assert.ok(Number.isInteger(left) && left < width)
  const last = layerOn(layer, left + 1)
  assert.equal(verdict(policy, tree.add(last.slice(1))), 'taken')
  assert.equal(verdict(policy, tree.add(last)), 'ENTRY_POLICY')
  assert.equal(verdict(policy, tree.add(last.slice(1), change)), 'ENTRY_POLICY')
  assert.equal(verdict(policy, tree.add(last.slice(2), change)), 'taken')
})

it(`the policy entries below an entry name at most ${limits.policyNames} keys`, () => {
  const tree = new TreeBuilder()
  const policy = new LoosePolicy()
  policy.take(tree.root)
  const names = (count: number) => ({
    changes: policyChange(Array.from({ length: count }, (_, index) => grant(key(index), nothing))),
  })
  // The root names its author.
  let left = limits.policyNames - 1
  for (; left >= limits.policyKeys; left -= limits.policyKeys)
    policy.take(tree.add(undefined, names(limits.policyKeys)))
  const { last } = tree
  assert.equal(verdict(policy, tree.add([last], names(left + 1))), 'ENTRY_POLICY')
  const full = tree.add([last], names(left))
  const beside = tree.add([last], names(1))
  assert.equal(verdict(policy, full), 'taken')
  assert.equal(verdict(policy, beside), 'taken')
  assert.equal(verdict(policy, tree.add([full], names(1))), 'ENTRY_POLICY')
  assert.equal(verdict(policy, tree.add([full, beside])), 'ENTRY_POLICY')
  const opened = tree.add([full], { changes: policyChange([], PublicAccess.READ) })
  assert.equal(verdict(policy, opened), 'taken')
})
