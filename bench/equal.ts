/**
 * Two nodes with the same tree meet, the most frequent case: one round trip whose cost must not depend on the tree's
 * size. The time includes the dial and the handshake.
 */
import type { Case, Row } from './harness.ts'
import { median } from './median.ts'
import { PeerProcess } from './process.ts'

export const equal: Case = {
  name: 'equal',
  summary: 'two nodes with the same 20,000 and 80,000 entries sync',
  async run({ stores, transport, small }) {
    const rows: Row[] = []
    for (const entries of small ? [200, 1_000] : [20_000, 80_000]) {
      const prepared = await stores.tree(entries)
      await using serving = new PeerProcess('serving')
      await using syncing = new PeerProcess('syncing')
      const { address } = await serving.call('open', { folder: stores.copy(prepared), transport })
      await syncing.call('open', { folder: stores.copy(prepared), transport })
      const { tree } = prepared
      const times: number[] = []
      for (let repetition = 0; repetition < 5; repetition++) await syncing.call('sync', { tree, address })
      await Promise.all([serving.call('begin'), syncing.call('begin')])
      let last = await syncing.call('sync', { tree, address })
      const [servingCost, syncingCost] = await Promise.all([serving.call('cost'), syncing.call('cost')])
      for (let repetition = 0; repetition < (small ? 3 : 30); repetition++) {
        last = await syncing.call('sync', { tree, address })
        times.push(last.seconds)
      }
      if (!last.equal || last.received + last.sent > 0) throw new Error('The two sides were not equal.')
      rows.push({
        name: `equal ${transport}`,
        entries: prepared.count,
        seconds: median(times),
        bytes: last.bytes,
        roundTrips: last.roundTrips,
        reads: [syncingCost.reads, servingCost.reads],
      })
    }
    return rows
  },
}
