/**
 * A new node takes a whole tree from another process. The floor is measured before and after each repetition, in a process
 * of its own, so that what else the machine does weighs on both.
 */
import type { Case, Context, Row } from './harness.ts'
import { medianRow } from './harness.ts'
import { PeerProcess } from './process.ts'
import type { PreparedTree } from './stores.ts'

export const bootstrap: Case = {
  name: 'bootstrap',
  summary: 'an empty node takes 20,000 and 80,000 entries from another process',
  async run(context) {
    const rows: Row[] = []
    for (const [entries, repetitions] of context.small
      ? ([[1_000, 1]] as const)
      : ([
          [20_000, 5],
          [80_000, 3],
        ] as const)) {
      const prepared = await context.stores.tree(entries)
      const repeated: Row[] = []
      let before = await floor(context, prepared)
      for (let repetition = 0; repetition < repetitions; repetition++) {
        const row = await once(context, prepared)
        const after = await floor(context, prepared)
        const floorPerSecond = 2 / (1 / before.perSecond + 1 / after.perSecond)
        const floorCpu = (before.cpuSeconds + after.cpuSeconds) / 2
        repeated.push({
          ...row,
          floorPerSecond,
          ofFloor: row.perSecond! / floorPerSecond,
          cpuOfFloor: floorCpu / (row.servingCpuSeconds! + row.syncingCpuSeconds!),
        })
        context.note(
          `bootstrap of ${entries}: ${Math.round(row.perSecond!)}/s, floor ${Math.round(floorPerSecond)}/s`,
        )
        before = after
      }
      rows.push(medianRow(repeated))
    }
    return rows
  },
}

async function once({ stores, transport }: Context, prepared: PreparedTree): Promise<Row> {
  const folder = stores.empty()
  await using serving = new PeerProcess('serving')
  await using syncing = new PeerProcess('syncing')
  const { address } = await serving.call('open', { folder: prepared.folder, transport })
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
  }
}

/** The bare work, in a process of its own. */
async function floor({ stores, note }: Context, { folder, tree }: PreparedTree) {
  const scratch = stores.empty()
  await using process = new PeerProcess('floor')
  const result = await process.call('floor', { folder, scratch, tree })
  stores.remove(scratch)
  note(
    `floor: ${Math.round(result.perSecond)}/s (verifying took ${result.verifySeconds.toFixed(2)} s, writing beside it ${result.writeSeconds.toFixed(2)} s)`,
  )
  return result
}
