/** WatchStore over a server: it goes on where it was cut, and ends when the caller may not read the tree any more. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { StoreService, type WatchStoreResponse } from '../../../gen/causeway/v1/store_pb.ts'
import { idToBytes, type TreeId } from '../../../src/dag/id.ts'
import { createIdentity } from '../../../src/dag/identity.ts'
import { read as mayRead } from '../../kit/policy.ts'
import { fails } from '../../kit/rpc-errors.ts'
import { ServingNode } from '../../kit/serving-node.ts'

describe('WatchStore', () => {
  let serving: ServingNode
  before(async () => {
    serving = await ServingNode.start()
  })
  after(async () => {
    assert.deepEqual(serving.problems, [])
    await serving[Symbol.asyncDispose]()
  })

  /** A tree with a key, and a member that reads it: its calls, and its watch as it stands after all keys were told. */
  async function watched() {
    const { node } = serving
    const tree = await node.createTree('t')
    const notes = node.stores.open(tree, 'notes')
    await notes.put('a', 'one')
    const member = createIdentity()
    await node.grant(tree, member.peer, mayRead)
    const stores = (await serving.dialAs(member)).connection.client(StoreService)
    const watch = (afterSequence: bigint, signal?: AbortSignal) =>
      stores.watchStore(
        { tree: idToBytes(tree), store: 'notes', afterSequence },
        { ...(signal && { signal }) },
      )
    const keys = await readUntil(watch(0n), 'a')
    return { node, tree, notes, member, watch, sequence: keys.sequence }
  }

  /** Reads until a key was told and all were; returns what was told, and the last sequence. */
  async function readUntil(messages: AsyncIterable<WatchStoreResponse>, key: string) {
    const told: string[] = []
    for await (const { items, sequence, synced } of messages) {
      told.push(...items.map((item) => item.key!.key))
      if (synced && told.includes(key)) return { told, sequence }
    }
    return assert.fail('The watch ended.')
  }

  it('goes on after the last sequence', async () => {
    const { notes, watch, sequence } = await watched()
    await notes.put('b', 'two')
    await notes.delete('a')
    const { told } = await readUntil(watch(sequence), 'b')
    assert.deepEqual([...new Set(told)].sort(), ['a', 'b'])
    assert.deepEqual((await readUntil(watch(0n), 'b')).told, ['b'])
  })

  const ends: readonly [what: string, end: (tree: TreeId, member: string) => Promise<unknown>][] = [
    ['its caller is revoked', (tree, member) => serving.node.revoke(tree, member as never)],
    ['the tree is removed', (tree) => serving.node.removeTree(tree)],
  ]
  for (const [what, end] of ends)
    it(`ends when ${what}`, async () => {
      const { tree, member, watch, sequence } = await watched()
      const ended = fails(watch(sequence), 'UNKNOWN_TREE', 'NotFound')
      await end(tree, member.peer)
      await ended
      await fails(watch(sequence), 'UNKNOWN_TREE', 'NotFound')
    })
})
