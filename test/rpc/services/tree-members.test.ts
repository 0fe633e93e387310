/**
 * TreeService for callers that are no operators: the tree's policy answers each of them, now and while a watch runs,
 * and what a caller may not read changes nothing that it sees. test/rpc/access-table.test.ts has every call and caller.
 */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { createClient, createRouterTransport } from '@connectrpc/connect'
import { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { NamedPeers } from '../../../src/access/named-peers.ts'
import { rightsOf } from '../../../src/access/rights.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { signEntry, type VerifiedEntry } from '../../../src/dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../../src/dag/hex.ts'
import { idFromBytes, idToBytes, type TreeId } from '../../../src/dag/id.ts'
import type { Identity } from '../../../src/dag/identity.ts'
import { Access } from '../../../src/rpc/auth/authorize.ts'
import { type Load, loadKey } from '../../../src/rpc/server/load.ts'
import { createTreeService } from '../../../src/rpc/services/tree-service.ts'
import { Views } from '../../../src/state/view.ts'
import { StateWriter } from '../../../src/state/writer.ts'
import { Author } from '../../../src/store/author/author.ts'
import { damagedTree } from '../../../src/store/damage/damaged-tree.ts'
import { openMemory } from '../../../src/store/database/open.ts'
import { DagStore } from '../../../src/store/store.ts'
import { Ingest } from '../../../src/sync/ingest.ts'
import { shapes, testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { fails, failureOf } from '../../kit/rpc-errors.ts'
import { type Caller, ServingNode } from '../../kit/serving-node.ts'

const [reader, writer, stranger] = [1, 2, 3].map((seed) => testIdentity(seed)) as [
  Identity,
  Identity,
  Identity,
]
const nowhere = new Uint8Array(32).fill(7)
const changes = [{ store: 'log', kind: '', payload: new Uint8Array([1]) }]

/** A node with a private tree that names a reader and a writer. */
async function start() {
  const serving = await ServingNode.start(undefined, { background: false })
  const { node } = serving
  const tree = await node.createTree('private', PublicAccess.NONE)
  await node.grant(tree, reader.peer, Permission.READ)
  await node.grant(tree, writer.peer, Permission.WRITE)
  const as = async (identity: Identity | undefined) => (await serving.dialAs(identity)).trees
  const operator = (await serving.dial()).node
  const open = (publicAccess: PublicAccess) =>
    operator.changePolicy({ tree: idToBytes(tree), publicAccess, grants: [] })
  return {
    ...{ serving, node, tree, as, open },
    async [Symbol.asyncDispose]() {
      const { problems } = serving
      await serving[Symbol.asyncDispose]()
      assert.deepEqual(problems, [])
    },
  }
}

/** An entry on another, under the same policy. */
function entryOn({ tree, id, body }: VerifiedEntry, author: Identity): VerifiedEntry {
  const { height, policy, createdAtMs } = body
  return signEntry(author, { tree, parents: [id], height: height + 1, policy, createdAtMs, changes })
}

async function listAll(trees: Caller['trees'], pageSize: number) {
  const pages: TreeId[][] = []
  const tokens: string[] = []
  let pageToken = ''
  do {
    const page = await trees.listTrees({ pageSize, pageToken })
    pages.push(page.trees.map(({ id }) => idFromBytes(id)))
    pageToken = page.nextPageToken
    if (pageToken !== '') tokens.push(pageToken)
    assert.ok(pages.length < 100)
  } while (pageToken !== '')
  return { pages, tokens, all: pages.flat() }
}

describe('ListTrees for a caller that is no operator', () => {
  it('shows the trees that it may read, page by page, whatever other trees there are', async () => {
    using _ = limited({ listedTreesLoaded: 3 })
    await using lab = await start()
    const { node, tree } = lab
    const open: TreeId[] = []
    for (let index = 0; index < 8; index++)
      open.push(await node.createTree(`open ${index}`, PublicAccess.READ))
    const before = await listAll(await lab.as(stranger), 1_000)
    for (let index = 0; index < 20; index++) await node.createTree(`hidden ${index}`, PublicAccess.NONE)
    const after = await listAll(await lab.as(stranger), 1_000)
    assert.deepEqual(after, before)
    // A page loads no more trees than the bound, however many were asked for.
    assert.deepEqual(
      after.pages.map(({ length }) => length),
      [3, 3, 2],
    )
    assert.deepEqual(after.all, [...open].sort())
    for (const caller of [reader, writer])
      assert.deepEqual((await listAll(await lab.as(caller), 2)).all, [...open, tree].sort())
    assert.deepEqual((await listAll(await lab.as(undefined), 1)).all, [...open].sort())
    assert.equal((await listAll((await lab.serving.dial()).trees, 1_000)).all.length, 29)
  })

  it('leaves out a tree that is set aside, and shows the others', async () => {
    await using lab = await start()
    const open = await lab.node.createTree('open', PublicAccess.READ)
    await lab.node.store.setAside(lab.tree, damagedTree(lab.tree, 'a test says so'))
    assert.deepEqual((await listAll(await lab.as(reader), 10)).all, [open])
    assert.equal((await listAll((await lab.serving.dial()).trees, 10)).all.length, 2)
    lab.serving.problems.length = 0
  })

  it('does not name a hidden tree in a token, if only the policy can say that it is hidden', async () => {
    // Each tree has more names than may be listed, so that every one has to be loaded.
    using _ = limited({ listedTreesLoaded: 2, namedPeersOfTree: 0 })
    await using lab = await start()
    for (let index = 0; index < 6; index++) await lab.node.createTree(`hidden ${index}`, PublicAccess.NONE)
    const { tokens, all } = await listAll(await lab.as(stranger), 100)
    assert.deepEqual(all, [])
    assert.equal(tokens.length, 3)
    const ids = (await lab.node.trees()).map(({ tree }) => tree)
    for (const token of tokens) {
      const named = bytesToHex(Buffer.from(token, 'base64url'))
      assert.ok(!ids.includes(named as TreeId) && named.endsWith('ff'.repeat(24)))
    }
    assert.deepEqual((await listAll(await lab.as(reader), 100)).all, [lab.tree])
  })
})

describe('A tree that is set aside', () => {
  it('looks absent to whoever is not known to read it, and tells the others what is wrong', async () => {
    for (const known of [true, false]) {
      // Past this bound, only the policy could say that the reader may read the tree, and it is not there to ask.
      using _ = limited({ namedPeersOfTree: known ? 16 : 0 })
      await using lab = await start()
      const tree = idToBytes(lab.tree)
      await lab.node.store.setAside(lab.tree, damagedTree(lab.tree, 'a test says so'))
      for (const [identity, codes] of [
        [stranger, ['UNKNOWN_TREE', 'UNKNOWN_TREE']],
        [reader, known ? ['STORE_CORRUPT', 'STORE_CORRUPT'] : ['UNKNOWN_TREE', 'UNKNOWN_TREE']],
      ] as const) {
        const { trees, sync } = await lab.serving.dialAs(identity)
        const failures = [
          await failureOf(trees.listEntries({ tree })),
          await failureOf(sync.syncTree({ tree })),
        ]
        assert.deepEqual(
          failures.map(({ code }) => code),
          codes,
        )
      }
      const { missing } = await (await lab.as(stranger)).getEntries({ ids: [tree] })
      assert.equal(missing.length, 1)
      lab.serving.problems.length = 0
    }
  })
})

describe('GetEntries for a caller that is no operator', () => {
  it('counts entries of trees that it may not read as missing', async () => {
    await using lab = await start()
    const open = await lab.node.createTree('open', PublicAccess.READ)
    const ids = [lab.tree, open].map(idToBytes)
    const asked = { ids: [...ids, nowhere] }
    const seen = async (identity: Identity) => {
      const { entries, missing } = await (await lab.as(identity)).getEntries(asked)
      return [entries.map(({ id }) => idFromBytes(id)), missing.map(idFromBytes)]
    }
    const absent = idFromBytes(nowhere)
    assert.deepEqual(await seen(stranger), [[open], [lab.tree, absent]])
    assert.deepEqual(await seen(reader), [[lab.tree, open], [absent]])
  })

  it('looks into a bounded number of trees, and leaves the rest for another call', async () => {
    using _ = limited({ listedTreesLoaded: 2 })
    await using lab = await start()
    const trees: TreeId[] = []
    const hidden: TreeId[] = []
    for (let index = 0; index < 3; index++) {
      trees.push(await lab.node.createTree(`${index}`, PublicAccess.READ))
      hidden.push(await lab.node.createTree(`hidden ${index}`, PublicAccess.NONE))
    }
    const calls = await lab.as(stranger)
    const ids = trees.map(idToBytes)
    // Those that the caller may not read do not count.
    const among = await calls.getEntries({ ids: [...hidden.map(idToBytes), ids[0]!] })
    assert.deepEqual([among.entries.length, among.missing.length], [1, 3])
    const first = await calls.getEntries({ ids })
    assert.deepEqual([first.entries.length, first.missing.length], [2, 0])
    assert.equal((await calls.getEntries({ ids: ids.slice(2) })).entries.length, 1)
  })
})

describe('SubmitEntries for a caller that is no operator', () => {
  it('takes what the tree’s policy allows its author, from whoever may read the tree', async () => {
    await using lab = await start()
    const { node, tree } = lab
    const base = await node.commit(tree, changes)
    const good = entryOn(base, writer)
    const submit = async (identity: Identity | undefined, entry: VerifiedEntry, to = tree) =>
      (await lab.as(identity)).submitEntries({ tree: idToBytes(to), entries: [entry.signed] })
    const refused = await fails(submit(reader, entryOn(base, reader)), 'ENTRY_FORBIDDEN', 'PermissionDenied')
    assert.equal(refused.data.index, '0')
    // To a stranger the tree is as good as absent.
    const hidden = await failureOf(submit(stranger, good))
    const absent = await failureOf(
      (await lab.as(stranger)).submitEntries({ tree: nowhere, entries: [good.signed] }),
    )
    assert.deepEqual([hidden.code, hidden.data], ['UNKNOWN_TREE', { tree }])
    assert.deepEqual([absent.code, absent.data], ['UNKNOWN_TREE', { tree: idFromBytes(nowhere) }])
    const { missing } = await (await lab.serving.dial()).trees.getEntries({ ids: [idToBytes(good.id)] })
    assert.deepEqual(missing.map(idFromBytes), [good.id])
    assert.equal((await submit(writer, good)).added, 1)
    // Passing on what others wrote needs no right to write.
    assert.equal((await submit(reader, good)).known, 1)
  })

  it('creates no tree', async () => {
    await using lab = await start()
    const [root] = shapes.linear(1, { author: writer })
    const asked = { tree: idToBytes(root!.id), entries: [root!.signed] }
    await fails((await lab.as(writer)).submitEntries(asked), 'UNKNOWN_TREE', 'NotFound')
    assert.equal(await lab.node.tree(root!.id), undefined)
    assert.equal((await (await lab.serving.dial()).trees.submitEntries(asked)).added, 1)
  })
})

describe('Every call that reads or writes a tree', () => {
  it('works in the caller’s turn, and pays for what it submits in vain', async () => {
    const store = await DagStore.open(await openMemory())
    const author = new Author(store, testIdentity(0), systemClock)
    const tree = idToBytes((await author.createTree('open', PublicAccess.READ)).tree)
    const load = { pieces: 0, charged: 0 }
    const counting: Load = {
      work(_signal, work) {
        load.pieces++
        return work()
      },
      pay: () => {},
      charge(requests) {
        load.charged += requests
      },
    }
    const access = new Access(rightsOf(store, await NamedPeers.open(store)), () => {})
    const writer = new StateWriter(await Views.open(store, systemClock), store, author)
    const parts = { store, author, writer, access, ingest: new Ingest(store), clock: systemClock }
    const transport = createRouterTransport(
      (router) => router.service(TreeService, createTreeService(parts)),
      {
        router: {
          interceptors: [
            (next) => (request) => {
              request.contextValues.set(loadKey, counting)
              return next(request)
            },
          ],
        },
      },
    )
    const trees = createClient(TreeService, transport)
    const calls: Record<string, () => Promise<unknown>> = {
      listTrees: () => trees.listTrees({}),
      getTree: () => trees.getTree({ tree }),
      getEntries: () => trees.getEntries({ ids: [tree] }),
      listEntries: () => trees.listEntries({ tree }),
      watchTree: () => trees.watchTree({ tree })[Symbol.asyncIterator]().next(),
      submitEntries: () => trees.submitEntries({ tree }),
    }
    for (const [name, call] of Object.entries(calls)) {
      load.pieces = 0
      await call()
      assert.ok(load.pieces > 0, name)
    }
    const entries = shapes.linear(3).map(({ signed }) => signed)
    await assert.rejects(trees.submitEntries({ tree, entries }))
    assert.equal(load.charged, entries.length)
    await store.close()
  })
})

describe('WatchTree for a caller that is no operator', () => {
  for (const [name, identity, lose] of [
    ['its key is revoked', reader, ({ node, tree }) => node.revoke(tree, reader.peer)],
    ['its right is taken', reader, ({ node, tree }) => node.grant(tree, reader.peer, Permission.UNSPECIFIED)],
    ['the tree is no longer public', stranger, ({ open }) => open(PublicAccess.NONE)],
  ] as readonly (readonly [string, Identity, (lab: Awaited<ReturnType<typeof start>>) => Promise<unknown>])[])
    it(`ends when ${name}, and shows nothing of that`, async () => {
      await using lab = await start()
      const { node, tree } = lab
      if (identity === stranger) await lab.open(PublicAccess.READ)
      const { count } = (await node.tree(tree))!
      const calls = await lab.as(identity)
      const watch = calls.watchTree({ tree: idToBytes(tree) })[Symbol.asyncIterator]()
      assert.equal((await watch.next()).value!.entries.length, count)
      const { id } = await node.commit(tree, changes)
      const next = (await watch.next()).value!
      assert.deepEqual(
        next.entries.map((entry: { id: Uint8Array }) => idFromBytes(entry.id)),
        [id],
      )
      await lose(lab)
      await fails(watch.next(), 'UNKNOWN_TREE', 'NotFound')
      await fails(calls.watchTree({ tree: hexToBytes(tree) }), 'UNKNOWN_TREE', 'NotFound')
    })
})
