/** The help of every command: it fits a terminal of 80 columns, and shows how the command is typed. */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import type { Command } from 'commander'
import { createProgram } from '../../src/cli/program.ts'
import { Sandbox } from '../kit/command.ts'

const columns = 80

/** The words that run each command that does something. */
function leaves(command: Command, words: readonly string[] = []): string[][] {
  if (command.commands.length === 0) return [[...words]]
  return command.commands.flatMap((each) => leaves(each, [...words, each.name()]))
}

describe('Help', () => {
  let box: Sandbox
  before(async () => {
    box = await Sandbox.create()
  })
  after(() => box[Symbol.asyncDispose]())

  it('has an example of every command, and no line of more than 80 columns', async () => {
    const [lacking, wide]: [string[], string[]] = [[], []]
    for (const words of leaves(createProgram())) {
      const { code, stdout, stderr } = await box.run('a', [...words, '--help'])
      assert.deepEqual([code, stderr], [0, ''])
      const [, shown = ''] = stdout.split('\nExamples:\n')
      if (!new RegExp(`^ .*causeway ${words.join(' ')}\\b`, 'm').test(shown)) lacking.push(words.join(' '))
      // The folder of the sandbox is no part of it.
      const lines = stdout.replaceAll(box.folder('a'), 'FOLDER').split('\n')
      wide.push(...lines.filter((line) => line.length > columns))
    }
    assert.deepEqual({ lacking, wide }, { lacking: [], wide: [] })
  })

  it('of a command of a command is found by `help` too', async () => {
    const [asked, given] = [
      await box.run('a', ['help', 'tree', 'create']),
      await box.run('a', ['tree', 'create', '--help']),
    ]
    assert.deepEqual(asked, given)
  })

  it('of what is no command is wrong usage, with a suggestion', async () => {
    for (const args of [['help', 'statsu'], ['statsu']]) {
      const { code, stdout, stderr } = await box.run('a', args)
      assert.deepEqual([code, stdout], [2, ''])
      assert.match(stderr, /^causeway: unknown command 'statsu'\n\(Did you mean status\?\)\n/)
    }
    const nested = await box.run('a', ['help', 'tree', 'crate'])
    assert.deepEqual([nested.code, /Did you mean create/.test(nested.stderr)], [2, true])
  })

  it('names no data folder where none is used', async () => {
    const { stdout } = await box.run('a', ['conformance', '--help'])
    assert.doesNotMatch(stdout, /--data/)
    assert.match((await box.run('a', ['id', '--help'])).stdout, /--data <DIR>/)
  })
})
