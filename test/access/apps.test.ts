/**
 * Application keys: unique names, all or nothing where it can be known before, what is cut in between is completed or
 * taken back, and a revocation that reaches every tree it can.
 */
import { strict as assert } from 'node:assert'
import { beforeEach, describe, it } from 'node:test'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { AppBook, addApp, revokeApp, rightsOfApp } from '../../src/access/apps.ts'
import { CausewayError } from '../../src/base/errors.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { Author } from '../../src/store/author/author.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const { READ, WRITE, ADMIN, UNSPECIFIED } = Permission
const own = testIdentity(1)
const [app, other] = [testIdentity(2).peer, testIdentity(3).peer]
const nowhere = 'ab'.repeat(32) as TreeId

describe('Application keys', () => {
  let db: Database
  let parts: Parameters<typeof addApp>[0]
  let trees: TreeId[]
  /** A tree of somebody else, in which this node is an admin until it is revoked. */
  let borrowed: TreeId
  let lender: Author

  beforeEach(async () => {
    db = await openMemory()
    const [store, clock] = [await DagStore.open(db), new VirtualClock()]
    const author = new Author(store, own, clock)
    parts = { store, author, clock, apps: await AppBook.open(db) }
    trees = []
    for (const name of ['a', 'b']) trees.push((await author.createTree(name, PublicAccess.NONE)).tree)
    lender = new Author(store, testIdentity(9), clock)
    borrowed = (await lender.createTree('c', PublicAccess.NONE)).tree
    await lender.changePolicy(borrowed, { keys: [{ peer: own.peer, permission: ADMIN }] })
  })
  const grants = (permission: Permission, ...which: TreeId[]) => which.map((tree) => ({ tree, permission }))
  const rights = async () => {
    const given = await Promise.all(parts.apps.list().map((each) => rightsOfApp(parts, each)))
    return given.map((list) => list.map(({ permission }) => permission))
  }
  const keyIn = async (tree: TreeId, peer = app) => (await parts.store.policy(tree))!.key(peer)

  it('have just the rights that they are given, under their name', async () => {
    const added = await addApp(parts, 'billing', app, grants(WRITE, ...trees))
    assert.deepEqual([added.name, added.peer, added.trees], ['billing', app, trees])
    assert.deepEqual(await rights(), [[WRITE, WRITE]])
    assert.deepEqual(
      [(await keyIn(trees[0]!))!.permission, (await keyIn(trees[0]!))!.name],
      [WRITE, 'billing'],
    )
    assert.equal(await keyIn(borrowed), undefined)
    const reopened = await AppBook.open(db)
    assert.deepEqual(reopened.list(), [added])
  })

  it('are granted more, and nothing twice, when they are added again', async () => {
    await addApp(parts, 'billing', app, grants(READ, trees[0]!))
    const count = parts.store.tree(trees[0]!)!.count
    await addApp(parts, 'billing', app, grants(READ, trees[0]!))
    assert.equal(parts.store.tree(trees[0]!)!.count, count)
    await addApp(parts, 'billing', app, [...grants(WRITE, trees[0]!), ...grants(READ, trees[1]!)])
    assert.deepEqual(await rights(), [[WRITE, READ]])
  })

  it('have one name each, and each name one key, also when two are added at once', async () => {
    const both = await Promise.allSettled([
      addApp(parts, 'billing', app, grants(READ, trees[0]!)),
      addApp(parts, 'billing', other, grants(READ, trees[0]!)),
    ])
    assert.deepEqual(
      both.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    )
    await assert.rejects(addApp(parts, 'second', app, grants(READ, trees[0]!)), { code: 'ALREADY_EXISTS' })
    assert.equal(await keyIn(trees[0]!, other), undefined)
    assert.equal(parts.apps.list().length, 1)
  })

  it('are granted nothing if the node may not grant all of it', async () => {
    const foreign = (await lender.createTree('d', PublicAccess.NONE)).tree
    for (const [tree, code] of [
      [foreign, 'FORBIDDEN'],
      [nowhere, 'UNKNOWN_TREE'],
    ] as const)
      await assert.rejects(addApp(parts, 'billing', app, grants(WRITE, trees[0]!, tree)), { code })
    await assert.rejects(async () => addApp(parts, 'self', own.peer, grants(READ, trees[0]!)), {
      code: 'INVALID_ARGUMENT',
    })
    assert.deepEqual([parts.apps.list(), await keyIn(trees[0]!)], [[], undefined])
  })

  it('are bounded in number, and in their trees', async () => {
    using _ = limited({ apps: 1, appTrees: 2 })
    await assert.rejects(async () => addApp(parts, 'a', app, grants(READ, ...trees, borrowed)), {
      code: 'LIMIT_EXCEEDED',
    })
    await addApp(parts, 'a', app, grants(READ, ...trees))
    await assert.rejects(addApp(parts, 'a', app, grants(READ, borrowed)), { code: 'LIMIT_EXCEEDED' })
    await assert.rejects(addApp(parts, 'b', other, grants(READ, trees[0]!)), { code: 'LIMIT_EXCEEDED' })
    assert.equal(await keyIn(borrowed), undefined)
  })

  /** The author, but it stops after so many changes, as a process does that is killed. */
  const dying = (changes: number) => {
    const author = Object.create(parts.author) as Author
    author.changePolicy = (...args) => {
      if (changes-- <= 0) throw new CausewayError('CLOSED', 'Killed.')
      return parts.author.changePolicy(...args)
    }
    return { ...parts, author }
  }

  it('that were cut while they were added are shown as they are, and completed by adding them again', async () => {
    await assert.rejects(addApp(dying(1), 'billing', app, grants(WRITE, ...trees)), { code: 'CLOSED' })
    parts = { ...parts, apps: await AppBook.open(db) }
    assert.deepEqual(await rights(), [[WRITE, UNSPECIFIED]])
    await addApp(parts, 'billing', app, grants(WRITE, ...trees))
    assert.deepEqual(await rights(), [[WRITE, WRITE]])
  })

  it('are revoked in all their trees, and their names are free then', async () => {
    await addApp(parts, 'billing', app, grants(WRITE, ...trees))
    await assert.rejects(revokeApp(dying(1), 'billing'), { code: 'CLOSED' })
    assert.deepEqual(await rights(), [[UNSPECIFIED, WRITE]])
    assert.deepEqual(await revokeApp(parts, 'billing'), [trees[1]])
    for (const tree of trees) assert.equal((await keyIn(tree))!.revoked, true)
    await assert.rejects(revokeApp(parts, 'billing'), { code: 'UNKNOWN_PEER' })
    await addApp(parts, 'billing', other, grants(READ, trees[0]!))
    assert.deepEqual(await rights(), [[READ]])
  })

  it('keep their name if a tree is left where the node may not revoke them', async () => {
    await addApp(parts, 'billing', app, grants(WRITE, borrowed, trees[0]!))
    await lender.revoke(borrowed, own.peer)
    // What the node granted stays: the lender has named the node's entries.
    assert.deepEqual(await rights(), [[WRITE, WRITE]])
    await assert.rejects(revokeApp(parts, 'billing'), { code: 'FORBIDDEN' })
    assert.deepEqual(await rights(), [[WRITE, UNSPECIFIED]])
    await lender.revoke(borrowed, app)
    assert.deepEqual(await revokeApp(parts, 'billing'), [])
    assert.deepEqual(parts.apps.list(), [])
  })

  it('are no longer for a tree that is removed', async () => {
    await addApp(parts, 'billing', app, grants(WRITE, ...trees))
    await parts.apps.removeTree(trees[0]!)
    assert.deepEqual(parts.apps.list()[0]!.trees, [trees[1]])
  })
})
