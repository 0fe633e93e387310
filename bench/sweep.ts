/**
 * Measures thousands of small cases against the bounds of the matrix: every shape, with random sizes and differences,
 * with sides that write on top of what both have, and with sides that have any closed part of a tree. `SWEEP_RUNS` is
 * the number of cases and `SWEEP_SEED` the first seed. Each case past a bound is printed with the seed that
 * reproduces it.
 */
import { parseArgs } from 'node:util'
import { openMemory } from '../src/store/database/open.ts'
import { DagStore } from '../src/store/store.ts'
import { below, prng } from '../test/kit/entries.ts'
import { Forge, type Forged } from './forge.ts'
import { growers } from './matrix-shapes.ts'
import { exceeded, lineOf, type Measured, measureSession, Side } from './sides.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: process.env.SWEEP_RUNS ?? '1000' },
    seed: { type: 'string', default: process.env.SWEEP_SEED ?? '1' },
    most: { type: 'string', default: process.env.SWEEP_ENTRIES ?? '4000' },
  },
})
const [runs, firstSeed, most] = [Number(values.runs), Number(values.seed), Number(values.most)]

/** The entries of each side: those that both have, then its own. */
interface Drawn {
  readonly name: string
  readonly sides: readonly [Forged[], Forged[]]
}

/** Returns a random number whose logarithm is uniform. */
function logarithmic(random: () => number, from: number, to: number): number {
  return Math.floor(from * ((to + 1) / from) ** random())
}

function draw(forge: Forge, random: () => number): Drawn {
  const names = Object.keys(growers)
  const name = names[below(random, names.length)]!
  const entries = logarithmic(random, 20, most)
  const grow = growers[name]!(forge, entries)
  const common = [...forge.entries]
  if (random() < 0.6) {
    const largest = logarithmic(random, 1, Math.max(1, entries >> 1))
    const [left, right] = [below(random, largest + 1), below(random, largest + 1)]
    const ours = grow(left, 0)
    const theirs = grow(right, 1)
    return {
      name: `${name} of ${entries}, ${left}+${right}`,
      sides: [
        [...common, ...ours],
        [...common, ...theirs],
      ],
    }
  }
  // Each side lacks a few entries and all their descendants.
  const share = random() < 0.3 ? 0 : logarithmic(random, 1, Math.max(1, entries >> 3))
  const shares = random() < 0.5 ? [share, share] : [share, 0]
  const side = (missing: number) => {
    const lost = new Set(Array.from({ length: missing }, () => common[1 + below(random, common.length - 1)]))
    return common.filter((entry) => {
      if (entry.parents.some((parent) => lost.has(parent))) lost.add(entry)
      return !lost.has(entry)
    })
  }
  return { name: `${name} of ${entries}, split ${shares}`, sides: [side(shares[0]!), side(shares[1]!)] }
}

async function run(seed: number): Promise<{ name: string; measured: Measured }> {
  const random = prng(seed)
  const forge = new Forge(seed, [0, 100, 1_000][below(random, 3)])
  const { name, sides } = draw(forge, random)
  const [a, b] = await Promise.all(
    sides.map(async (entries) => {
      const side = new Side(await DagStore.open(await openMemory()), forge)
      await side.fill(entries)
      return side
    }),
  )
  const ours = new Set(sides[0])
  const theirs = new Set(sides[1])
  const difference = [
    ...sides[0].filter((entry) => !theirs.has(entry)),
    ...sides[1].filter((entry) => !ours.has(entry)),
  ]
  try {
    const measured = await measureSession(a!, b!, forge, difference, random)
    if (measured.result.received + measured.result.sent !== difference.length)
      throw new Error(`${name}: the entries that crossed are not the difference`)
    return { name, measured }
  } finally {
    await Promise.all([a!.store.close(), b!.store.close()])
  }
}

const broken = new Map<string, number>()
for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
  const { name, measured } = await run(seed).catch((error: unknown) => {
    throw new Error(`seed ${seed}`, { cause: error })
  })
  const passed = exceeded(measured)
  if (passed.length === 0) continue
  for (const bound of passed) broken.set(bound, (broken.get(bound) ?? 0) + 1)
  console.log(`seed ${seed} ${lineOf(name, measured)}`)
}
console.log(
  `${runs} cases from seed ${firstSeed}; past a bound: ${[...broken].map(([bound, times]) => `${bound} ${times}`).join(', ') || 'none'}`,
)
process.exitCode = broken.size > 0 ? 1 : 0
