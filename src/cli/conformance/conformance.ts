/** `causeway conformance`: checks a program of any language against the rules of the protocol. */

import { writeFileSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { examples } from '../help.ts'
import { print } from '../output.ts'
import { io } from '../streams.ts'
import { parseWholeNumber } from '../whole-number.ts'
import type { Mode } from './run.ts'

interface Options {
  readonly mode: Mode | 'pair'
  readonly seed?: number
  readonly runs?: number
  readonly features: string
  readonly knownFailing?: string
  readonly junit?: string
  readonly only?: string
  readonly json?: boolean
}

export function addConformance(program: Command): void {
  program
    .command('conformance')
    .argument('<PROGRAM...>', 'the program to check, with its arguments, after --')
    .description('check an implementation of the protocol in any language')
    .addOption(
      new Option(
        '--mode <MODE>',
        'server: the program answers calls; peer: it makes calls, and judges; pair: two programs agree',
      )
        .choices(['server', 'peer', 'pair'])
        .makeOptionMandatory(),
    )
    .requiredOption('--features <FILE>', 'JSON with the levels and transports that the program has')
    .option('--known-failing <FILE>', 'names of cases that may fail, one a line')
    .option('--junit <FILE>', 'also write the outcome as JUnit')
    .option(
      '--seed <NUMBER>',
      'with pair: what the first trees follow from (default: 1)',
      parseWholeNumber(0),
    )
    .option('--runs <NUMBER>', 'with pair: how many trees (default: 20)', parseWholeNumber(1))
    .option('--only <PATTERN>', 'run only the cases whose name matches this regular expression')
    .addHelpText(
      'after',
      `
Prints TAP. A case that fails names the rule of docs/protocol.md that was
broken, and what was expected and came. conformance/README.md says what PROGRAM
does. Exits with code 1 if a case fails that the file of --known-failing does
not name, or if one that it names passes.`,
    )
    .addHelpText(
      'after',
      examples(
        'causeway conformance --mode server --features features.json -- ./my-node',
        'causeway conformance --mode pair --features features.json -- ./one -- ./two',
      ),
    )
    .action(async (words: string[], options: Options) => {
      // Loaded only here: no other command needs it.
      const { readFeatures, readKnownFailing } = await import('./features.ts')
      const { runCases, runPair, summaryLines } = await import('./run.ts')
      const { documentOf, isBad, junitOf } = await import('./report.ts')
      const { mode, seed, runs, knownFailing, only, junit } = options
      if (mode !== 'pair' && (seed ?? runs) !== undefined)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          '--seed and --runs choose the trees of --mode pair: leave them out.',
        )
      // Before the cases, which take minutes.
      if (junit !== undefined) write(junit, '')
      const common = {
        features: readFeatures(options.features),
        knownFailing: knownFailing === undefined ? new Set<string>() : readKnownFailing(knownFailing),
        only: only === undefined ? undefined : patternOf(only),
        print: options.json ? () => {} : (line: string) => io().stdout.write(`${line}\n`),
      }
      const [command, ...args] = words
      const outcomes =
        mode === 'pair'
          ? await runPair({ ...common, programs: twoPrograms(words), seed: seed ?? 1, runs: runs ?? 20 })
          : await runCases({ ...common, mode, command: command!, args })
      print(options, documentOf(outcomes), summaryLines(outcomes).join('\n'))
      if (junit !== undefined) write(junit, junitOf(outcomes))
      if (outcomes.some(isBad)) io().exitCode = 1
    })
}

/** Throws INVALID_ARGUMENT. */
function write(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The file ${file} cannot be written: ${(error as Error).message}`,
    )
  }
}

/** Throws INVALID_ARGUMENT. */
function patternOf(text: string): RegExp {
  try {
    return new RegExp(text)
  } catch (error) {
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The pattern of --only is no regular expression: ${(error as Error).message}.`,
    )
  }
}

/** Returns the two programs that `--` stands between. Throws INVALID_ARGUMENT. */
function twoPrograms(words: readonly string[]): string[][] {
  const at = words.indexOf('--')
  if (at < 1 || at === words.length - 1)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'A pair is two programs, with -- before each: causeway conformance --mode pair … -- ONE -- OTHER.',
    )
  return [words.slice(0, at), words.slice(at + 1)]
}
