/**
 * What the state of stores costs, measured in one process: writing with a view beside writing without one, and reads
 * beside bare reads of the same rows. What is compared runs alternately, so that other load affects both.
 */
import { join } from 'node:path'
import { systemClock } from '../src/base/clock.ts'
import { limits } from '../src/base/limits.ts'
import type { Change } from '../src/dag/body.ts'
import type { VerifiedEntry } from '../src/dag/entry.ts'
import type { EntryId, TreeId } from '../src/dag/id.ts'
import { createNode, type Node } from '../src/node/node.ts'
import { encodePut } from '../src/state/payload.ts'
import { StateReader } from '../src/state/reads.ts'
import { keyBytes, keyRange, keyRow } from '../src/state/rows.ts'
import { Views } from '../src/state/view.ts'
import { type Database, openFolder } from '../src/store/database/open.ts'
import { DagStore } from '../src/store/store.ts'
import { below, prng, TreeBuilder } from '../test/kit/entries.ts'
import { median } from './median.ts'
import { compact } from './store-entries.ts'

/** `cw.put`, or a kind of the same length that is opaque. */
export type PutKind = 'cw.put' | 'xx.put'
const storeName = 'notes'
const value = Buffer.alloc(200, 'value ')
const keyOf = (index: number) => `key/${String(index).padStart(8, '0')}`

export interface Compared {
  readonly seconds: number
  /** The time divided by the bare time, in each round. */
  readonly ratios: readonly number[]
  /** The processor time divided by that of the bare work, over all rounds. */
  readonly cpuRatio: number
}

/** What a task took. */
interface Cost {
  readonly seconds: number
  readonly cpuSeconds: number
}

async function timed(task: () => Promise<unknown>): Promise<Cost> {
  const cpu = process.cpuUsage()
  const started = performance.now()
  await task()
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { seconds, cpuSeconds: (user + system) / 1e6 }
}

function compared(pairs: readonly (readonly [Cost, Cost])[]): Compared {
  const sum = (side: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side].cpuSeconds, 0)
  return {
    seconds: median(pairs.map(([cost]) => cost.seconds)),
    ratios: pairs.map(([cost, bare]) => cost.seconds / bare.seconds),
    cpuRatio: sum(0) / sum(1),
  }
}

const put = (kind: PutKind, key: number, replaces: readonly EntryId[] = []): Change => ({
  store: storeName,
  kind,
  payload: encodePut({ key: keyOf(key), value, type: 'text/plain', replaces }),
})

/** Builds a line of entries that put keys at random, each over the version before. */
export function buildPuts(entries: number, keys: number, kind: PutKind): VerifiedEntry[] {
  const random = prng(3)
  const tree = new TreeBuilder({ seed: `bench ${kind}` })
  const last = new Map<number, EntryId>()
  for (let index = 0; index < entries; index++) {
    const key = below(random, keys)
    const before = last.get(key)
    const { id } = tree.add(undefined, { changes: [put(kind, key, before === undefined ? [] : [before])] })
    last.set(key, id)
  }
  return tree.entries
}

/** Puts keys through a node, 256 at once, until they are counted; beside commits of the same bytes. */
async function measurePuts(options: { folder: string; count: number; rounds: number }): Promise<Compared> {
  const { folder, count, rounds } = options
  await using node = await createNode({ data: join(folder, 'puts') })
  await using bare = await createNode({ data: join(folder, 'bare') })
  const [tree, bareTree] = [await node.createTree('t'), await bare.createTree('t')]
  const store = node.stores.open(tree, storeName)
  const text = value.toString()
  const atOnce = async (task: (index: number) => Promise<unknown>) => {
    let next = 0
    const worker = async () => {
      while (next < count) await task(next++)
    }
    await Promise.all(Array.from({ length: 256 }, worker))
  }
  const name = ['0'.repeat(64) as EntryId]
  const pairs: [Cost, Cost][] = []
  for (let round = -1; round < rounds; round++) {
    const random = prng(round)
    const cost = await timed(async () => {
      await atOnce(() => store.put(keyOf(below(random, 1_000)), text))
      await store.get(keyOf(0))
    })
    const bareCost = await timed(() =>
      atOnce(() => bare.commit(bareTree, [put('xx.put', below(random, 1_000), name)])),
    )
    // The first round runs code for the first time, and makes the keys.
    if (round >= 0) pairs.push([cost, bareCost])
  }
  return compared(pairs)
}

/** Stores a history in full pages, with a view until that is complete, and without one. */
async function measurePages(options: {
  folder: string
  entries: number
  keys: number
  rounds: number
}): Promise<Compared> {
  const { folder, entries, keys, rounds } = options
  const history = buildPuts(entries, keys, 'cw.put')
  const take = async (name: string, viewed: boolean): Promise<Cost> => {
    const store = await DagStore.open(await openFolder(join(folder, name)))
    const views = viewed ? await Views.open(store, systemClock) : undefined
    const { tree } = history[0]!
    const cost = await timed(async () => {
      for (let from = 0; from < history.length; from += limits.pageEntries)
        await store.append(tree, history.slice(from, from + limits.pageEntries))
      await views?.count(tree)
    })
    await views?.close()
    await store.close()
    return cost
  }
  const pairs: [Cost, Cost][] = []
  for (let round = -1; round < rounds; round++) {
    const pair = [await take(`with ${round}`, true), await take(`without ${round}`, false)] as const
    if (round >= 0) pairs.push([...pair])
  }
  return compared(pairs)
}

/** Makes a store of so many keys, a thousand an entry, and leaves it as if it had not just been written. */
async function fillKeys(folder: string, keys: number): Promise<VerifiedEntry['tree']> {
  const store = await DagStore.open(await openFolder(folder))
  const views = await Views.open(store, systemClock)
  const tree = new TreeBuilder({ seed: 'bench keys' })
  await store.append(tree.root.id, [tree.root])
  for (let from = 0; from < keys; from += 1_000) {
    const changes = Array.from({ length: Math.min(1_000, keys - from) }, (_, at) => put('cw.put', from + at))
    await store.append(tree.root.id, [tree.add(undefined, { changes })])
  }
  await views.count(tree.root.id)
  await compact(store)
  await views.close()
  await store.close()
  return tree.root.id
}

const getsARound = 500
const rounds = 20

/** Reads keys and pages of keys, beside bare reads of the same rows. */
async function measureReads(options: { folder: string; keys: number }): Promise<{
  readonly get: Compared
  readonly list: Compared
}> {
  const { folder, keys } = options
  const tree = await fillKeys(folder, keys)
  const store = await DagStore.open(await openFolder(folder))
  const views = await Views.open(store, systemClock)
  const reader = new StateReader(views)
  const { db } = store
  const number = store.treeNumber(tree)
  const random = prng(5)
  const gets: [Cost, Cost][] = []
  const lists: [Cost, Cost][] = []
  for (let round = -1; round < rounds; round++) {
    const chosen = Array.from({ length: getsARound }, () => keyOf(below(random, keys)))
    const rows = chosen.map((key) => keyRow(number, keyBytes({ store: storeName, key })))
    const bareGets = () => timed(async () => await getEach(db, rows))
    // The blocks of the table are in memory for both.
    await bareGets()
    const get = await timed(async () => {
      for (const key of chosen) {
        await reader.ready(tree)
        const [item] = await reader.get(tree, [{ store: storeName, key }])
        if (item!.version === undefined) throw new Error(`The key ${key} is absent.`)
      }
    })
    const after = keyOf(below(random, Math.max(1, keys - 1_000)))
    const scan = () =>
      timed(() => db.iterator({ ...keyRange(number, storeName, '', after), limit: 1_000 }).all())
    await scan()
    const list = await timed(async () => {
      await reader.ready(tree)
      await reader.list(tree, { store: storeName, after, limit: 1_000 })
    })
    const [bareGet, bareList] = [await bareGets(), await scan()]
    if (round < 0) continue
    gets.push([get, bareGet])
    lists.push([list, bareList])
  }
  await views.close()
  await store.close()
  const get = compared(gets)
  return { get: { ...get, seconds: get.seconds / getsARound }, list: compared(lists) }
}

async function getEach(db: Database, rows: readonly Buffer[]): Promise<void> {
  for (const row of rows) await db.get(row)
}

/** Waits until the view of a tree is complete. Returns the seconds, and how many keys it shows; 0 if it has none. */
export async function completeView(node: Node, tree: TreeId): Promise<{ seconds: number; keys: number }> {
  const notes = node.stores.open(tree, storeName)
  const { seconds } = await timed(async () => {
    // Ends when the view is complete: until then each read says so after a second.
    for (;;)
      try {
        return await notes.get(keyOf(0))
      } catch (error) {
        if ((error as { code?: string }).code !== 'VIEW_BUILDING') throw error
      }
  })
  let keys = 0
  for await (const _ of notes.list()) keys++
  return { seconds, keys }
}

export const stateCommands = { statePuts: measurePuts, statePages: measurePages, stateReads: measureReads }
