/**
 * The whole system in simulated worlds with every kind of fault at once. SIM_RUNS sets their number, SIM_SEED the first
 * seed. A failure prints its seed and its trace.
 */
import { after, before, test } from 'node:test'
import { verifyOnTheSpot } from './cluster.ts'
import { simulate } from './run.ts'

const runs = Number(process.env.SIM_RUNS ?? 2)
const firstSeed = Number(process.env.SIM_SEED ?? 1)
const faults = Number(process.env.SIM_FAULTS ?? 200)

let restore = () => {}
before(() => {
  restore = verifyOnTheSpot()
})
after(() => restore())

test(`${runs} simulated runs of 5 nodes and ${faults} faults converge`, async (context) => {
  const begun = performance.now()
  const healed: number[] = []
  let simulatedMs = 0
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const result = await simulate({ seed, nodes: 5, faults })
    healed.push(result.healedMs)
    simulatedMs += result.simulatedMs
  }
  healed.sort((a, b) => a - b)
  const seconds = (performance.now() - begun) / 1000
  context.diagnostic(
    `${runs} runs in ${seconds.toFixed(1)} s for ${Math.round(simulatedMs / 1000)} simulated; healed within ${Math.round(healed.at(-1)!)} ms, half of them within ${Math.round(healed[healed.length >> 1]!)} ms`,
  )
})
