/**
 * Keys with values of the greatest size: histories and watches send them in messages that a client accepts, however many
 * there are.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { limits } from '../../../src/base/limits.ts'
import { idToBytes } from '../../../src/dag/id.ts'
import { ServingNode } from '../../kit/serving-node.ts'

const count = 80
const value = (index: number) => new Uint8Array(limits.stateValueBytes).fill(index)

describe('StoreService with large values', () => {
  it('lists a history in pages that fit into a message', async () => {
    await using serving = await ServingNode.start()
    const { node } = serving
    const tree = await node.createTree('t')
    const store = node.stores.open(tree, 's')
    for (let index = 0; index < count; index++) await store.put('k', value(index))
    const client = (await serving.dial()).connection.client(StoreService)
    const seen: number[] = []
    let pageToken = ''
    do {
      const page = await client.history({ tree: idToBytes(tree), key: { store: 's', key: 'k' }, pageToken })
      seen.push(...page.versions.map(({ version }) => version!.value[0]!))
      pageToken = page.nextPageToken
    } while (pageToken !== '')
    assert.deepEqual(
      seen,
      Array.from({ length: count }, (_, index) => count - 1 - index),
    )
  })

  it('sends a watch what changed meanwhile in several messages, and says only with the last how far they go', async () => {
    await using serving = await ServingNode.start()
    const { node } = serving
    const tree = await node.createTree('t')
    const store = node.stores.open(tree, 's')
    for (let index = 0; index < count; index++) await store.put(`k${index}`, value(index))
    const client = (await serving.dial()).connection.client(StoreService)
    const stop = new AbortController()
    const request = { tree: idToBytes(tree), store: 's', afterSequence: 1n }
    const keys = new Set<string>()
    let last = 1n
    for await (const { items, sequence } of client.watchStore(request, { signal: stop.signal })) {
      for (const { key } of items) keys.add(key!.key)
      if (sequence > last) assert.equal(keys.size, count)
      last = sequence
      if (keys.size === count) break
    }
    stop.abort()
    assert.equal(last, BigInt(count + 1))
  })
})
