/** docs/cli.md names every command, every option of each, and nothing else: it cannot fall behind the command. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { anchorOf, readDocument, sections } from '../kit/markdown.ts'

/** Options that every command takes are described once. */
const common = ['--data', '--json']

/** The commands that do something, by what is typed to run them. */
function leaves(command: Command, name: string): [string, Command][] {
  if (command.commands.length === 0) return [[name, command]]
  return command.commands.flatMap((each) => leaves(each, `${name} ${each.name()}`))
}

const longOptions = (command: Command): string[] => command.options.map(({ long }) => long!).sort()

/** The first cell of each row of a section's tables that names an option. */
const optionRows = (text: string): string[] =>
  [...text.matchAll(/^\| `(--[a-z-]+)/gm)].map(([, option]) => option!)

describe('docs/cli.md', () => {
  const commands = new Map(leaves(createProgram(), 'causeway'))
  const described = new Map(sections(readDocument('docs/cli.md')).map(({ title, text }) => [title, text]))

  it('has a section for each command, and for no other', () => {
    const titles = [...described.keys()].filter((title) => title.startsWith('causeway '))
    assert.deepEqual(titles.toSorted(), [...commands.keys()].sort())
  })

  it('lists each command once at its top', () => {
    const top = readDocument('docs/cli.md').split('\n## ')[0]!
    const listed = [...top.matchAll(/\]\(#(causeway-[a-z-]+)\)/g)].map(([, anchor]) => anchor)
    assert.deepEqual(listed.sort(), [...commands.keys()].map(anchorOf).sort())
  })

  it('describes the common options', () => {
    assert.deepEqual(optionRows(described.get('Common options') ?? ''), common)
    for (const [name, command] of commands)
      for (const option of common) assert.ok(longOptions(command).includes(option), `${name} ${option}`)
  })

  for (const [name, command] of commands) {
    it(`describes each option of ${name} once, and no other`, () => {
      const own = longOptions(command).filter((option) => !common.includes(option))
      assert.deepEqual(optionRows(described.get(name) ?? '').sort(), own)
    })

    it(`begins with how ${name} is called, and tells its defaults`, () => {
      const text = described.get(name) ?? ''
      assert.ok(text.trimStart().startsWith(`\`${name}`))
      for (const [, option, told] of text.matchAll(/^\| `(--[a-z-]+)[^|]*\| +`?(\d+[KMGT]?)`? +\|/gm)) {
        const { defaultValue, defaultValueDescription } = command.options.find(({ long }) => long === option)!
        assert.equal(told, String(defaultValueDescription ?? defaultValue), `${name} ${option}`)
      }
    })
  }

  it('no help prints a default twice', () => {
    const twice = [...commands].filter(([, command]) =>
      /\(default:[^)]*\)\s+\(default:/.test(command.helpInformation()),
    )
    assert.deepEqual(
      twice.map(([name]) => name),
      [],
    )
  })

  it('no help prints a default that is no text for people', () => {
    const raw = [...commands].filter(([, command]) => /default: (\[|\{|"")/.test(command.helpInformation()))
    assert.deepEqual(
      raw.map(([name]) => name),
      [],
    )
  })

  it('names each environment variable that an option reads', () => {
    const text = described.get('Environment') ?? ''
    for (const [name, command] of commands)
      for (const { envVar } of command.options)
        if (envVar !== undefined) assert.ok(text.includes(`\`${envVar}\``), `${name}: ${envVar}`)
  })
})
