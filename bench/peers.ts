/**
 * Causeway beside hypercore, automerge-repo, Hocuspocus and git in one run: the same entries of 300 bytes between two
 * processes over loopback, each figure as a ratio to ours. What each does differs: hypercore signs one log for each
 * writer, git and Hocuspocus verify nobody, automerge-repo checks hashes, and Hocuspocus' asker stores nothing. The
 * systems are installed into a folder of their own. PEERS_RUNS repetitions (3), of which the median counts; PEERS_SIZES.
 */
import { execFileSync } from 'node:child_process'
import type { Case, Context, Row } from './harness.ts'
import { median } from './median.ts'
import { installPeers } from './peers/install.ts'
import { Network } from './peers/network.ts'
import { SideProcess, type System } from './peers/side-process.ts'

const systems: readonly System[] = ['ours', 'hypercore', 'automerge', 'hocuspocus', 'git']
/** Those whose asker stores nothing, and those that do their work in processes of their own. */
const [diskless, elsewhere] = [new Set<System>(['hocuspocus']), new Set<System>(['git'])]
/** Bytes count once nothing has crossed for this time, since not all say when both sides are equal. */
const quietMs = 300

/** What one run of a system shows, by the name of the row. */
type Figures = Map<string, Partial<Row>>

export const peers: Case = {
  name: 'peers',
  summary:
    'beside hypercore, automerge-repo, Hocuspocus and git: first sync, one, equal, diverged, live, disk, memory',
  onDemand: true,
  async run(context) {
    const module = installPeers(context.note)
    const sizes = context.small
      ? [100]
      : (process.env.PEERS_SIZES ?? '1000,5000,20000').split(',').map(Number)
    const runs = context.small ? 1 : Number(process.env.PEERS_RUNS ?? 3)
    const rows: Row[] = []
    for (const size of sizes) {
      const all = new Map<System, Figures[]>(systems.map((system) => [system, []]))
      for (let run = 0; run < runs; run++)
        for (const system of systems) {
          // Another run of the same system may still succeed.
          const figures = await once(context, module, system, size).catch((error: Error) =>
            context.note(`${system} of ${size}: ${error.message}`),
          )
          if (figures) all.get(system)!.push(figures)
        }
      rows.push(...compared(size, all))
    }
    return rows
  },
}

async function once(
  { stores, note }: Context,
  module: string,
  system: System,
  size: number,
): Promise<Figures> {
  using network = new Network()
  await using serving = new SideProcess(network, module)
  await using asking = new SideProcess(network, module)
  const folder = stores.empty()
  const servingInfo = await serving.call('open', { system, folder: stores.empty(), role: 'serving' })
  const askingInfo = await asking.call('open', { system, folder, role: 'asking' })
  await serving.call('fill', { count: size })
  await Promise.all([serving.call('meet', askingInfo), asking.call('meet', servingInfo)])
  const address = await serving.call<unknown>('serve')
  const figures: Figures = new Map()
  const meet = async (name: string, total: number) => {
    const before = network.bytes
    const started = performance.now()
    await asking.call('connect', address)
    await Promise.all([asking.call('until', { total }), serving.call('until', { total })])
    const seconds = (performance.now() - started) / 1000
    await quiet(network)
    await asking.call('disconnect')
    await quiet(network)
    figures.set(name, { seconds, bytes: network.bytes - before })
  }
  await meet('first sync', size)
  if (!diskless.has(system)) figures.set('disk', { bytes: diskBytes(folder) })
  if (!elsewhere.has(system)) {
    figures.set('memory, serving', { ownMB: await serving.call<number>('memory') })
    figures.set('memory, asking', { ownMB: await asking.call<number>('memory') })
  }
  await meet('equal', size)
  await serving.call('add', { count: 1 })
  await meet('one', size + 1)
  await Promise.all([serving.call('add', { count: 10 }), asking.call('add', { count: 10 })])
  await meet('diverged', size + 21)
  if (system !== 'git') await live(serving, asking, network, figures, address)
  note(`${system} of ${size}: first sync in ${figures.get('first sync')!.seconds!.toFixed(2)} s`)
  return figures
}

async function live(
  serving: SideProcess,
  asking: SideProcess,
  network: Network,
  figures: Figures,
  address: unknown,
): Promise<void> {
  await asking.call('follow', address)
  await quiet(network)
  for (const perSecond of [20, 200]) {
    const count = 4 * perSecond
    const before = network.bytes
    await asking.call('hear')
    await serving.call('paced', { count, perSecond })
    const ages = await asking.call<{ p50Ms: number; p99Ms: number }>('heard', { count })
    figures.set(`live, ${perSecond}/s`, { ...ages, bytes: (network.bytes - before) / count })
  }
}

/** Waits until nothing crosses any more. */
async function quiet(network: Network): Promise<void> {
  let before = -1
  // Ends with the process: a system that never rests has no figure.
  for (let bytes = network.bytes; bytes !== before; bytes = network.bytes) {
    before = bytes
    await new Promise((resolve) => setTimeout(resolve, quietMs))
  }
}

function diskBytes(folder: string): number {
  return Number(execFileSync('du', ['-sb', folder], { encoding: 'utf8' }).split('\t')[0])
}

/** Returns a row for each figure and system: the median of its runs, and what that is of ours. */
function compared(size: number, all: ReadonlyMap<System, readonly Figures[]>): Row[] {
  const names = [...new Set([...all.values()].flatMap((runs) => runs.flatMap((run) => [...run.keys()])))]
  const middle = (
    system: System,
    name: string,
    column: 'seconds' | 'bytes' | 'p50Ms' | 'p99Ms' | 'ownMB',
  ) => {
    const values = all.get(system)!.flatMap((run) => run.get(name)?.[column] ?? [])
    return values.length === 0 ? undefined : median(values)
  }
  return names.flatMap((name) =>
    systems.flatMap((system) => {
      const columns = ['seconds', 'bytes', 'p50Ms', 'p99Ms', 'ownMB'] as const
      const values = columns.map((column) => [column, middle(system, name, column)] as const)
      if (values.every(([, value]) => value === undefined)) return []
      const ratio = (column: (typeof columns)[number]) => {
        const [own, other] = [middle('ours', name, column), middle(system, name, column)]
        return own === undefined || other === undefined ? undefined : other / own
      }
      const time = ratio('seconds') ?? ratio('p50Ms')
      const space = ratio('bytes') ?? ratio('ownMB')
      return {
        name: `${name}, ${system}`,
        entries: size,
        ...Object.fromEntries(values.filter(([, value]) => value !== undefined)),
        ...(time !== undefined && { ofOurs: time }),
        ...(space !== undefined && { spaceOfOurs: space }),
      }
    }),
  )
}
