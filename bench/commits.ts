/**
 * Commits per second on one node: each flushed to disk or not, one after the other or many at once. The floor is one
 * signature and one put of the same bytes.
 */
import type { Case, Row } from './harness.ts'
import { medianRow } from './harness.ts'
import { PeerProcess } from './process.ts'

export const commits: Case = {
  name: 'commits',
  summary: 'commits per second, durable and not, sequential and concurrent',
  async run({ stores, small }) {
    const rows: Row[] = []
    for (const durable of [false, true])
      for (const concurrent of [1, 256]) {
        const count = small ? 50 : durable && concurrent === 1 ? 500 : 10_000
        const repeated: Row[] = []
        for (let repetition = 0; repetition < (small ? 1 : 3); repetition++) {
          const folder = stores.empty()
          await using process = new PeerProcess('commits')
          const { seconds, perSecond, barePerSecond } = await process.call('commits', {
            folder,
            count,
            durable,
            concurrent,
          })
          repeated.push({
            name: `commits ${durable ? 'durable' : 'not durable'}, ${concurrent === 1 ? 'sequential' : `${concurrent} at once`}`,
            entries: count,
            seconds,
            perSecond,
            floorPerSecond: barePerSecond,
            ofFloor: perSecond / barePerSecond,
          })
          stores.remove(folder)
        }
        rows.push(medianRow(repeated))
      }
    return rows
  },
}
