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
