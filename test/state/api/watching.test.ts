/** A program's watch over connections that are lost: it goes on, tells what was deleted meanwhile, and gives up in the end. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import type { EntryId, TreeId } from '../../../src/dag/id.ts'
import type { StoreCalls } from '../../../src/state/api/calls.ts'
import type { Item, WatchMessage } from '../../../src/state/api/items.ts'
import { type StoreChange, Stores } from '../../../src/state/api/stores.ts'
import { limited } from '../../kit/limited.ts'

const tree = 'ab'.repeat(32) as TreeId
const id = 'cd'.repeat(32) as EntryId

const item = (key: string, isAbsent = false): Item => ({
  ...{ store: 's', key, conflicts: [], conflictCount: 0 },
  version: isAbsent
    ? undefined
    : {
        ...{ id, height: 1, author: tree as never, createdAtMs: 0, type: 'text/plain', sum: undefined },
        value: Buffer.from(key),
      },
})
const all = (...keys: string[]): WatchMessage => ({
  items: keys.map((key) => item(key)),
  sequence: 0,
  synced: false,
})
const then = (sequence: number, ...items: Item[]): WatchMessage => ({ items, sequence, synced: true })
const lost = new CausewayError('DISCONNECTED', 'The connection was lost.')

/** Watches connections that send these messages and then fail, or end without an error. */
async function watch(
  connections: readonly (readonly (WatchMessage | CausewayError)[])[],
  end?: AbortController,
) {
  const ended = end ?? new AbortController()
  const asked: (number | undefined)[] = []
  const calls = {
    async *watch(_: TreeId, { after }: { after?: number }) {
      const messages = connections[asked.length]
      asked.push(after)
      for (const message of messages ?? [lost])
        if (message instanceof CausewayError) throw message
        else yield message
      if (messages === connections.at(-1) && messages?.at(-1) instanceof CausewayError === false)
        ended.abort()
    },
  } as unknown as StoreCalls
  const changes: StoreChange[] = []
  for await (const change of new Stores(calls).open(tree, 's').watch({ signal: ended.signal }))
    changes.push(change)
  const told = changes.map(({ items, synced }) => [
    synced,
    ...items.map(({ key, version }) => (version === undefined ? `-${key}` : key)),
  ])
  return { told, asked }
}

describe("a program's watch", () => {
  it('goes on after the last sequence, and says once that all keys were told', async () => {
    using _ = limited({ watchRetryMs: 0 })
    const { told, asked } = await watch([
      [all('a'), then(3), then(4, item('b')), lost],
      [then(4), then(6, item('a', true))],
      [then(6)],
    ])
    assert.deepEqual(told, [[false, 'a'], [true], [true, 'b'], [true, '-a']])
    assert.deepEqual(asked, [0, 4, 6])
  })

  it('tells keys that were deleted while it began again', async () => {
    using _ = limited({ watchRetryMs: 0 })
    const { told, asked } = await watch([
      [all('a', 'b'), lost],
      [all('b'), lost],
      [all('b', 'c'), then(9), then(10, item('c'))],
    ])
    assert.deepEqual(told, [
      [false, 'a', 'b'],
      [false, 'b'],
      [false, 'b', 'c'],
      [true, '-a'],
      [true, 'c'],
    ])
    assert.deepEqual(asked, [0, 0, 0])
  })

  it('gives up when no connection comes about any more', async () => {
    using _ = limited({ watchRetries: 3, watchRetryMs: 0 })
    await assert.rejects(watch([[all('a'), then(1), lost]]), { code: 'DISCONNECTED' })
    const refused = new CausewayError('UNKNOWN_TREE', 'There is no such tree.')
    await assert.rejects(watch([[refused]]), { code: 'UNKNOWN_TREE' })
  })
})
