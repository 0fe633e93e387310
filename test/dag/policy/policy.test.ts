/**
 * The policy of a tree as a pure function of its policy entries: who may write where, how concurrent changes are
 * resolved, and that neither a revoked key nor its puppets win by writing "in the past".
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { type Entry, signEntry } from '../../../src/dag/entry.ts'
import { TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { admin, grant, LoosePolicy, nothing, policyChange, read, revoke, write } from '../../kit/policy.ts'

const [root, ada, ben, cy, dan] = [0, 1, 2, 3, 4].map(testIdentity) as [
  ReturnType<typeof testIdentity>,
  ReturnType<typeof testIdentity>,
  ReturnType<typeof testIdentity>,
  ReturnType<typeof testIdentity>,
  ReturnType<typeof testIdentity>,
]

function taken(entries: readonly Entry[]): LoosePolicy {
  const policy = new LoosePolicy()
  for (const entry of entries) policy.take(entry)
  return policy
}

function refused(policy: LoosePolicy, entry: Entry): string {
  try {
    policy.take(entry)
  } catch (error) {
    assert.ok(error instanceof CausewayError, String(error))
    return error.code
  }
  return 'taken'
}

function closedTree() {
  return new TreeBuilder({ publicAccess: PublicAccess.NONE })
}

describe('the right to write', () => {
  it('comes from the policy in the causal past, by name or by public access', () => {
    const tree = closedTree()
    const changed = tree.add([tree.root], { changes: policyChange([grant(ada, write), grant(ben, read)]) })
    const opened = tree.add([changed], { changes: policyChange([], PublicAccess.WRITE) })
    const policy = taken(tree.entries)
    assert.equal(refused(policy, tree.add([tree.root], { author: ada })), 'ENTRY_FORBIDDEN')
    assert.equal(refused(policy, tree.add([changed], { author: ada })), 'taken')
    assert.equal(refused(policy, tree.add([changed], { author: ben })), 'ENTRY_FORBIDDEN')
    assert.equal(refused(policy, tree.add([changed], { author: cy })), 'ENTRY_FORBIDDEN')
    assert.equal(refused(policy, tree.add([opened], { author: cy })), 'taken')
    const byWriter = { author: ada, changes: policyChange([grant(cy, write)]) }
    assert.equal(refused(policy, tree.add([changed], byWriter)), 'ENTRY_FORBIDDEN')
  })

  it('ends with a revocation, and comes back with a grant after it', () => {
    const tree = closedTree()
    const granted = tree.add([tree.root], { changes: policyChange([grant(ada, write)]) })
    const wrote = tree.add([granted], { author: ada })
    const revoked = tree.add([wrote], { changes: policyChange([revoke(ada, wrote)]) })
    const again = tree.add([revoked], { changes: policyChange([grant(ada, write)]) })
    const policy = taken(tree.entries)
    assert.equal(refused(policy, tree.add([revoked], { author: ada })), 'ENTRY_FORBIDDEN')
    const late = tree.add([wrote], { author: ada })
    assert.equal(refused(policy, late), 'taken')
    assert.equal(refused(policy, tree.add([again], { author: ada })), 'taken')
    assert.deepEqual(policy.voids(), [late.id])
  })

  it('by public access does not cover a revoked key, which may only read what everybody may', () => {
    const tree = new TreeBuilder({ publicAccess: PublicAccess.WRITE })
    const revoked = tree.add([tree.root], { changes: policyChange([revoke(ada)]) })
    const policy = taken(tree.entries)
    assert.equal(refused(policy, tree.add([revoked], { author: ada })), 'ENTRY_FORBIDDEN')
    assert.equal(policy.can(ada), read)
    assert.equal(policy.can(ben), write)
    assert.equal(policy.can(undefined), write)
  })
})

describe('the policy that an entry names', () => {
  it('is that of its parents, and is left out if it is the root’s', () => {
    const tree = new TreeBuilder()
    const one = tree.add([tree.root], { changes: policyChange([grant(ada, admin)]) })
    const two = tree.add([tree.root], { changes: policyChange([grant(ben, admin)]) })
    const plain = tree.add([tree.root])
    const merge = tree.add([one, two, plain])
    assert.deepEqual([...merge.body.policy], [one.id, two.id].sort())
    const policy = taken(tree.entries)
    for (const [parents, named] of [
      [[plain], [tree.root.id]],
      [[plain], [one.id]],
      [[one], []],
      [[one], [two.id]],
      [[one, two], [one.id]],
      [[merge], [tree.root.id, one.id, two.id]],
    ] as const) {
      const height = 1 + Math.max(...parents.map(({ body }) => body.height))
      const ids = parents.map(({ id }) => id)
      const draft = { tree: tree.root.id, parents: ids, height, createdAtMs: 1, policy: named }
      assert.equal(refused(policy, signEntry(root, draft)), 'ENTRY_POLICY')
    }
  })

  it('leaves out policy entries below another one', () => {
    const tree = new TreeBuilder()
    const one = tree.add([tree.root], { changes: policyChange([grant(ada, admin)]) })
    const two = tree.add([one], { changes: policyChange([grant(ben, admin)]) })
    const merge = tree.add([one, two, tree.root])
    assert.deepEqual(merge.body.policy, [two.id])
    taken(tree.entries)
  })
})

describe('concurrent changes', () => {
  it('are resolved by (height, id), in whatever order they arrived', () => {
    const tree = closedTree()
    const one = tree.add([tree.root], { changes: policyChange([grant(ada, read)], PublicAccess.READ) })
    const two = tree.add([tree.root], { changes: policyChange([grant(ada, write)], PublicAccess.WRITE) })
    const last = one.id > two.id ? read : write
    for (const order of [
      [one, two],
      [two, one],
    ]) {
      const policy = taken([tree.root, ...order])
      assert.equal(policy.policy.whole().state.key(ada.peer)?.permission, last)
      assert.equal(policy.can(undefined), last)
    }
    const later = tree.add([two], { changes: policyChange([grant(ada, admin)]) })
    assert.equal(taken([tree.root, two, later, one]).can(ada), admin)
  })
})

describe('a revoked key that goes on writing in the past', () => {
  it('keeps the entries that the revocation names and their ancestors, and no more', () => {
    const tree = new TreeBuilder()
    const first = tree.add([tree.root], { author: ada })
    const second = tree.add([first], { author: ada })
    const third = tree.add([second], { author: ada })
    tree.add([second], { changes: policyChange([revoke(ada, second)]) })
    const policy = taken(tree.entries)
    assert.deepEqual(policy.voids(), [third.id])
  })

  it('is void with every key that it admits there', () => {
    const tree = closedTree()
    const named = tree.add([tree.root], { changes: policyChange([grant(ada, admin)]) })
    tree.add([named], { changes: policyChange([revoke(ada)]) })
    const puppet = tree.add([named], { author: ada, changes: policyChange([grant(ben, admin)]) })
    const revenge = tree.add([puppet], {
      author: ben,
      changes: policyChange([revoke(root)], PublicAccess.WRITE),
    })
    const wrote = tree.add([puppet], { author: ben })
    const policy = taken(tree.entries)
    assert.deepEqual(policy.voids(), [puppet.id, revenge.id, wrote.id].sort())
    assert.deepEqual(
      [policy.can(root), policy.can(ada), policy.can(ben), policy.can(cy)],
      [admin, nothing, nothing, nothing],
    )
  })

  it('gains nothing when it is granted again', () => {
    const tree = closedTree()
    const named = tree.add([tree.root], { changes: policyChange([grant(ada, admin)]) })
    const revoked = tree.add([named], { changes: policyChange([revoke(ada)]) })
    const past = tree.add([named], { author: ada, changes: policyChange([grant(ben, write)]) })
    const again = tree.add([revoked], { changes: policyChange([grant(ada, admin)]) })
    const now = tree.add([again], { author: ada, changes: policyChange([grant(cy, write)]) })
    const policy = taken(tree.entries)
    assert.deepEqual(policy.voids(), [past.id])
    assert.deepEqual([policy.can(ada), policy.can(ben), policy.can(cy)], [admin, nothing, write])
    assert.ok(now)
  })
})

describe('seniority', () => {
  /** The root's author names ada, who names ben, who names cy. */
  function line() {
    const tree = closedTree()
    const a = tree.add([tree.root], { changes: policyChange([grant(ada, admin)]) })
    const b = tree.add([a], { author: ada, changes: policyChange([grant(ben, admin)]) })
    const c = tree.add([b], { author: ben, changes: policyChange([grant(cy, admin)]) })
    return { tree, a, b, c }
  }

  it('lets a junior revoke a senior’s right from then on, but not the senior’s earlier changes', () => {
    const { tree, c } = line()
    tree.add([c], { author: cy, changes: policyChange([revoke(ada)]) })
    const policy = taken(tree.entries)
    assert.deepEqual(policy.voids(), [])
    assert.deepEqual([policy.can(ada), policy.can(ben), policy.can(cy)], [nothing, admin, admin])
  })

  it('lets a senior that a junior revoked undo that from before it', () => {
    const { tree, c } = line()
    const coup = tree.add([c], { author: cy, changes: policyChange([revoke(ada), revoke(root)]) })
    tree.add([c], { author: ada, changes: policyChange([revoke(cy)]) })
    const policy = taken(tree.entries)
    assert.deepEqual(policy.voids(), [coup.id])
    assert.deepEqual([policy.can(root), policy.can(ada), policy.can(cy)], [admin, admin, nothing])
  })

  it('makes a revoked admin’s grants void, except those that the revocation accepts', () => {
    const { tree, b, c } = line()
    const policy = taken(tree.entries)
    policy.take(tree.add([c], { changes: policyChange([revoke(ada)]) }))
    assert.deepEqual(policy.voids(), [b.id, c.id].sort())
    assert.deepEqual([policy.can(ben), policy.can(cy)], [nothing, nothing])
    const spared = line()
    const other = taken(spared.tree.entries)
    other.take(spared.tree.add([spared.b, spared.c], { changes: policyChange([revoke(ada, spared.b)]) }))
    assert.deepEqual(other.voids(), [])
    assert.deepEqual([other.can(ada), other.can(ben), other.can(cy)], [nothing, admin, admin])
  })

  it('makes concurrent revocations between equals both effective, and voids their other changes', () => {
    const tree = closedTree()
    const both = tree.add([tree.root], { changes: policyChange([grant(ada, admin), grant(ben, admin)]) })
    const one = tree.add([both], { author: ada, changes: policyChange([revoke(ben), grant(cy, admin)]) })
    const two = tree.add([both], { author: ben, changes: policyChange([revoke(ada), grant(dan, write)]) })
    const puppet = tree.add([one], { author: cy, changes: policyChange([grant(ada, admin)]) })
    for (const order of [
      [both, one, two, puppet],
      [both, two, one, puppet],
      [both, one, puppet, two],
    ]) {
      const policy = taken([tree.root, ...order])
      assert.deepEqual(policy.voids(), [one.id, two.id, puppet.id].sort())
      for (const peer of [ada, ben, cy, dan]) assert.equal(policy.can(peer), nothing)
      assert.equal(policy.can(root), admin)
    }
  })

  it('does not sink when a junior names a senior again, nor rise when a key that a senior revoked is granted again', () => {
    const { tree, c } = line()
    const renamed = tree.add([c], { author: cy, changes: policyChange([grant(ada, admin, 'Ada')]) })
    const coup = tree.add([renamed], { author: ben, changes: policyChange([revoke(ada)]) })
    const reply = tree.add([renamed], { author: ada, changes: policyChange([revoke(ben)]) })
    const policy = taken(tree.entries)
    assert.ok(policy.voids().includes(coup.id) && !policy.voids().includes(reply.id))

    const other = line()
    const out = other.tree.add([other.b, other.c], { changes: policyChange([revoke(ada, other.b)]) })
    const back = other.tree.add([out], { author: cy, changes: policyChange([grant(ada, admin)]) })
    const fight = other.tree.add([back], { author: ada, changes: policyChange([revoke(ben)]) })
    const answer = other.tree.add([back], { author: ben, changes: policyChange([revoke(ada)]) })
    const second = taken(other.tree.entries)
    assert.ok(second.voids().includes(fight.id) && !second.voids().includes(answer.id))
  })

  it('rests on every grant that an admin had: if one is void, another supports it', () => {
    const { tree, c } = line()
    const twice = tree.add([c], { changes: policyChange([grant(cy, admin)]) })
    const wrote = tree.add([twice], { author: cy, changes: policyChange([grant(dan, write)]) })
    const policy = taken(tree.entries)
    policy.take(tree.add([wrote], { changes: policyChange([revoke(ada)]) }))
    assert.equal(policy.can(cy), admin)
    assert.equal(policy.can(dan), write)
    assert.equal(policy.can(ben), nothing)
  })
})

describe('a revocation', () => {
  it('names as last accepted only its own parents by the key that it revokes', () => {
    const tree = new TreeBuilder()
    const mine = tree.add([tree.root])
    const theirs = tree.add([tree.root], { author: ada })
    const policy = taken(tree.entries)
    const named = (parents: Entry[], last: Entry) =>
      refused(policy, tree.add(parents, { changes: policyChange([revoke(ada, last)]) }))
    assert.equal(named([mine], theirs), 'ENTRY_POLICY')
    assert.equal(named([mine, theirs], mine), 'ENTRY_POLICY')
    assert.equal(named([mine, theirs], theirs), 'taken')
  })

  it('of one’s own key ends the right, and keeps earlier entries', () => {
    const tree = closedTree()
    const named = tree.add([tree.root], { changes: policyChange([grant(ada, admin)]) })
    const said = tree.add([named], { author: ada, changes: policyChange([grant(ben, write)]) })
    const leave = tree.add([said], { author: ada, changes: policyChange([revoke(ada, said)]) })
    const policy = taken(tree.entries)
    assert.deepEqual(policy.voids(), [])
    assert.deepEqual([policy.can(ada), policy.can(ben)], [nothing, write])
    assert.equal(refused(policy, tree.add([leave], { author: ada })), 'ENTRY_FORBIDDEN')
  })
})
