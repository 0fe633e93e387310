/**
 * A fuzz target and how it runs. fast-check generates inputs from a seed and shrinks those that fail. An input that
 * takes too long is a finding, as is one that throws an untyped error. A finding names everything needed to reproduce
 * it.
 */
import { AssertionError } from 'node:assert'
import fc from 'fast-check'
import { CausewayError, errorCodes } from '../../src/base/errors.ts'

export interface Target {
  readonly name: string
  /** Its share of all inputs, relative to the others. */
  readonly share: number
  run(runs: number, seed: number): Promise<Finding | undefined>
}

export interface Finding {
  readonly seed: number
  readonly path: string
  readonly input: string
  readonly error: string
}

/** Processor time that an input may take before it counts as a hang … */
const slowMs = 1_000
/** … and elapsed time, if it waits for something. */
const hangMs = 30_000

/** A decoder, which soon accepts an input or refuses it with a typed error. */
export function decoderTarget<Input>(
  name: string,
  share: number,
  inputs: fc.Arbitrary<Input>,
  decode: (input: Input) => unknown,
): Target {
  const property = fc.property(inputs, (input) => {
    const before = process.cpuUsage()
    try {
      decode(input)
    } catch (error) {
      mustBeTyped(error)
    }
    const { user, system } = process.cpuUsage(before)
    if (user + system > slowMs * 1000) throw new Error(`It took ${(user + system) / 1000} ms.`)
  })
  return { name, share, run: async (runs, seed) => findingOf(fc.check(property, optionsFor(runs, seed))) }
}

/** A target that waits, which must end well and in time for every input. `batch`: inputs in each call. */
export function asyncTarget<Input>(
  name: string,
  share: number,
  inputs: fc.Arbitrary<Input>,
  run: (input: Input) => Promise<void>,
  batch = 1,
): Target {
  const property = fc.asyncProperty(
    fc.array(inputs, { minLength: batch, maxLength: batch }),
    async (some) => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`It has not ended within ${hangMs} ms.`)), hangMs)
      })
      await Promise.race([Promise.all(some.map(run)), late]).finally(() => clearTimeout(timer))
    },
  )
  return {
    name,
    share,
    run: async (runs, seed) =>
      findingOf(await fc.check(property, optionsFor(Math.max(1, Math.ceil(runs / batch)), seed))),
  }
}

function optionsFor(numRuns: number, seed: number) {
  // Shrinking costs runs, but a finding is rare, so it may take a while, within a bound.
  return { numRuns, seed, interruptAfterTimeLimit: 3_600_000 }
}

function findingOf<Input>(details: fc.RunDetails<Input>): Finding | undefined {
  if (!details.failed) return undefined
  const { seed, counterexamplePath, counterexample, errorInstance } = details
  return {
    seed,
    path: counterexamplePath ?? '',
    input: fc.stringify(counterexample).slice(0, 20_000),
    error:
      errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance),
  }
}

/** Accepts an error with a code of ours that does not mean a bug. */
export function mustBeTyped(error: unknown): void {
  const typed =
    error instanceof CausewayError &&
    (errorCodes as readonly string[]).includes(error.code) &&
    error.code !== 'INTERNAL'
  if (!typed) throw new AssertionError({ message: `No typed error: ${describe(error)}` })
}

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
