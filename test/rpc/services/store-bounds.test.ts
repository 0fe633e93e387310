/**
 * StoreService at and past each of its bounds: what can be is stored and read, everything else is refused with a typed
 * error and stores nothing.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Client } from '@connectrpc/connect'
import type { ChangeSchema } from '../../../gen/causeway/v1/entry_pb.ts'
import {
  type ExpectationSchema,
  type KeyChangeSchema,
  StoreService,
} from '../../../gen/causeway/v1/store_pb.ts'
import type { ErrorCode } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { idToBytes, type TreeId } from '../../../src/dag/id.ts'
import { limited } from '../../kit/limited.ts'
import { write as mayWrite } from '../../kit/policy.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { ServingNode } from '../../kit/serving-node.ts'

type Change = MessageInitShape<typeof KeyChangeSchema>
interface Write {
  readonly changes?: Change[]
  readonly other?: MessageInitShape<typeof ChangeSchema>[]
  readonly expect?: MessageInitShape<typeof ExpectationSchema>[]
}

const id = (byte: number, more = 0) => {
  const bytes = new Uint8Array(32).fill(byte)
  bytes[31] = more
  return bytes
}
const ids = (count: number) => Array.from({ length: count }, (_, index) => id(7, index))
const key = (name: string, store = 's') => ({ store, key: name })
const put = (name: string, size = 1, type = 'text/plain', store = 's') => ({
  key: key(name, store),
  what: { case: 'put' as const, value: { value: new Uint8Array(size).fill(97), type } },
})
const add = (delta: bigint): Change => ({ key: key('n'), what: { case: 'add', value: { delta } } })
const remove = (entries: Uint8Array[]): Change => ({
  key: key('k'),
  what: { case: 'delete', value: {} },
  replaces: { entries },
})
const many = <Item>(count: number, make: (index: number) => Item) =>
  Array.from({ length: count }, (_, i) => make(i))

describe('StoreService at its bounds', () => {
  let serving: ServingNode
  let stores: Client<typeof StoreService>
  let tree: TreeId
  let treeBytes: Uint8Array
  before(async () => {
    serving = await ServingNode.start()
    stores = (await serving.dial()).connection.client(StoreService)
    tree = await serving.node.createTree('t')
    treeBytes = idToBytes(tree)
    await serving.node.grant(tree, serving.operator.peer, mayWrite)
  })
  after(async () => {
    assert.deepEqual(serving.problems, [])
    await serving[Symbol.asyncDispose]()
  })
  const count = () => serving.node.store.tree(tree)!.count

  /** What is refused, with the code; and what is at the bound and passes, if there is such. */
  const writes: readonly [what: string, code: ErrorCode, bad: Write, good?: Write][] = [
    ['an empty key', 'INVALID_ARGUMENT', { changes: [put('')] }],
    ['a key with U+0000', 'INVALID_ARGUMENT', { changes: [put('a\0b')] }],
    [
      'a long key',
      'LIMIT_EXCEEDED',
      { changes: [put(`${'k'.repeat(limits.stateKeyBytes - 1)}é`)] },
      { changes: [put(`${'k'.repeat(limits.stateKeyBytes - 2)}é`)] },
    ],
    [
      'a large value',
      'LIMIT_EXCEEDED',
      { changes: [put('v', limits.stateValueBytes + 1)] },
      { changes: [put('v', limits.stateValueBytes)] },
    ],
    [
      'a long type',
      'INVALID_ARGUMENT',
      { changes: [put('t', 1, 't'.repeat(limits.stateTypeBytes + 1))] },
      { changes: [put('t', 1, 't'.repeat(limits.stateTypeBytes))] },
    ],
    ['a type that is no ASCII', 'INVALID_ARGUMENT', { changes: [put('t', 1, 'é')] }],
    [
      'a great delta',
      'INVALID_ARGUMENT',
      { changes: [add(BigInt(limits.stateDelta) + 1n)] },
      { changes: [add(BigInt(limits.stateDelta))] },
    ],
    [
      'a low delta',
      'INVALID_ARGUMENT',
      { changes: [add(-BigInt(limits.stateDelta) - 2n)] },
      { changes: [add(-BigInt(limits.stateDelta) - 1n)] },
    ],
    ['the greatest delta of the wire', 'INVALID_ARGUMENT', { changes: [add(2n ** 63n - 1n)] }],
    [
      'many names',
      'LIMIT_EXCEEDED',
      { changes: [remove(ids(limits.stateNames + 1))] },
      { changes: [remove(ids(limits.stateNames))] },
    ],
    ['a name twice', 'LIMIT_EXCEEDED', { changes: [remove([id(1), id(1)])] }],
    ['a name of 31 bytes', 'INVALID_ARGUMENT', { changes: [remove([id(1).subarray(1)])] }],
    ['no key', 'INVALID_ARGUMENT', { changes: [{ what: { case: 'delete', value: {} } }] }],
    ['nothing to do', 'INVALID_ARGUMENT', { changes: [{ key: key('k') }] }],
    ['no change', 'ENTRY_CHANGES', { changes: [] }],
    [
      'many changes',
      'ENTRY_CHANGES',
      { changes: many(limits.entryChanges + 1, (index) => put(`k${index}`)) },
      { changes: many(limits.entryChanges, (index) => put(`k${index}`)) },
    ],
    ['a store without a name', 'ENTRY_CHANGES', { changes: [put('k', 1, '', '')] }],
    ['a store with U+0000', 'ENTRY_CHANGES', { changes: [put('k', 1, '', 'a\0b')] }],
    ['a reserved store', 'ENTRY_CHANGES', { changes: [put('k', 1, '', '_policy')] }],
    [
      'a reserved kind',
      'ENTRY_CHANGES',
      { other: [{ store: 's', kind: 'cw.put', payload: new Uint8Array(1) }] },
      { other: [{ store: 's', kind: 'log', payload: new Uint8Array(1) }] },
    ],
    [
      'a large entry',
      'ENTRY_TOO_LARGE',
      { changes: many(16, (index) => put(`k${index}`, limits.stateValueBytes)) },
      { changes: many(15, (index) => put(`k${index}`, limits.stateValueBytes)) },
    ],
    [
      'many expectations',
      'LIMIT_EXCEEDED',
      {
        changes: [put('k')],
        expect: many(limits.stateExpectations + 1, (index) => ({ key: key(`absent ${index}`) })),
      },
      {
        changes: [put('k')],
        expect: many(limits.stateExpectations, (index) => ({ key: key(`absent ${index}`) })),
      },
    ],
    [
      'many expected versions',
      'LIMIT_EXCEEDED',
      { changes: [put('k')], expect: [{ key: key('k'), versions: ids(limits.stateHeads + 1) }] },
    ],
    [
      'other versions than expected',
      'CONFLICT',
      { changes: [put('k')], expect: [{ key: key('k'), versions: ids(limits.stateHeads) }] },
    ],
    [
      'an expected key that cannot be',
      'INVALID_ARGUMENT',
      { changes: [put('k')], expect: [{ key: key('') }] },
    ],
  ]
  for (const [what, code, bad, good] of writes)
    it(`refuses a write of ${what}`, async () => {
      const before = count()
      const rpc = code === 'CONFLICT' ? 'Aborted' : 'InvalidArgument'
      await fails(stores.write({ tree: treeBytes, ...bad }), code, rpc)
      await fails(stores.prepareWrite({ tree: treeBytes, ...bad }), code, rpc)
      assert.equal(count(), before)
      if (good === undefined) return
      const { at } = await stores.write({ tree: treeBytes, ...good })
      assert.equal(count(), before + 1)
      await stores.get({ tree: treeBytes, keys: [key('k')], read: { at } })
    })

  it('bounds what a read asks for', async () => {
    const [tooMany, shape] = [
      ['LIMIT_EXCEEDED', 'InvalidArgument'] as const,
      ['INVALID_ARGUMENT', 'InvalidArgument'] as const,
    ]
    const keys = many(limits.stateGetKeys, (index) => key(`k${index}`))
    const { items } = await stores.get({ tree: treeBytes, keys })
    assert.ok(items.length > 0)
    await fails(stores.get({ tree: treeBytes, keys: [...keys, key('k')] }), ...tooMany)
    await fails(stores.get({ tree: treeBytes, keys: [] }), ...tooMany)
    await fails(stores.get({ tree: treeBytes, keys: [key('a\0')] }), ...shape)
    await fails(stores.get({ tree: treeBytes, keys: [key('k'.repeat(513))] }), ...tooMany)
    await fails(stores.get({ tree: treeBytes.subarray(1), keys }), ...shape)
    await fails(stores.get({ tree: id(1), keys }), 'UNKNOWN_TREE', 'NotFound')
    await fails(stores.get({ tree: treeBytes, keys, read: { at: ids(limits.stateTokens + 1) } }), ...tooMany)
    await fails(stores.get({ tree: treeBytes, keys, read: { at: [id(1).subarray(1)] } }), ...shape)
    const missing = await fails(
      stores.get({ tree: treeBytes, keys, read: { at: ids(limits.stateTokens), waitMs: 1 } }),
      'NOT_HERE_YET',
      'Unavailable',
    )
    assert.equal(missing.data.missing, String(limits.stateTokens))
    const page = { tree: treeBytes, store: 's' }
    for (const call of [stores.list, stores.listConflicts]) {
      await call({ ...page, pageSize: limits.listedEntries })
      await fails(call({ ...page, pageSize: limits.listedEntries + 1 }), ...tooMany)
      await fails(call({ ...page, pageToken: '%' }), ...shape)
      await fails(call({ ...page, prefix: 'a\0' }), ...shape)
      await fails(call({ ...page, store: 's\0k' }), ...shape)
      await fails(call({ ...page, prefix: 'k'.repeat(limits.stateKeyBytes + 1) }), ...tooMany)
    }
    await fails(stores.listStores({ tree: treeBytes, pageSize: limits.listedEntries + 1 }), ...tooMany)
    await fails(stores.listStores({ tree: treeBytes, pageToken: '%' }), ...shape)
    const past = { tree: treeBytes, key: key('k') }
    await stores.history({ ...past, pageSize: limits.listedByDefault })
    await fails(stores.history({ ...past, pageSize: limits.listedByDefault + 1 }), ...tooMany)
    await fails(stores.history({ ...past, pageToken: '%' }), ...shape)
    await fails(stores.history({ tree: treeBytes }), ...shape)
    await fails(stores.watchStore({ ...page, afterSequence: 2n ** 64n - 1n }), ...shape)
    await fails(stores.watchStore({ ...page, prefix: 'a\0' }), ...shape)
    await fails(stores.watchStore({ ...page, tree: id(1) }), 'UNKNOWN_TREE', 'NotFound')
  })

  it('returns as many keys as fit into a mebibyte, and the others when asked again', async () => {
    const keys = many(40, (index) => key(`large ${index}`))
    for (const { key: name } of keys)
      await stores.write({ tree: treeBytes, changes: [put(name, limits.stateValueBytes)] })
    let asked = keys
    let calls = 0
    while (asked.length > 0) {
      const { items } = await stores.get({ tree: treeBytes, keys: asked })
      assert.ok(items.length > 0 && items.length <= 16)
      assert.deepEqual(
        items.map((item) => item.key!.key),
        asked.slice(0, items.length).map((one) => one.key),
      )
      asked = asked.slice(items.length)
      calls++
    }
    assert.equal(calls, 3)
    const listed: string[] = []
    let pageToken = ''
    do {
      const page = await stores.list({
        tree: treeBytes,
        store: 's',
        prefix: 'large',
        pageSize: 1_000,
        pageToken,
      })
      assert.ok(page.items.length <= 17)
      listed.push(...page.items.map((item) => item.key!.key))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    assert.deepEqual(listed, keys.map((one) => one.key).sort())
  })

  it('pages the history and the conflicts of keys', async () => {
    for (let version = 0; version < 25; version++)
      await stores.write({
        tree: treeBytes,
        changes: [{ ...put('past', version + 1, '', 'h'), replaces: { entries: [] } }],
      })
    const sizes: number[] = []
    let pageToken = ''
    do {
      const page = await stores.history({ tree: treeBytes, key: key('past', 'h'), pageSize: 10, pageToken })
      assert.ok(page.versions.length > 0 && page.versions.length <= 10)
      sizes.push(...page.versions.map(({ version }) => version!.value.length))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    assert.deepEqual(
      sizes,
      many(25, (index) => 25 - index),
    )
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      await stores.write({ tree: treeBytes, changes: [put(name, 1, '', 'h')] })
      if (name !== 'b')
        await stores.write({
          tree: treeBytes,
          changes: [{ ...put(name, 2, '', 'h'), replaces: { entries: [] } }],
        })
    }
    using _ = limited({ stateScanRows: 2 })
    const found: string[] = []
    let pages = 0
    do {
      const page = await stores.listConflicts({ tree: treeBytes, store: 'h', pageSize: 2, pageToken })
      found.push(...page.items.map(({ key: one, conflictCount }) => `${one!.key} ${conflictCount}`))
      pageToken = page.nextPageToken
      pages++
    } while (pageToken !== '')
    assert.deepEqual(found, ['a 1', 'c 1', 'd 1', 'e 1', 'past 24'])
    assert.ok(pages >= 3)
  })
})
