/**
 * `npm run fuzz` gives FUZZ_RUNS inputs (default 100,000), generated from FUZZ_SEED (default a new one), to every
 * decoder, call and connection, or only to the targets whose name contains FUZZ_ONLY. It prints each finding with the
 * values that reproduce it, and then exits with 1.
 */
import { randomInt } from 'node:crypto'
import { fuzz } from './run.ts'

const runs = Number(process.env.FUZZ_RUNS ?? 100_000)
const seed = Number(process.env.FUZZ_SEED ?? randomInt(2 ** 31))
const only = process.env.FUZZ_ONLY
console.log(`${runs.toLocaleString('en')} inputs, FUZZ_SEED=${seed}`)
const outcomes = await fuzz({
  runs,
  seed,
  only,
  onOutcome({ name, runs: count, seconds, cpuSeconds, finding }) {
    const cells = [
      count.toLocaleString('en').padStart(9),
      `${seconds.toFixed(1)} s`.padStart(9),
      `${cpuSeconds.toFixed(1)} s`.padStart(9),
    ]
    console.log(`${name.padEnd(36)}${cells.join('')}${finding ? '  FOUND' : ''}`)
    if (finding !== undefined)
      console.log(
        `  FUZZ_RUNS=${runs} FUZZ_SEED=${finding.seed} FUZZ_ONLY='${name}', path ${finding.path}\n  ${finding.input}\n  ${finding.error}`,
      )
  },
})
const sum = (of: (outcome: (typeof outcomes)[number]) => number) =>
  outcomes.reduce((all, outcome) => all + of(outcome), 0)
const found = outcomes.filter(({ finding }) => finding !== undefined).length
console.log(
  `${sum(({ runs: count }) => count).toLocaleString('en')} inputs in ${sum(({ seconds }) => seconds).toFixed(0)} s (${sum(({ cpuSeconds }) => cpuSeconds).toFixed(0)} s of processor), ${found} findings, seed ${seed}`,
)
process.exitCode = found === 0 ? 0 : 1
