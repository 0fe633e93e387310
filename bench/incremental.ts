/**
 * Two nodes that had the same tree meet again after one side has written a few entries, which are pulled and then
 * pushed. The cost must follow the difference: the bytes besides the entries, and the single records read on each
 * side.
 */
import type { Case, Context, Row } from './harness.ts'
import { PeerProcess } from './process.ts'
import type { PreparedTree } from './stores.ts'

export const incremental: Case = {
  name: 'incremental',
  summary: '1 and 1,000 new entries in a tree of 80,000',
  async run(context) {
    const { stores, transport, small } = context
    const prepared = await stores.tree(small ? 1_000 : 80_000)
    await using serving = new PeerProcess('serving')
    await using syncing = new PeerProcess('syncing')
    const { address } = await serving.call('open', { folder: stores.copy(prepared), transport })
    await syncing.call('open', { folder: stores.copy(prepared), transport })
    const rows: Row[] = []
    // The first connection runs code for the first time, so it is not measured.
    await change(context, prepared, serving, syncing, address, 1, 'pulled')
    for (const count of small ? [1, 10] : [1, 1_000])
      for (const direction of ['pulled', 'pushed'] as const)
        rows.push(await change(context, prepared, serving, syncing, address, count, direction))
    return rows
  },
}

async function change(
  { transport }: Context,
  { tree }: PreparedTree,
  serving: PeerProcess,
  syncing: PeerProcess,
  address: string,
  count: number,
  direction: 'pulled' | 'pushed',
): Promise<Row> {
  const { bytes } = await (direction === 'pulled' ? serving : syncing).call('commit', { tree, count })
  await Promise.all([serving.call('begin'), syncing.call('begin')])
  const result = await syncing.call('sync', { tree, address })
  if (!result.equal || result.received + result.sent !== count)
    throw new Error(`Syncing ${count} entries gave ${JSON.stringify(result)}.`)
  const [servingCost, syncingCost] = await Promise.all([serving.call('cost'), syncing.call('cost')])
  return {
    name: `incremental ${transport}, ${direction}`,
    entries: count,
    seconds: result.seconds,
    perSecond: count / result.seconds,
    bytes: result.bytes,
    bytesBeside: result.bytes - bytes,
    roundTrips: result.roundTrips,
    reads: [syncingCost.reads, servingCost.reads],
    servingGrowthMB: servingCost.growthMB,
    syncingGrowthMB: syncingCost.growthMB,
  }
}
