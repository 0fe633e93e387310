/**
 * Many simulated runs without the test runner, whose hooks on every promise cost half the time: `SIM_RUNS=5000 npm run
 * sim`, from SIM_SEED on, SIM_FAULTS faults each. It goes on after a failure, prints each whole, and ends with 1.
 */
import { verifyOnTheSpot } from './cluster.ts'
import { simulate } from './run.ts'

const runs = Number(process.env.SIM_RUNS ?? 300)
const firstSeed = Number(process.env.SIM_SEED ?? 1)
const faults = Number(process.env.SIM_FAULTS ?? 200)

verifyOnTheSpot()
const begun = performance.now()
const healed: number[] = []
let entries = 0
let failures = 0
for (let seed = firstSeed; seed < firstSeed + runs; seed++)
  try {
    const result = await simulate({ seed, nodes: 5, faults })
    healed.push(result.healedMs)
    entries += result.entries
  } catch (error) {
    failures++
    process.exitCode = 1
    console.error(error)
  }
healed.sort((a, b) => a - b)
const at = (share: number) =>
  `${(((healed[Math.floor(healed.length * share)] ?? healed.at(-1)) || 0) / 1000).toFixed(1)} s`
console.log(
  `${runs - failures} of ${runs} runs converged, ${entries} entries, seeds from ${firstSeed}; healed within ${at(0.5)} (half), ${at(0.99)} (99 %), ${at(1)} (all); ${((performance.now() - begun) / 1000).toFixed(0)} s`,
)
