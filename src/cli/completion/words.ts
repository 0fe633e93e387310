/** What can be typed after each command, read from the commands themselves, so that no script of completion falls behind. */
import type { Command } from 'commander'

/** What an option or an argument takes: one of some words, a file or folder, or something that only people know. */
export type Value = { readonly words: readonly string[] } | 'file' | 'other'

export interface OptionWords {
  readonly flag: string
  readonly help: string
  /** Undefined if it takes none. */
  readonly value: Value | undefined
}

/** A command with what can follow it. */
export interface CommandWords {
  /** The words that run it, without the program's name: empty for the program itself. */
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly help: string }[]
  readonly options: readonly OptionWords[]
  readonly arguments: readonly Value[]
}

/** Returns the program and all of its commands. */
export function commandWords(command: Command, path = ''): CommandWords[] {
  const visible = command.commands.filter((each) => each.name() !== 'help')
  const words: CommandWords = {
    path,
    commands: visible.map((each) => ({ name: each.name(), help: each.description() })),
    options: [
      ...command.options.map(({ long, flags, description, argChoices }) => ({
        ...{ flag: long!, help: firstClause(description), value: takenBy(flags, argChoices) },
      })),
      { flag: '--help', help: 'display help for command', value: undefined },
    ],
    arguments: command.registeredArguments.map((argument) => {
      const name = argument.name()
      return takenBy(`<${name}>`) ?? 'other'
    }),
  }
  return [
    words,
    ...visible.flatMap((each) => commandWords(each, path === '' ? each.name() : `${path} ${each.name()}`)),
  ]
}

/** Finds what `--flag <value>` takes: `<read|write>` names its words, and `<FILE>` or `<DIR>` a file. */
function takenBy(flags: string, choices?: readonly string[]): Value | undefined {
  const [, name] = /[<[]([^>\]]+)[>\]]$/.exec(flags) ?? []
  if (name === undefined) return undefined
  if (choices !== undefined) return { words: choices }
  const parts = name.split('|')
  const words = parts.filter((part) => /^[a-z][a-z0-9]*$/.test(part))
  if (words.length > 0) return { words }
  return parts.some((part) => ['FILE', 'DIR', 'PATH'].includes(part)) ? 'file' : 'other'
}

/** Returns the part of a description that fits beside a word. */
function firstClause(text: string): string {
  return text.split(/[;:(]/, 1)[0]!.trim()
}
