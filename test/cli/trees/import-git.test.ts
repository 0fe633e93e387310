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
  again: number
  redated: string[]
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

/** Writes a commit object as it is, which `fast-import` would not take, and a branch to it. */
function rawCommit(repository: string, parents: readonly string[], date: string): string {
  const tree = git(repository, ['hash-object', '-t', 'tree', '-w', '--stdin'])
  const lines = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`)]
  const text = [
    ...lines,
    `author A <a@b> ${date} +0000`,
    `committer A <a@b> ${date} +0000`,
    '',
    'raw\n',
  ].join('\n')
  const name = git(repository, ['hash-object', '-t', 'commit', '-w', '--stdin', '--literally'], text)
  git(repository, ['update-ref', `refs/heads/${name}`, name])
  return name
}

/** Creates a repository with a line of commits. */
function repositoryOf(folder: string, messages: readonly string[]): string {
  spawnSync('git', ['init', '-q', folder])
  mark = 0
  const line = messages.map((message, index) => commit('main', index === 0 ? [] : [index], message))
  git(folder, ['fast-import', '--quiet'], Buffer.concat(line))
  return folder
}

/** The names of all commits of a tree with those of their parents, or `root`, for each of their entries. */
async function importedParents(box: Sandbox, tree: string): Promise<Map<string, string[]>> {
  const { entries } = await box.json<{ entries: Logged[] }>('a', ['log', tree, '--limit', '100'])
  const nameOf = new Map(
    entries
      .filter(({ changes }) => changes[0]!.store === 'git')
      .map(({ entry, changes }) => [entry, gitName(Buffer.from(changes[0]!.payload, 'base64'), 40)]),
  )
  const parents = new Map<string, string[]>()
  for (const { entry, parents: on } of entries) {
    const name = nameOf.get(entry)
    if (name === undefined) continue
    const names = on.map((parent) => nameOf.get(parent) ?? 'root').join(' ')
    parents.set(name, [...(parents.get(name) ?? []), names].sort())
  }
  return parents
}

describe('causeway import git', () => {
  it('keeps repositories apart whose folders have one name, unless they are told to join', async () => {
    await using box = await Sandbox.create()
    const [mine, other] = [
      repositoryOf(box.folder('mine/app'), ['one', 'two']),
      repositoryOf(box.folder('other/app'), ['a', 'b', 'c']),
    ]
    const first = await box.json<Imported>('a', ['import', 'git', mine])
    for (const more of [[], ['--name', 'app']]) {
      const refused = await box.run('a', ['import', 'git', other, ...more])
      assert.equal(refused.code, 2)
      assert.match(
        refused.stderr,
        new RegExp(`no commit of this repository: give --into ${first.tree} .*--name`),
      )
    }
    assert.equal((await importedParents(box, first.tree)).size, 2)
    const apart = await box.json<Imported>('a', ['import', 'git', other, '--name', 'other'])
    assert.notEqual(apart.tree, first.tree)
    const joined = await box.json<Imported>('a', ['import', 'git', other, '--into', first.tree])
    assert.deepEqual([joined.tree, joined.entries, joined.added], [first.tree, 3, 3])
    assert.equal((await importedParents(box, first.tree)).size, 5)
    // A clone has the same history.
    spawnSync('git', ['clone', '-q', mine, box.folder('third/app')])
    const clone = await box.json<Imported>('a', ['import', 'git', box.folder('third/app')])
    assert.deepEqual([clone.tree, clone.added], [first.tree, 0])
    const both = await box.run('a', ['import', 'git', mine, '--into', first.tree, '--name', 'app'])
    assert.equal(both.code, 2)
  })

  it('imports the repository at its path, whatever the environment says', async () => {
    await using box = await Sandbox.create()
    const mine = repositoryOf(box.folder('mine'), ['one'])
    const other = repositoryOf(box.folder('other'), ['a', 'b'])
    const variables = {
      GIT_DIR: `${other}/.git`,
      GIT_OBJECT_DIRECTORY: `${other}/.git/objects`,
      GIT_WORK_TREE: other,
    }
    Object.assign(process.env, variables)
    const importing = box.json<Imported>('a', ['import', 'git', mine])
    for (const name of Object.keys(variables)) delete process.env[name]
    assert.equal((await importing).entries, 1)
  })

  it('gives the edge of a shallow clone its parents once that is deepened', async () => {
    await using box = await Sandbox.create()
    const whole = repositoryOf(box.folder('whole'), ['1', '2', '3', '4', '5'])
    const names = git(whole, ['log', '--reverse', '--format=%H', 'main']).split('\n')
    const clone = box.folder('clone')
    spawnSync('git', ['clone', '-q', '--depth', '2', '--branch', 'main', `file://${whole}`, clone])
    const shallow = await box.json<Imported>('a', ['import', 'git', clone])
    assert.deepEqual([shallow.added, shallow.again], [2, 0])
    assert.deepEqual(
      await importedParents(box, shallow.tree),
      new Map([
        [names[4]!, [names[3]!]],
        [names[3]!, ['root']],
      ]),
    )
    git(clone, ['fetch', '-q', '--unshallow'])
    const deepened = await box.json<Imported>('a', ['import', 'git', clone])
    assert.deepEqual([deepened.tree, deepened.added, deepened.again], [shallow.tree, 3, 2])
    const parents = await importedParents(box, shallow.tree)
    for (const [index, name] of names.entries())
      assert.ok(parents.get(name)!.includes(names[index - 1] ?? 'root'), String(index))
    // Nothing is left to do, for the whole repository and for a shallow clone of it.
    const done = await box.json<Imported>('a', ['import', 'git', clone])
    assert.deepEqual([done.added, done.again], [0, 0])
    spawnSync('git', [
      'clone',
      '-q',
      '--depth',
      '1',
      '--branch',
      'main',
      `file://${whole}`,
      box.folder('b/clone'),
    ])
    const known = await box.json<Imported>('a', ['import', 'git', box.folder('b/clone')])
    assert.deepEqual([known.tree, known.added, known.again], [shallow.tree, 0, 0])
  })

  it('changes a date that an entry cannot hold, and says of which commit', async () => {
    await using box = await Sandbox.create()
    const repository = repositoryOf(box.folder('dates'), ['one'])
    const first = git(repository, ['rev-parse', 'main'])
    const late = rawCommit(repository, [first], '9007199254740993')
    const early = rawCommit(repository, [first], '-5')
    const { tree, added, redated } = await box.json<Imported>('a', ['import', 'git', repository])
    assert.deepEqual([added, redated.toSorted()], [3, [late, early].sort()])
    assert.equal((await importedParents(box, tree)).size, 3)
    const again = await box.run('b', ['import', 'git', repository])
    assert.match(again.stdout, /Changed 2 dates that an entry cannot hold, of [0-9a-f]{40}, [0-9a-f]{40};/)
  })

  it('names the commit that is too large for an entry', async () => {
    await using box = await Sandbox.create()
    const repository = repositoryOf(box.folder('large'), ['x'.repeat(1_100_000)])
    const { code, stderr } = await box.run('a', ['import', 'git', repository])
    assert.equal(code, 1)
    assert.match(
      stderr,
      new RegExp(`The commit ${git(repository, ['rev-parse', 'main'])} cannot become.*TOO_LARGE`),
    )
  })

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
