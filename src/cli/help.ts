/** What the help of several commands shares: its layout, examples, and options that hold free text. */
import { type Command, Help, Option } from 'commander'

/** Where descriptions begin at most, so that they have room in 80 columns. */
const mostTermChars = 30

/** Lays help out: a term that is too long for its column has a line of its own. */
export const helpLayout: Partial<Help> = {
  subcommandTerm: (command) => command.name(),
  padWidth: (command: Command, helper: Help) =>
    Math.min(mostTermChars, Help.prototype.padWidth.call(helper, command, helper)),
  formatItem: (term: string, width: number, description: string, helper: Help) => {
    const item = (text: string) => Help.prototype.formatItem.call(helper, text, width, description, helper)
    return term.length <= width || description === '' ? item(term) : `  ${term}\n${item('')}`
  },
}

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
