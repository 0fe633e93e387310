/**
 * What the state of stores costs: writing with a view, a first sync of keys, and reads, each beside the same without a
 * view. Every figure is a ratio within the run.
 */
import type { Bound, Case, Context, Row } from './harness.ts'
import { median } from './median.ts'
import { PeerProcess } from './process.ts'
import type { Compared, PutKind } from './state-measure.ts'

export const state: Case = {
  name: 'state',
  summary:
    'writing, syncing and reading keys, beside the same without a view (of bare: time divided by that)',
  async run(context) {
    return [...(await writing(context)), ...(await syncing(context)), ...(await reading(context))]
  },
}

const rowOf = (name: string, { seconds, ratios, cpuRatio }: Compared, more: Partial<Row> = {}): Row => ({
  name,
  seconds,
  ofBare: median(ratios),
  cpuOfBare: cpuRatio,
  ratios,
  ...more,
})

async function writing({ stores, small }: Context): Promise<Row[]> {
  await using process = new PeerProcess('state-writing')
  const count = small ? 100 : 2_000
  const rounds = small ? 1 : 7
  const puts = await process.call('statePuts', { folder: stores.empty(), count, rounds })
  const [entries, keys] = small ? [500, 100] : [20_000, 5_000]
  const pages = await process.call('statePages', { folder: stores.empty(), entries, keys, rounds })
  return [
    rowOf('state puts, 256 at once', puts, { entries: count, perSecond: count / puts.seconds }),
    rowOf('state full pages', pages, { entries, perSecond: entries / pages.seconds }),
  ]
}

/** A tree of puts on the disk. */
interface PutTree {
  readonly folder: string
  readonly tree: string
}

async function preparePuts(
  { stores }: Context,
  kind: PutKind,
  entries: number,
  keys: number,
): Promise<PutTree> {
  const folder = stores.empty()
  await using process = new PeerProcess('state-prepare')
  return { folder, ...(await process.call('prepareState', { folder, entries, keys, kind })) }
}

/** A first sync of puts, and of opaque entries of the same size, alternately; and one of four times as many puts. */
async function syncing(context: Context): Promise<Row[]> {
  const { small, note } = context
  const [entries, keys, rounds] = small ? [500, 100, 1] : [80_000, 10_000, 3]
  const kinds = ['cw.put', 'xx.put'] as const
  const prepared = new Map<PutKind, PutTree>()
  for (const kind of kinds) prepared.set(kind, await preparePuts(context, kind, entries, keys))
  const rows: Row[] = []
  const views: number[] = []
  for (let round = 0; round < rounds; round++) {
    const each = new Map<PutKind, Awaited<ReturnType<typeof firstSync>>>()
    // Each goes first equally often.
    for (const kind of round % 2 === 0 ? kinds : kinds.toReversed())
      each.set(kind, await firstSync(context, prepared.get(kind)!, keys))
    const [puts, opaque] = [each.get('cw.put')!, each.get('xx.put')!]
    views.push(puts.viewSeconds)
    note(
      `first sync of ${entries} puts ${puts.seconds.toFixed(2)} s, opaque ${opaque.seconds.toFixed(2)} s; the view ${puts.viewSeconds.toFixed(2)} s later`,
    )
    rows.push({
      name: 'state first sync',
      entries,
      seconds: puts.seconds,
      perSecond: entries / puts.seconds,
      ofBare: puts.seconds / opaque.seconds,
      syncingGrowthMB: puts.growthMB,
      syncingAnonymousMB: puts.anonymousMB,
    })
    rows.push({
      name: 'state first sync, opaque',
      entries,
      seconds: opaque.seconds,
      perSecond: entries / opaque.seconds,
      syncingGrowthMB: opaque.growthMB,
      syncingAnonymousMB: opaque.anonymousMB,
    })
  }
  return [
    middle(rows.filter(({ ofBare }) => ofBare !== undefined)),
    middle(rows.filter(({ ofBare }) => ofBare === undefined)),
    { name: '… until the view is complete', entries, seconds: median(views) },
    await syncingMore(context, 4 * entries, keys),
  ]
}

/** A first sync of more puts over as many keys: memory must not follow their number. */
async function syncingMore(context: Context, entries: number, keys: number): Promise<Row> {
  const prepared = await preparePuts(context, 'cw.put', entries, keys)
  const { seconds, growthMB, anonymousMB } = await firstSync(context, prepared, keys)
  context.stores.remove(prepared.folder)
  return {
    ...{ name: 'state first sync of more puts', entries, seconds, perSecond: entries / seconds },
    ...{ syncingGrowthMB: growthMB, syncingAnonymousMB: anonymousMB },
  }
}

/** Returns the row with the median time, with the ratios of all, and the greatest memory. */
function middle(rows: readonly Row[]): Row {
  const seconds = median(rows.map((row) => row.seconds!))
  const ratios = rows.flatMap(({ ofBare }) => ofBare ?? [])
  return {
    ...(rows.find((row) => row.seconds === seconds) ?? rows[0]!),
    ...(ratios.length > 0 && { ofBare: median(ratios), ratios }),
    syncingGrowthMB: Math.max(...rows.map((row) => row.syncingGrowthMB!)),
    syncingAnonymousMB: Math.max(...rows.map((row) => row.syncingAnonymousMB ?? 0)),
  }
}

async function firstSync({ stores, transport }: Context, prepared: PutTree, keys: number) {
  const folder = stores.empty()
  await using serving = new PeerProcess('serving')
  await using asking = new PeerProcess('syncing')
  const copy = stores.copy({ ...prepared, count: 0, bytes: 0 })
  const { address } = await serving.call('open', { folder: copy, transport })
  await asking.call('open', { folder, transport })
  await Promise.all([serving.call('begin'), asking.call('begin')])
  const { seconds, equal } = await asking.call('sync', { tree: prepared.tree, address })
  if (!equal) throw new Error('The first sync ended without being equal.')
  const { growthMB, anonymousMB } = await asking.call('cost')
  const view = await asking.call('stateComplete', { tree: prepared.tree })
  if (view.keys > keys) throw new Error(`There are ${view.keys} keys, of ${keys} that were put.`)
  const after = await asking.call('cost')
  await asking.call('close')
  for (const each of [folder, copy]) stores.remove(each)
  return {
    seconds,
    viewSeconds: view.seconds,
    growthMB: Math.max(growthMB, after.growthMB),
    anonymousMB: Math.max(anonymousMB ?? 0, after.anonymousMB ?? 0),
  }
}

async function reading({ stores, small }: Context): Promise<Row[]> {
  const rows: Row[] = []
  for (const keys of small ? [1_000, 2_000] : [1_000, 100_000, 1_000_000]) {
    const folder = stores.empty()
    await using process = new PeerProcess('state-reading')
    const { get, list } = await process.call('stateReads', { folder, keys })
    rows.push(
      rowOf('state get', get, { entries: keys }),
      rowOf('state list of 1,000', list, { entries: keys }),
    )
    stores.remove(folder)
  }
  return rows
}

/** What each row may take, divided by the same without a view. */
const most: Readonly<Record<string, number>> = {
  'state puts, 256 at once': 1.6,
  'state full pages': 1.6,
  'state first sync': 1.15,
  'state get': 3,
  'state list of 1,000': 2,
}
/** The time of a read among the most keys, divided by that among the fewest. */
const flat = 2
/** The memory of a first sync of puts, divided by that of opaque entries. */
const grown = 1.2
/** The memory of a first sync of four times as many puts over as many keys, divided by that of the fewer. */
const flatMemory = 1.2

/** Returns the bounds of the rows. In a `small` run, times mean nothing and have no bounds. */
export function stateBounds(rows: readonly Row[], small: boolean): Bound[] {
  if (small) return []
  const named = (name: string) => rows.filter((row) => row.name === name)
  const [puts, opaque, more] = [
    ...named('state first sync'),
    ...named('state first sync, opaque'),
    ...named('state first sync of more puts'),
  ]
  return [
    ...rows
      .filter(({ name }) => most[name] !== undefined)
      .map(({ name, entries, ofBare }) => ({
        what: `${name}, ${entries}: at most ${most[name]} times without a view`,
        measured: ofBare!.toFixed(2),
        holds: ofBare! <= most[name]!,
      })),
    ...['state get', 'state list of 1,000'].flatMap((name) => {
      const [few, many] = [named(name)[0], named(name).at(-1)]
      if (few === undefined || many === few) return []
      const ratio = many!.seconds! / few.seconds!
      return [
        {
          what: `${name}: among ${many!.entries} keys at most ${flat} times as long as among ${few.entries}`,
          measured: ratio.toFixed(2),
          holds: ratio <= flat,
        },
      ]
    }),
    ...(puts === undefined || opaque === undefined
      ? []
      : [
          {
            what: `${puts.name}: the syncing process grows by at most ${grown} times as much as with opaque entries`,
            measured: `${puts.syncingAnonymousMB!.toFixed(0)} and ${opaque.syncingAnonymousMB!.toFixed(0)} MB`,
            holds: puts.syncingAnonymousMB! <= grown * opaque.syncingAnonymousMB!,
          },
        ]),
    ...(puts === undefined || more === undefined
      ? []
      : [
          {
            what: `${puts.name}: of ${more.entries} puts the syncing process grows by at most ${flatMemory} times as much as of ${puts.entries}`,
            measured: `${more.syncingAnonymousMB!.toFixed(0)} and ${puts.syncingAnonymousMB!.toFixed(0)} MB`,
            holds: more.syncingAnonymousMB! <= flatMemory * puts.syncingAnonymousMB!,
          },
        ]),
  ]
}
