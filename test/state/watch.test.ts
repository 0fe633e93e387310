/**
 * Watches that are cut at any moment and go on: what they tell adds up to the state, over changes of the policy too. And
 * their end, in virtual time.
 */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { put } from '../../conformance/vectors/state-case.ts'
import { limits } from '../../src/base/limits.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import type { TreeId } from '../../src/dag/id.ts'
import type { Item, WatchMessage } from '../../src/state/api/items.ts'
import { StateReader } from '../../src/state/reads.ts'
import { Views } from '../../src/state/view.ts'
import { watchStore } from '../../src/state/watch.ts'
import { openMemory } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'
import { below, type Prng, prng, shuffleParentsFirst, TreeBuilder } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { randomStateTree } from '../kit/state-definition.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const runs = Number(process.env.STATE_RUNS ?? 30)

class Watching {
  readonly clock: VirtualClock
  readonly store: DagStore
  readonly views: Views
  readonly reader: StateReader
  mayRead = true
  private ended = new AbortController()

  private constructor(clock: VirtualClock, store: DagStore, views: Views) {
    this.clock = clock
    this.store = store
    this.views = views
    this.reader = new StateReader(views)
  }

  static async start(): Promise<Watching> {
    const store = await DagStore.open(await openMemory())
    const clock = new VirtualClock()
    return new Watching(clock, store, await Views.open(store, clock))
  }

  begin(tree: TreeId, options: { store: string; prefix?: string; after?: number }) {
    this.ended = new AbortController()
    return watchStore({ ...this, mayRead: async () => this.mayRead }, tree, options, this.ended.signal)
  }

  /** Cuts the watch under way. */
  async cut(messages: AsyncGenerator<WatchMessage>): Promise<void> {
    this.ended.abort()
    await messages.return(undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ended.abort()
    await this.views.close()
    await this.store.close()
  }
}

const path = ({ store, key }: Item) => `${store} ${key}`
const withVersion = (items: readonly Item[]) => items.filter(({ version }) => version !== undefined)

/** What a caller knows of a store that it watches. */
class Known {
  readonly items = new Map<string, Item>()
  after = 0

  take({ items, sequence, synced }: WatchMessage): void {
    for (const item of items)
      if (item.version === undefined) this.items.delete(path(item))
      else this.items.set(path(item), item)
    assert.ok(sequence >= this.after, 'a sequence never goes back')
    if (synced) this.after = sequence
  }
}

/** Follows a store while pages come, with random cuts, and compares what it knows with a list. */
async function follow(entries: readonly VerifiedEntry[], random: Prng, about: string): Promise<void> {
  await using node = await Watching.start()
  const { store, views, reader, clock } = node
  const tree = entries[0]!.tree
  await store.append(tree, [entries[0]!])
  const options = { store: 'notes', ...(random() < 0.3 && { prefix: 'b' }) }
  let known = new Known()
  let messages = node.begin(tree, options)
  const pull = async () => {
    const next = await clock.runUntil(messages.next())
    const message = next!.value as WatchMessage
    const keys = message.items.map(path)
    assert.equal(new Set(keys).size, keys.length, `${about}: a key twice in a message`)
    if (message.items.length > 0)
      assert.deepEqual(message.items, await reader.get(tree, message.items), `${about}: not the latest value`)
    known.take(message)
  }
  for (let from = 1; from < entries.length; ) {
    const page = entries.slice(from, from + 1 + below(random, 9))
    from += page.length
    await store.append(tree, page)
    await views.count(tree)
    for (let left = below(random, 4); left > 0; left--) {
      await pull()
      if (random() < 0.6) continue
      await node.cut(messages)
      // A cut before all keys were told begins anew.
      if (known.after === 0) known = new Known()
      messages = node.begin(tree, { ...options, after: known.after })
    }
  }
  // The sign of life says up to where all is told.
  while (known.after < views.counted(tree)) await pull()
  const { rows } = await reader.list(tree, { ...options })
  const now = rows.length === 0 ? [] : await reader.get(tree, rows)
  assert.deepEqual(
    [...known.items.values()].sort((a, b) => (path(a) < path(b) ? -1 : 1)),
    withVersion(now),
    about,
  )
  // All is told: a watch that goes on from here says only that it has.
  await node.cut(messages)
  messages = node.begin(tree, { ...options, after: known.after })
  for (let times = 0; times < 2; times++) {
    const { value } = (await clock.runUntil(messages.next()))!
    assert.deepEqual(value, { items: [], sequence: known.after, synced: true }, about)
  }
  await node.cut(messages)
}

describe('a watch', () => {
  it(`that is cut at random misses nothing and repeats nothing but latest values (${runs} trees)`, async () => {
    // Few arrivals in a message, so that cuts come between them.
    using _ = limited({ watchEntries: 3 })
    for (let seed = 1; seed <= runs; seed++) {
      const random = prng(seed)
      const { entries } = randomStateTree(random, seed, 20 + below(random, 50))
      await follow(shuffleParentsFirst(entries, random), random, `seed ${seed}`)
    }
  })

  async function one() {
    const node = await Watching.start()
    const tree = new TreeBuilder()
    await node.store.append(tree.root.id, tree.entries.slice(0, 1))
    const add = async (key: string) => {
      await node.store.append(tree.root.id, [tree.add(undefined, { changes: [put(key, key)] })])
      await node.views.count(tree.root.id)
    }
    await add('a')
    const messages = node.begin(tree.root.id, { store: 'notes' })
    const next = async () => (await node.clock.runUntil(messages.next()))!.value as WatchMessage
    assert.deepEqual(
      [await next(), await next()].map(({ items, ...rest }) => ({
        keys: items.map(({ key }) => key),
        ...rest,
      })),
      [
        { keys: ['a'], sequence: 0, synced: false },
        { keys: [], sequence: 2, synced: true },
      ],
    )
    return { node, tree, add, next, messages, [Symbol.asyncDispose]: () => node[Symbol.asyncDispose]() }
  }

  it('gives a sign of life when nothing was told for a while', async () => {
    await using watch = await one()
    const { clock } = watch.node
    for (let times = 0; times < 3; times++) {
      const told = watch.messages.next()
      const startedAt = clock.monotonic()
      const { value } = (await clock.runUntil(told))!
      assert.deepEqual(value, { items: [], sequence: 2, synced: true })
      assert.equal(clock.monotonic() - startedAt, limits.signOfLifeMs)
    }
    await watch.add('b')
    assert.deepEqual(
      (await watch.next()).items.map(({ key }) => key),
      ['b'],
    )
  })

  it('ends when the right to read is gone, before it tells anything more', async () => {
    await using watch = await one()
    const told = watch.messages.next()
    watch.node.mayRead = false
    await watch.add('b')
    await assert.rejects(told, { code: 'UNKNOWN_TREE' })
  })

  it('ends at once when the tree is removed', async () => {
    await using watch = await one()
    const { node, tree } = watch
    const told = watch.messages.next()
    await node.clock.settle()
    const startedAt = node.clock.monotonic()
    const ended = assert.rejects(told, { code: 'UNKNOWN_TREE' })
    await node.store.removals.remove(tree.root.id)
    await node.clock.runUntil(ended)
    assert.equal(node.clock.monotonic(), startedAt)
  })
})
