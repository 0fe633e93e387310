/**
 * Follows the keys of a store: first all of them, then each one that changes. Changes are found by the arrivals that the
 * view has counted, so a watch that was cut goes on where it was, after a restart too.
 */

import type { Clock } from '../base/clock.ts'
import { limits } from '../base/limits.ts'
import { decodeBody } from '../dag/body.ts'
import { type Position, type TreeId, unknownTree } from '../dag/id.ts'
import type { Item, WatchMessage, WatchOptions } from './api/items.ts'
import { wakes } from './counting/wakes.ts'
import { effectsOf, pathOf, type StoreKey } from './effects.ts'
import { checkPrefix } from './payload.ts'
import type { StateReader } from './reads.ts'
import { flipOf, flipRange, flipsAfter } from './rows.ts'
import type { Views } from './view.ts'

export interface WatchParts {
  readonly views: Views
  readonly reader: StateReader
  readonly clock: Clock
  /** Whether the caller may still read the tree. */
  readonly mayRead: () => Promise<boolean>
}

/** Yields until the signal fires. Throws UNKNOWN_TREE when the tree is removed, or may not be read any more. */
export async function* watchStore(
  parts: WatchParts,
  tree: TreeId,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchMessage> {
  const { views, reader } = parts
  checkPrefix(options.store, options.prefix)
  await reader.ready(tree, { signal })
  let after = options.after ?? 0
  if (options.changesOnly && after === 0) after = views.counted(tree)
  // A cursor of another tree, or of this one before it was removed, is no place to go on from.
  else if (after === 0 || after > views.counted(tree)) {
    const from = views.counted(tree)
    for await (const items of allItems(reader, tree, options)) {
      await expectReadable(parts, tree)
      yield { items, sequence: 0, synced: false }
    }
    after = from
  }
  yield { items: [], sequence: after, synced: true }
  let sentAt = parts.clock.monotonic()
  for await (const _ of wakes(views, parts.clock, tree, () => sentAt, signal)) {
    await expectReadable(parts, tree)
    let sent = false
    // Each turn sends what some arrivals changed; ends when all that the view has counted are sent.
    while (after < views.counted(tree) && !signal.aborted) {
      const { arrived, through } = await nextArrivals(views, tree, after)
      for await (const positions of flipped(views, tree, after, through))
        for await (const items of pagesOf(reader, tree, await keysAt(views, tree, options, positions))) {
          await expectReadable(parts, tree)
          // Until all of these keys are sent, a watch that is cut has to begin before them.
          yield { items, sequence: after, synced: true }
          sent = true
          sentAt = parts.clock.monotonic()
        }
      const keys = await keysAt(views, tree, options, arrived)
      let left = keys.length
      for await (const items of pagesOf(reader, tree, keys)) {
        await expectReadable(parts, tree)
        left -= items.length
        yield { items, sequence: left === 0 ? through : after, synced: true }
        sent = true
        sentAt = parts.clock.monotonic()
      }
      after = through
    }
    if (!sent && parts.clock.monotonic() - sentAt >= limits.signOfLifeMs) {
      yield { items: [], sequence: after, synced: true }
      sentAt = parts.clock.monotonic()
    }
  }
}

async function expectReadable({ mayRead, views }: WatchParts, tree: TreeId): Promise<void> {
  if (views.store.tree(tree) === undefined || !(await mayRead())) throw unknownTree(tree)
}

async function* allItems(
  reader: StateReader,
  tree: TreeId,
  { store, prefix }: WatchOptions,
): AsyncGenerator<Item[]> {
  let after: string | undefined
  // Ends with the last page of the list.
  do {
    const { rows, next } = await reader.list(tree, { store, prefix, after })
    yield* pagesOf(reader, tree, rows)
    after = next
  } while (after !== undefined)
}

/** Yields all of these keys, in pages that fit into a message, whatever the size of their values. */
async function* pagesOf(
  reader: StateReader,
  tree: TreeId,
  keys: readonly StoreKey[],
): AsyncGenerator<Item[]> {
  // Each turn yields one key at least.
  for (let done = 0; done < keys.length; ) {
    const items = await reader.get(tree, keys.slice(done, done + limits.stateGetKeys))
    yield items
    done += items.length
  }
}

/** Returns the next arrivals after one that the view counts, and the last of them. */
async function nextArrivals(
  views: Views,
  tree: TreeId,
  after: number,
): Promise<{ arrived: Position[]; through: number }> {
  const end = views.counted(tree)
  const arrivals = await views.store.arrivals(tree, after, limits.watchEntries)
  const arrived = arrivals.filter(({ sequence }) => sequence <= end)
  return { arrived, through: arrived.at(-1)?.sequence ?? end }
}

/** Yields in pages the entries that became void, or no longer void, by arrivals after one. */
async function* flipped(
  { store }: Views,
  tree: TreeId,
  after: number,
  through: number,
): AsyncGenerator<Position[]> {
  for await (const rows of store.rows(flipRange(store.treeNumber(tree), flipsAfter(after), through)))
    yield rows.map(([row]) => flipOf(row).position)
}

/** Returns the watched keys that some entries change. */
async function keysAt(
  { store }: Views,
  tree: TreeId,
  { store: name, prefix = '' }: WatchOptions,
  positions: readonly Position[],
): Promise<StoreKey[]> {
  const keys = new Map<string, StoreKey>()
  for (let from = 0; from < positions.length; from += readAtOnce)
    for (const { signed } of await store.read(tree, positions.slice(from, from + readAtOnce)))
      for (const effect of effectsOf(decodeBody(signed.body).changes).values())
        if (effect.store === name && effect.key.startsWith(prefix))
          keys.set(pathOf(effect), { store: effect.store, key: effect.key })
  return [...keys.values()]
}

/** How many entries are read at a time. */
const readAtOnce = 64
