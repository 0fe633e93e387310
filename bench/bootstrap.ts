/**
 * A new node fetches a whole tree from another process. The floor is measured before and after each repetition, in a
 * process of its own, so that other load on the machine affects both.
 */
import { availableParallelism } from 'node:os'
import type { Case, Context, Row } from './harness.ts'
import { medianRow } from './harness.ts'
import { median } from './median.ts'
import type { Memory } from './memory.ts'
import type { SyncCost } from './peer.ts'
import { PeerProcess } from './process.ts'
import type { RawCost } from './raw.ts'
import type { PreparedTree } from './stores.ts'

export const bootstrap: Case = {
  name: 'bootstrap',
  summary: 'an empty node fetches 20,000 and 80,000 entries from another process',
  async run(context) {
    const rows: Row[] = []
    for (const [entries, repetitions] of context.small
      ? ([[1_000, 1]] as const)
      : ([
          // Memory differs by a twentieth between repetitions, and a bound compares the medians.
          [20_000, 9],
          [80_000, 7],
        ] as const)) {
      const prepared = await context.stores.tree(entries)
      const repeated: Row[] = []
      let before = await floor(context, prepared)
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const row = await once(context, prepared)
        const raw = context.transport === 'quic' ? await bareStream(context, row.bytes!) : undefined
        const after = await floor(context, prepared)
        const floorPerSecond = 2 / (1 / before.perSecond + 1 / after.perSecond)
        const floorCpu = (before.cpuSeconds + after.cpuSeconds) / 2
        repeated.push({
          ...row,
          floorPerSecond,
          ofFloor: row.perSecond! / floorPerSecond,
          cpuOfFloor: floorCpu / (row.servingCpuSeconds! + row.syncingCpuSeconds!),
          ...(raw && ratios(row, raw, prepared)),
        })
        if (raw) noteRoom(context, row, raw, floorCpu, prepared)
        context.note(
          `bootstrap of ${entries}: ${Math.round(row.perSecond!)}/s, floor ${Math.round(floorPerSecond)}/s`,
        )
        before = after
      }
      rows.push({ ...medianRow(repeated), ...mainThreads(repeated) }, await pages(context, prepared))
    }
    return rows
  },
}

async function once({ stores, transport }: Context, prepared: PreparedTree): Promise<Row> {
  const folder = stores.empty()
  await using serving = new PeerProcess('serving')
  await using syncing = new PeerProcess('syncing')
  const { address } = await serving.call('open', { folder: stores.copy(prepared), transport })
  await syncing.call('open', { folder, transport })
  await Promise.all([serving.call('begin'), syncing.call('begin')])
  const result = await syncing.call('sync', { tree: prepared.tree, address })
  const [servingCost, syncingCost] = await Promise.all([serving.call('cost'), syncing.call('cost')])
  const { count } = await syncing.call('summary', { tree: prepared.tree })
  if (!result.equal || count !== prepared.count)
    throw new Error(`The new node has ${count} of ${prepared.count} entries.`)
  await syncing.call('close')
  stores.remove(folder)
  return {
    name: `bootstrap ${transport}`,
    entries: result.received,
    seconds: result.seconds,
    perSecond: result.received / result.seconds,
    bytes: result.bytes,
    bytesBeside: result.bytes - prepared.bytes,
    roundTrips: result.roundTrips,
    servingGrowthMB: servingCost.growthMB,
    syncingGrowthMB: syncingCost.growthMB,
    servingAnonymousMB: servingCost.anonymousMB,
    syncingAnonymousMB: syncingCost.anonymousMB,
    servingCpuSeconds: servingCost.cpuSeconds,
    syncingCpuSeconds: syncingCost.cpuSeconds,
    servingMainUs: perEntry(servingCost, result),
    syncingMainUs: perEntry(syncingCost, result),
  }
}

/** Returns the microseconds of its main thread that a process spent on each entry. */
function perEntry({ mainSeconds }: Memory, { received }: SyncCost): number | undefined {
  return mainSeconds === undefined ? undefined : (1e6 * mainSeconds) / received
}

/** Returns the medians of what main threads spent: the row of the median ratio need not have them. */
function mainThreads(rows: readonly Row[]): Partial<Row> {
  const of = (column: 'servingMainUs' | 'syncingMainUs') =>
    rows[0]![column] === undefined ? undefined : median(rows.map((row) => row[column]!))
  return { servingMainUs: of('servingMainUs'), syncingMainUs: of('syncingMainUs') }
}

/** Fetches all pages and drops them: the speed that the connection alone allows. */
async function pages(context: Context, prepared: PreparedTree): Promise<Row> {
  const { stores, transport } = context
  await using serving = new PeerProcess('serving')
  await using taking = new PeerProcess('taking')
  const { address } = await serving.call('open', { folder: stores.copy(prepared), transport })
  await taking.call('open', { folder: stores.empty(), transport })
  await serving.call('begin')
  const { cpuSeconds, ...taken } = await taking.call('drain', { tree: prepared.tree, address })
  const row: Row = {
    name: `pages alone ${transport}`,
    ...taken,
    perSecond: taken.entries / taken.seconds,
    bytesBeside: taken.bytes - prepared.bytes,
    servingCpuSeconds: (await serving.call('cost')).cpuSeconds,
    syncingCpuSeconds: cpuSeconds,
  }
  if (transport !== 'quic') return row
  return { ...row, ...ratios(row, await bareStream(context, taken.bytes), prepared) }
}

function ratios(row: Row, raw: RawCost, { bytes }: PreparedTree): Partial<Row> {
  return {
    ofRaw: raw.seconds / row.seconds!,
    entriesOfRaw: bytes / row.seconds! / raw.bytesPerSecond,
    rawBytesPerSecond: raw.bytesPerSecond,
  }
}

/** Measures a stream of the QUIC binding alone between two processes, with as many bytes as the bootstrap took. */
async function bareStream({ note }: Context, bytes: number): Promise<RawCost> {
  await using serving = new PeerProcess('raw-serving')
  await using syncing = new PeerProcess('raw-syncing')
  const { ticket } = await serving.call('serveRaw')
  const read = await syncing.call('readRaw', { ticket, bytes })
  const { cpuSeconds } = await serving.call('sentRaw')
  note(
    `bare QUIC stream of ${(bytes / 1e6).toFixed(1)} MB: ${(read.bytesPerSecond / 1e6).toFixed(1)} MB/s, processor ${cpuSeconds.toFixed(2)} s writing, ${read.cpuSeconds.toFixed(2)} s reading`,
  )
  return { ...read, cpuSeconds: read.cpuSeconds + cpuSeconds }
}

/** Prints the greatest possible ratios to the bare stream: stream and floor share the processors of this machine. */
function noteRoom(
  { note }: Context,
  row: Row,
  raw: RawCost,
  floorCpu: number,
  { bytes }: PreparedTree,
): void {
  const cores = availableParallelism()
  const most = raw.seconds / Math.max((raw.cpuSeconds + floorCpu) / cores, raw.seconds)
  const swollen = bytes / row.bytes!
  note(
    `the bare stream takes ${raw.cpuSeconds.toFixed(1)} s of processor time, the floor ${floorCpu.toFixed(1)} s: with ${cores} cores at most ${most.toFixed(2)} of raw is possible, or ${(most * swollen).toFixed(2)} of the entries' own bytes; ` +
      `the bootstrap took ${(row.servingCpuSeconds! + row.syncingCpuSeconds!).toFixed(1)} s and reached ${(raw.seconds / row.seconds!).toFixed(2)}, or ${((raw.seconds / row.seconds!) * swollen).toFixed(2)}`,
  )
}

/** Measures the floor in a process of its own. */
async function floor({ stores, note }: Context, { folder, tree }: PreparedTree) {
  const scratch = stores.empty()
  await using process = new PeerProcess('floor')
  const result = await process.call('floor', { folder, scratch, tree })
  stores.remove(scratch)
  note(
    `floor: ${Math.round(result.perSecond)}/s (verifying took ${result.verifySeconds.toFixed(2)} s, writing in parallel ${result.writeSeconds.toFixed(2)} s)`,
  )
  return result
}
