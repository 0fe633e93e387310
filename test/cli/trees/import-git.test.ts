/**
 * `causeway import git` on a repository with unusual commits: several roots, an octopus merge, empty messages, an author
 * whose name is not UTF-8, a replaced commit. Every commit becomes one entry with the same parents.
 */
import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { gitName } from '../../../src/cli/trees/git-history.ts'
import { Sandbox } from '../../kit/command.ts'

interface Imported {
  tree: string
  entries: number
  added: number
}
interface Logged {
  entry: string
  parents: string[]
  changes: { store: string; kind: string; payload: string }[]
}

function git(path: string, args: string[], input: Buffer | string = ''): string {
  const { status, stdout, stderr } = spawnSync('git', ['-C', path, ...args], { input })
  assert.equal(status, 0, String(stderr))
  return stdout.toString().trim()
}

let mark = 0
/** Returns a commit for git fast-import. The parents are marks. */
function commit(branch: string, parents: number[], message = '', author = Buffer.from('A U Thor')): Buffer {
  mark++
  const lines = [
    `commit refs/heads/${branch}\nmark :${mark}\nauthor `,
    author,
    ` <a@example.org> ${1_700_000_000 + mark} +0100\ncommitter C <c@example.org> ${1_700_000_000 + mark} -0330\n`,
    `data ${Buffer.byteLength(message)}\n${message}\n`,
    parents.length > 0 ? `from :${parents[0]}\n` : '',
    ...parents.slice(1).map((parent) => `merge :${parent}\n`),
    '\n',
  ]
  return Buffer.concat(lines.map((line) => Buffer.from(line)))
}

describe('causeway import git', () => {
  it('imports every commit with its parents, and later only new ones', async () => {
    await using box = await Sandbox.create()
    const repository = box.folder('repository')
    spawnSync('git', ['init', '-q', repository])
    mark = 0
    const history = [
      commit('one', [], 'the first root\n'),
      commit('two', []),
      commit('three', [], 'a third', Buffer.from([0x4a, 0xfc, 0x72, 0x67])),
      commit('one', [1], 'x'.repeat(5000)),
      commit('octopus', [4, 2, 3], 'all\n'),
      commit('octopus', [5, 1], ''),
    ]
    git(repository, ['fast-import', '--quiet'], Buffer.concat(history))
    const first = await box.json<Imported>('a', ['import', 'git', repository, '--name', 'history'])
    assert.deepEqual([first.entries, first.added], [6, 6])
    const read = async () => {
      const { entries } = await box.json<{ entries: Logged[] }>('a', ['log', first.tree, '--limit', '100'])
      const nameOf = new Map<string, string>()
      for (const { entry, changes } of entries)
        if (changes[0]!.store === 'git')
          nameOf.set(entry, gitName(Buffer.from(changes[0]!.payload, 'base64'), 40))
      return new Map(
        entries
          .filter(({ entry }) => nameOf.has(entry))
          .map(({ entry, parents }) => [
            nameOf.get(entry)!,
            parents.map((parent) => nameOf.get(parent) ?? 'root').sort(),
          ]),
      )
    }
    const expected = () =>
      new Map(
        git(repository, ['--no-replace-objects', 'log', '--all', '--format=%H %P'])
          .split('\n')
          .map((line) => line.trim().split(' '))
          .map(([name, ...parents]) => [name!, parents.length > 0 ? parents.sort() : ['root']]),
      )
    assert.deepEqual(new Map([...(await read())].sort()), new Map([...expected()].sort()))

    const again = await box.json<Imported>('a', ['import', 'git', repository, '--name', 'history'])
    assert.deepEqual(again, { ...first, added: 0 })
    const names = git(repository, ['log', '--all', '--format=%H']).split('\n')
    git(repository, ['replace', names[0]!, names.at(-1)!])
    mark = 10
    const more = [commit('later', [], 'later'), commit('later', [11], 'last')]
    git(repository, ['fast-import', '--quiet', '--force'], Buffer.concat(more))
    // The third import goes through a running node.
    const served = await box.serve('a')
    const third = await box.json<Imported>('a', ['import', 'git', repository, '--name', 'history'])
    assert.deepEqual([third.tree, third.entries, third.added], [first.tree, 8, 2])
    assert.deepEqual(new Map([...(await read())].sort()), new Map([...expected()].sort()))
    served.child.kill('SIGTERM')
    await served.closed
  })

  it('rejects a folder that is not a repository, and accepts an empty repository', async () => {
    await using box = await Sandbox.create()
    const none = await box.run('a', ['import', 'git', box.path])
    assert.equal(none.code, 2)
    assert.match(none.stderr, /^causeway: [^\n]*not a git repository[^\n]*\n$/)
    spawnSync('git', ['init', '-q', box.folder('empty')])
    const empty = await box.json<Imported>('a', ['import', 'git', box.folder('empty')])
    assert.equal(empty.entries, 0)
  })
})
