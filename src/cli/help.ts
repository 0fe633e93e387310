/** What the help of several commands shares: examples, and options that hold free text. */
import { Option } from 'commander'

/** Returns help text that lists the examples, one a line. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`
}

/** Returns an option that takes free text and is empty by default. */
export function textOption(flags: string, description: string): Option {
  return new Option(flags, description).default('', 'none')
}

/** The option that shows only entries of some stores. */
export function storesOption(): Option {
  return new Option('--store <NAME>', 'only entries that change this store; can be repeated')
    .argParser((name: string, others: readonly string[]) => [...others, name])
    .default([], 'all stores')
}
