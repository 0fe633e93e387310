/**
 * Members write keys under their own keys with generated stubs: PrepareWrite, one signature, SubmitEntries. A condition
 * holds between them and the node's own writes.
 */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { type Item, StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import { encodeBody } from '../../../src/dag/body.ts'
import { readBody } from '../../../src/dag/entry.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import type { Identity } from '../../../src/dag/identity.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { fromConnectError } from '../../../src/rpc/errors.ts'
import type { StateWrite } from '../../../src/state/api/write.ts'
import { encodePut } from '../../../src/state/payload.ts'
import { signPreparedWrite } from '../../../src/state/prepared.ts'
import { testIdentity } from '../../kit/entries.ts'
import { write as mayWrite } from '../../kit/policy.ts'

/** By each of the ten writers; 100 for a longer run. */
const increments = Number(process.env.INCREMENTS ?? 20)

const put = (key: string, value: string): StateWrite => ({
  writes: [{ store: 's', key, action: { put: { value: Buffer.from(value), type: 'text/plain' } } }],
})

/** Writes a key as a member would: with the stubs, its key, and the item that it has seen. */
async function writeAs(member: Identity, node: Node, tree: string, value: string, seen: Item | undefined) {
  const [stores, trees] = [createClient(StoreService, node.rpc()), createClient(TreeService, node.rpc())]
  const key = { store: 's', key: 'n' }
  const versions = seen?.value === undefined ? [] : [seen.value, ...seen.conflicts].map(({ entry }) => entry)
  const expect = [{ key, versions }]
  const { body } = await stores.prepareWrite({
    tree: idToBytes(tree as never),
    author: Buffer.from(member.peer, 'hex'),
    changes: [{ key, what: { case: 'put', value: { value: Buffer.from(value), type: 'text/plain' } } }],
    expect,
  })
  const entry = signPreparedWrite(member, body, {
    tree: tree as never,
    write: put('n', value),
    nowMs: Date.now(),
  })
  await trees.submitEntries({ tree: idToBytes(tree as never), entries: [entry.signed], expect })
}

describe('members', () => {
  it('increment a key by a condition, five beside five writers of the node', async () => {
    await using node = await createNode({})
    const tree = await node.createTree('t', PublicAccess.READ)
    const members = [1, 2, 3, 4, 5].map(testIdentity)
    for (const { peer } of members) await node.grant(tree, peer, mayWrite)
    const client = createClient(StoreService, node.rpc())
    const store = node.stores.open(tree, 's')
    const increment = async (member: Identity | undefined) => {
      // Ends when nobody else wrote in between.
      for (;;)
        try {
          if (member === undefined) {
            const item = await store.get('n')
            return void (await store.put('n', String(1 + Number(item?.value ?? 0)), { expect: item ?? null }))
          }
          const { items } = await client.get({ tree: idToBytes(tree), keys: [{ store: 's', key: 'n' }] })
          const next = String(1 + Number(Buffer.from(items[0]!.value?.value ?? []).toString()))
          return await writeAs(member, node, tree, next, items[0])
        } catch (error) {
          if (fromConnectError(error).code !== 'CONFLICT') throw error
        }
    }
    const writers = [...members, ...Array.from({ length: 5 }, () => undefined)]
    await Promise.all(
      writers.map(async (member) => {
        for (let count = 0; count < increments; count++) await increment(member)
      }),
    )
    const item = await store.get('n')
    assert.equal(item!.value, String(10 * increments))
    assert.equal(item!.conflictCount, 0)
  })

  it('say the same at one moment, and each counts, if they pass a nonce', async () => {
    const nowMs = Date.now()
    await using node = await createNode({ clock: { ...systemClock, now: () => nowMs } })
    const tree = await node.createTree('t', PublicAccess.WRITE)
    const member = testIdentity(1)
    const [stores, trees] = [createClient(StoreService, node.rpc()), createClient(TreeService, node.rpc())]
    const add: StateWrite = { writes: [{ store: 's', key: 'n', action: { add: 1 } }] }
    const prepare = async (nonce: Uint8Array) => {
      const { body } = await stores.prepareWrite({
        tree: idToBytes(tree),
        author: Buffer.from(member.peer, 'hex'),
        changes: [{ key: { store: 's', key: 'n' }, what: { case: 'add', value: { delta: 1n } } }],
        nonce,
      })
      return signPreparedWrite(member, body, { tree, write: add, nonce, nowMs }).signed
    }
    const nonces = [[1], [2], []].map((nonce) => Uint8Array.from(nonce))
    const entries = await Promise.all(nonces.map(prepare))
    const { added } = await trees.submitEntries({ tree: idToBytes(tree), entries })
    assert.equal(added, 3)
    assert.equal((await node.stores.open(tree, 's').get('n'))!.sum, 3n)
    const long = new Uint8Array(limits.entryNonceBytes + 1)
    await assert.rejects(prepare(long), (error) => fromConnectError(error).code === 'ENTRY_NONCE')
  })

  it('sign no body that says something else', async () => {
    await using node = await createNode({})
    const tree = await node.createTree('t', PublicAccess.WRITE)
    const member = testIdentity(1)
    const stores = createClient(StoreService, node.rpc())
    const key = { store: 's', key: 'a' }
    const { body } = await stores.prepareWrite({
      tree: idToBytes(tree),
      author: Buffer.from(member.peer, 'hex'),
      changes: [{ key, what: { case: 'put', value: { value: Buffer.from('v'), type: 'text/plain' } } }],
    })
    const sign = (bytes: Uint8Array) =>
      signPreparedWrite(member, bytes, { tree, write: put('a', 'v'), nowMs: Date.now() })
    assert.equal(sign(body).body.author, member.peer)
    const honest = readBody(body)
    const change = (payload: Uint8Array, kind = 'cw.put', store = 's') => [{ store, kind, payload }]
    const payload = (over: object) =>
      encodePut({ key: 'a', value: Buffer.from('v'), type: 'text/plain', replaces: [], ...over })
    const forged = [
      { ...honest, changes: change(payload({ value: Buffer.from('w') })) },
      { ...honest, changes: change(payload({ key: 'b' })) },
      { ...honest, changes: change(payload({ type: '' })) },
      { ...honest, changes: change(payload({}), 'cw.delete') },
      { ...honest, changes: change(payload({}), 'cw.put', 'other') },
      { ...honest, changes: [...honest.changes, ...change(payload({ key: 'c' }))] },
      { ...honest, changes: [] },
      { ...honest, author: testIdentity(2).peer },
      { ...honest, nonce: Uint8Array.of(1) },
    ]
    for (const [index, each] of forged.entries())
      assert.throws(() => sign(encodeBody(each)), { code: 'PROTOCOL' }, `forgery ${index}`)
    assert.throws(() => sign(body.subarray(1)), { code: 'PROTOCOL' })
  })
})
