/** Shells complete what `causeway completion` lists: bash for real, others where they are installed. */
import { strict as assert } from 'node:assert'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { Command, Option } from 'commander'
import { bashScript } from '../../../src/cli/completion/bash.ts'
import { fishScript } from '../../../src/cli/completion/fish.ts'
import { commandWords } from '../../../src/cli/completion/words.ts'
import { zshScript } from '../../../src/cli/completion/zsh.ts'
import { missingTool } from '../../kit/project.ts'

const program = new Command('causeway')
const tree = program.command('tree').description("work on people's trees")
tree
  .command('create')
  .argument('<NAME>')
  .option('--public <none|read|write>', 'who may: everybody')
  .option('--file <FILE>')
tree.command('list')
program.command('grant').argument('<TREE>').argument('<read|write|admin>')
program
  .command('log')
  .addOption(new Option('--level <LEVEL>').choices(['debug', 'info']))
  .option('--void')
const words = commandWords(program)

it('what can be typed is read from the commands', () => {
  const of = (path: string) => words.find((each) => each.path === path)!
  assert.deepEqual(
    words.map(({ path }) => path),
    ['', 'tree', 'tree create', 'tree list', 'grant', 'log'],
  )
  assert.deepEqual(
    of('tree create').options.map(({ flag, value, help }) => [flag, value, help]),
    [
      ['--public', { words: ['none', 'read', 'write'] }, 'who may'],
      ['--file', 'file', ''],
      ['--help', undefined, 'display help for command'],
    ],
  )
  assert.deepEqual(of('grant').arguments, ['other', { words: ['read', 'write', 'admin'] }])
})

/** What a line can go on with: the last word of each is what was typed of it. */
const cases: readonly (readonly [string, readonly string[]])[] = [
  ['causeway ', ['tree', 'grant', 'log']],
  ['causeway tr', ['tree']],
  ['causeway tree ', ['create', 'list']],
  ['causeway tree create --p', ['--public']],
  ['causeway tree create --public ', ['none', 'read', 'write']],
  ['causeway tree create --public w', ['write']],
  ['causeway log --level ', ['debug', 'info']],
  ['causeway log --v', ['--void']],
  // A word that is also a command is none where it is an argument.
  ['causeway log tree --v', ['--void']],
]

describe('bash', { skip: missingTool('bash') }, () => {
  const complete = (line: string): string[] => {
    const typed = line.split(' ')
    const ask = `${bashScript(words)}
      COMP_WORDS=(${typed.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${typed.length - 1}
      _causeway; printf '%s\\n' "\${COMPREPLY[@]}"`
    const answer = execFileSync('bash', ['--norc', '-eu', '-c', ask], { encoding: 'utf8' })
    return answer.split('\n').filter(Boolean)
  }
  for (const [line, expected] of [...cases, ['causeway log --level=d', ['debug']] as const])
    it(`completes \`${line}\``, () => {
      // bash itself cuts --option=value into three words.
      assert.deepEqual(complete(line.replace('=', ' = ')), expected)
    })

  it('leaves files to the shell', () => {
    assert.deepEqual(complete('causeway tree create --file '), [])
  })
})

describe('zsh', { skip: missingTool('zsh') }, () => {
  it('takes the script', () => {
    execFileSync('zsh', ['-n', '-c', zshScript(words)])
  })
})

describe('fish', { skip: missingTool('fish') }, () => {
  for (const [line, expected] of cases)
    it(`completes \`${line}\``, () => {
      const ask = `${fishScript(words)}\ncomplete -C ${JSON.stringify(line)}`
      const answer = execFileSync('fish', ['--no-config', '-c', ask], { encoding: 'utf8' })
      const found = answer.split('\n').flatMap((each) => each.split('\t', 1)[0] || [])
      assert.deepEqual(found.toSorted(), expected.toSorted())
    })
})
