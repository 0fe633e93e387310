/**
 * Peers for tests: a store in memory with its ingest and a clock with seeded random numbers, and the few ways in which
 * tests fill and compare stores.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { limits } from '../../src/base/limits.ts'
import type { Entry, SignedEntry, VerifiedEntry } from '../../src/dag/entry.ts'
import type { EntryId, TreeId } from '../../src/dag/id.ts'
import { type Database, openMemory } from '../../src/store/database/open.ts'
import { type AppendResult, DagStore } from '../../src/store/store.ts'
import { Ingest } from '../../src/sync/ingest.ts'
import { prng } from './entries.ts'

export interface TestPeer extends AsyncDisposable {
  readonly store: DagStore
  readonly ingest: Ingest
  readonly clock: Clock
}

/** Opens a peer on a new store (in memory unless a database is given) that holds `entries`. */
export async function openPeer(entries: readonly VerifiedEntry[] = [], db?: Database): Promise<TestPeer> {
  const store = await DagStore.open(db ?? (await openMemory()))
  if (entries.length > 0) await fill(store, entries)
  return {
    store,
    ingest: new Ingest(store),
    clock: { ...systemClock, random: prng(1) },
    [Symbol.asyncDispose]: () => store.close(),
  }
}

/** Stores entries of one tree in pages. Fails if any is refused. */
export async function fill(
  store: DagStore,
  entries: readonly VerifiedEntry[],
  options: { sync?: boolean; pageEntries?: number } = {},
): Promise<AppendResult[]> {
  const pages: AppendResult[] = []
  const size = options.pageEntries ?? limits.pageEntries
  for (let start = 0; start < entries.length; start += size) {
    const page = await store.append(entries[0]!.tree, entries.slice(start, start + size), options)
    assert.deepEqual(page.refused, [])
    pages.push(page)
  }
  return pages
}

/** Returns all ids of a tree in the store's order. */
export async function idsOf(store: DagStore, tree: TreeId): Promise<EntryId[]> {
  const ids: EntryId[] = []
  if (store.tree(tree) !== undefined)
    for await (const page of store.scan(tree)) for (const { id } of page) ids.push(id)
  return ids
}

/** Asserts that stores have the same entries, tips and count of a tree. */
export async function assertSame(tree: TreeId, ...stores: readonly DagStore[]): Promise<void> {
  const [first, ...others] = await Promise.all(
    stores.map(async (store) => ({
      ids: await idsOf(store, tree),
      ...(await store.summary(tree)),
      bytes: store.tree(tree)?.bytes,
    })),
  )
  for (const other of others) assert.deepEqual(other, first)
}

export function signedOf(entries: readonly Entry[]): SignedEntry[] {
  return entries.map((entry) => entry.signed)
}

/** Creates a folder for a test, which is removed when disposed. */
export async function tempFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'causeway-test-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
