/** Runs all targets from one seed, each with its share of the inputs, and reports what each one took and found. */
import { structuredTargets, trafficTargets } from './calls.ts'
import { decoderTargets } from './decoders.ts'
import { Lab, Labs, withoutRefusals } from './lab.ts'
import type { Finding, Target } from './target.ts'
import { wireTargets } from './wire.ts'

export interface Outcome {
  readonly name: string
  readonly runs: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly finding: Finding | undefined
}

/** Uses of one node before it is replaced. */
const labUses = 2_000

export interface FuzzOptions {
  readonly runs: number
  readonly seed: number
  /** Only targets whose name contains this. */
  readonly only?: string | undefined
  onOutcome?(outcome: Outcome): void
}

export async function fuzz({ runs, seed, only = '', onOutcome }: FuzzOptions): Promise<Outcome[]> {
  using _ = withoutRefusals()
  await using labs = new Labs(labUses)
  await using sample = await Lab.open()
  const all: Target[] = [
    ...decoderTargets(),
    ...structuredTargets(labs, sample),
    ...trafficTargets(labs, sample),
    ...(await wireTargets(labs, sample)),
  ].filter(({ name }) => name.includes(only))
  // Anything unexpected, such as an uncaught error, is a finding as well.
  let unasked: Finding | undefined
  const catchUnasked = (error: unknown) => {
    unasked ??= { seed, path: '', input: 'unknown', error: String((error as Error)?.stack ?? error) }
  }
  process.on('uncaughtException', catchUnasked)
  process.on('unhandledRejection', catchUnasked)
  const shares = all.reduce((sum, { share }) => sum + share, 0)
  const outcomes: Outcome[] = []
  try {
    for (const target of all) {
      const count = Math.max(1, Math.round((runs * target.share) / shares))
      const [started, cpu] = [performance.now(), process.cpuUsage()]
      const finding = (await target.run(count, seed)) ?? unasked
      unasked = undefined
      const { user, system } = process.cpuUsage(cpu)
      const seconds = (performance.now() - started) / 1000
      const outcome = { name: target.name, runs: count, seconds, cpuSeconds: (user + system) / 1e6, finding }
      outcomes.push(outcome)
      onOutcome?.(outcome)
    }
  } finally {
    process.off('uncaughtException', catchUnasked)
    process.off('unhandledRejection', catchUnasked)
  }
  return outcomes
}
