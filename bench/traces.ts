/**
 * What traces cost: calls without an SDK of OpenTelemetry, again without one, with one that records nothing, and with one
 * that records all of them. The second says how much the first scatters.
 */
import type { Case, Row } from './harness.ts'
import { median } from './median.ts'
import { PeerProcess } from './process.ts'
import type { Sdk, TracedCalls } from './traced-calls.ts'

const kinds: readonly [name: string, sdk: Sdk][] = [
  ['calls without an SDK', 'none'],
  ['… again', 'none'],
  ['… with one that records nothing', 'silent'],
  ['… with one that records all', 'recording'],
]

export const traces: Case = {
  name: 'traces',
  summary: 'calls with and without an SDK of OpenTelemetry (ratio: to the speed without)',
  async run({ small, note }) {
    const count = small ? 200 : 4_000
    const rounds: TracedCalls[][] = []
    for (let round = 0; round < (small ? 1 : 5); round++) {
      const measured: TracedCalls[] = []
      // Each goes first as often as the others, as far as that goes.
      for (let turn = 0; turn < kinds.length; turn++) {
        const which = (round + turn) % kinds.length
        await using process = new PeerProcess('traces')
        measured[which] = await process.call('tracedCalls', { count, sdk: kinds[which]![1] })
      }
      rounds.push(measured)
    }
    return kinds.map(([name], which): Row => {
      const seconds = median(rounds.map((measured) => measured[which]!.seconds))
      const ratios = rounds.map((measured) => measured[0]!.seconds / measured[which]!.seconds)
      const cpuRatios = rounds.map((measured) => measured[0]!.cpuSeconds / measured[which]!.cpuSeconds)
      note(`${name}: by cpu ${cpuRatios.map((ratio) => ratio.toFixed(3)).join(' ')}`)
      return {
        ...{ name, entries: count, seconds, perSecond: count / seconds, ratios },
        ...{ ofFloor: median(ratios), cpuOfFloor: median(cpuRatios) },
      }
    })
  },
}
