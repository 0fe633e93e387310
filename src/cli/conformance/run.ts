/** Runs the cases of the levels that a program names, one after the other, and reports each. */
import { ConnectError } from '@connectrpc/connect'
import { CausewayError } from '../../base/errors.ts'
import { fromConnectError } from '../../rpc/errors.ts'
import { type Case, type Level, levels, Mismatch, type Stage } from './case.ts'
import { askerCases } from './cases/asking.ts'
import { authorCases } from './cases/author.ts'
import { blobAskerCases } from './cases/blob-asking.ts'
import { entryCases } from './cases/entries.ts'
import { finderCases } from './cases/finding.ts'
import { lieCases } from './cases/lies.ts'
import { policyCases } from './cases/policy.ts'
import { readerCases } from './cases/reader.ts'
import { accessCases } from './cases/servers/access.ts'
import { addressCases } from './cases/servers/addresses.ts'
import { adminCases } from './cases/servers/admins.ts'
import { answerCases } from './cases/servers/answers.ts'
import { blobCases } from './cases/servers/blobs.ts'
import { compactCases } from './cases/servers/compact.ts'
import { offerCases } from './cases/servers/offers.ts'
import { servingCases } from './cases/servers/serving.ts'
import { watchCases } from './cases/servers/watching.ts'
import { textCases } from './cases/texts.ts'
import { transcriptCases } from './cases/transcripts.ts'
import type { Features } from './features.ts'
import { pairCases } from './pair.ts'
import { Program } from './program.ts'
import { isBad, type Outcome, tapOf } from './report.ts'

export type Mode = 'server' | 'peer'

export interface PairOptions extends Pick<RunOptions, 'features' | 'knownFailing' | 'only' | 'print'> {
  /** The two programs, each with its arguments. */
  readonly programs: readonly (readonly string[])[]
  readonly seed: number
  readonly runs: number
}

/** Plays two programs beside each other, and returns how that went. */
export async function runPair(options: PairOptions): Promise<Outcome[]> {
  const { programs, features, knownFailing, only, print, seed, runs } = options
  const [[one, ...oneArgs] = [], [other, ...otherArgs] = []] = programs
  await using first = new Program(one!, oneArgs)
  await using second = new Program(other!, otherArgs)
  const seeds = Array.from({ length: runs }, (_, n) => seed + n)
  const cases = pairCases(first, second, features.levels, seeds).filter(
    ({ name }) => only?.test(name) ?? true,
  )
  printPlan(cases, print)
  return await playCases(cases, { program: first, transports: [] }, knownFailing, print)
}

/** The levels of a mode: whether the program answers calls, or makes them and judges what it gets. */
export const levelsOf: Readonly<Record<Mode, readonly Level[]>> = {
  server: levels.slice(levels.indexOf('server')),
  peer: levels.slice(0, levels.indexOf('server')),
}

/** Returns every case of the kit. */
export function allCases(): Case[] {
  return [
    ...entryCases(),
    ...textCases(),
    ...authorCases(),
    ...policyCases(),
    ...finderCases(),
    ...blobAskerCases(),
    ...readerCases(),
    ...askerCases(),
    ...transcriptCases(),
    ...lieCases(),
    ...answerCases(),
    ...servingCases(),
    ...compactCases(),
    ...watchCases(),
    ...accessCases(),
    ...adminCases(),
    ...addressCases(),
    ...offerCases(),
    ...blobCases(),
  ]
}

export interface RunOptions {
  readonly mode: Mode
  readonly features: Features
  readonly knownFailing: ReadonlySet<string>
  /** Only the cases whose name matches. */
  readonly only?: RegExp | undefined
  /** Whether cases that take many seconds are left out. */
  readonly isShort?: boolean
  readonly command: string
  readonly args: readonly string[]
  /** Receives each line of TAP. */
  readonly print: (line: string) => void
}

/** Returns how each case went. */
export async function runCases(options: RunOptions): Promise<Outcome[]> {
  const { mode, features, knownFailing, only, isShort, print } = options
  const all = allCases()
  expectNames(all, knownFailing)
  const cases = all.filter(
    ({ level, name, needs, isLong }) =>
      !(isLong && isShort) &&
      (needs === undefined || features.transports.includes(needs)) &&
      levelsOf[mode].includes(level) &&
      features.levels.includes(level) &&
      (only?.test(name) ?? true),
  )
  printPlan(cases, print)
  await using program = new Program(options.command, options.args)
  return await playCases(cases, { program, transports: features.transports }, knownFailing, print)
}

/** Throws INVALID_ARGUMENT if the kit has no case of one of these names: it may be misspelt, or renamed since. */
function expectNames(cases: readonly Case[], names: ReadonlySet<string>): void {
  const known = new Set(cases.map(({ name }) => name))
  const unknown = [...names].filter((name) => !known.has(name))
  if (unknown.length > 0)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The file of --known-failing names cases that the kit does not have: ${unknown.join(', ')}.`,
    )
}

/** Prints how many cases come. Throws INVALID_ARGUMENT if none do: a run that checks nothing must not pass. */
function printPlan(cases: readonly Case[], print: (line: string) => void): void {
  if (cases.length === 0)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'Expected at least one case of this mode, of the levels of the features and of the pattern of --only, got none.',
    )
  print('TAP version 14')
  print(`1..${cases.length}`)
}

/** Plays cases one after the other. Throws PROTOCOL once the program can answer no more. */
export async function playCases(
  cases: readonly Case[],
  stage: Stage,
  knownFailing: ReadonlySet<string>,
  print: (line: string) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const kit of cases) {
    const outcome = await play(kit, stage, knownFailing.has(kit.name))
    outcomes.push(outcome)
    print(tapOf(outcome, outcomes.length))
    const { failure } = stage.program
    if (failure !== undefined) {
      print(`Bail out! ${failure.message}`)
      throw failure
    }
  }
  return outcomes
}

async function play(kit: Case, stage: Stage, known: boolean): Promise<Outcome> {
  const startMs = performance.now()
  const outcome = { case: kit, known }
  try {
    await kit.run(stage)
    return { ...outcome, ms: performance.now() - startMs }
  } catch (error) {
    return { ...outcome, ms: performance.now() - startMs, failure: failureOf(kit, error as Error) }
  }
}

/** A program that serves and fails a call which has an answer breaks the rule that the case is about. */
function failureOf({ rules: [rule = ''] }: Case, error: Error): Error {
  if (!(error instanceof ConnectError)) return error
  const { code, message } = fromConnectError(error)
  return new Mismatch(rule, 'how a call ends', 'an answer', `the error ${code}: ${message}`)
}

/** Returns what the run says to people: how many cases of each level passed. */
export function summaryLines(outcomes: readonly Outcome[]): string[] {
  return levels.flatMap((level) => {
    const own = outcomes.filter(({ case: kit }) => kit.level === level)
    if (own.length === 0) return []
    const passed = own.filter(({ failure }) => failure === undefined).length
    const bad = own.filter(isBad).length
    return [`# ${level}: ${passed} of ${own.length} passed${bad > 0 ? `, ${bad} not as expected` : ''}`]
  })
}
