/**
 * The demo as a newcomer runs it, with little data: on a git repository and on a generated history. If it cannot run,
 * it must say why in one sentence. It runs the built command, which `npm test` builds first.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findHistory, generateHistory } from '../../examples/history.ts'
import { createNode, parseId } from '../../src/index.ts'
import { type CommitShape, writeGitRepository } from '../kit/git-repository.ts'
import { projectRoot } from '../kit/project.ts'

describe('the demo', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'causeway-demo-test-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** Runs the demo with a temporary folder of its own, to see what it leaves there. */
  function demo(args: string[], env: NodeJS.ProcessEnv = {}) {
    const options = { cwd: projectRoot, env: { ...process.env, TMPDIR: folder, ...env } }
    return new Promise<{ code: number; out: string; err: string }>((resolve) => {
      execFile(
        process.execPath,
        ['--import', 'tsx', 'examples/demo.ts', ...args],
        options,
        (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      )
    })
  }
  const leftovers = () => readdirSync(folder).filter((name) => name.startsWith('causeway-demo-'))

  it('replicates a git repository with merges and several roots', async () => {
    const repository = join(folder, 'history.git')
    const commits: CommitShape[] = [
      [[], 1, 1_700_000_000, 300],
      [[1], 2, 1_700_000_100, 400],
      [[2], 1, 1_700_000_200, 2_000],
      [[1, 2], 3, 1_700_000_300, 250],
      [[], 4, 1_700_000_400, 300],
      [[1, 2, 3], 1, 1_700_000_500, 300],
      [[3], 2, 1_700_000_600, 300],
    ]
    await writeGitRepository(repository, commits)
    const { code, out, err } = await demo(['--repo', repository, '--commits', '2'])
    assert.deepEqual([code, err], [0, ''], out)
    assert.match(out, /imports 7 commits/)
    assert.match(out, /B takes the whole tree over HTTP: 8 entries received, 0 sent/)
    assert.match(out, /C takes the whole tree over QUIC: 8 entries received, 0 sent/)
    assert.match(out, /B syncs with A over HTTP: 2 entries received, 2 sent/)
    assert.match(out, /C syncs with A over QUIC: 4 entries received, 2 sent/)
    assert.match(out, /A syncs with B over HTTP: 0 entries received, 2 sent/)
    for (const name of 'ABC') assert.match(out, new RegExp(`${name} has 14 entries, all verified`))
    assert.match(out, /All sides have the same entries/)
    assert.match(out, /^A shows ("by [AB]", in conflict with "by [AB]")\. B shows \1\.$/m)
    assert.match(out, /^A shows "by A and B", in conflict with nothing\.$/m)
    assert.match(out, /B asks to be let in: pending/)
    assert.match(out, /B has the private tree, and writes to it/)
    assert.deepEqual(leftovers(), [])
  })

  it('generates a history if there is no repository', async () => {
    const data = join(folder, 'generated')
    const { tree, entries } = await generateHistory(data, 40)
    assert.equal(entries, 40)
    await using node = await createNode({ data })
    const { checked, problems } = await node.verify(parseId(tree))
    assert.deepEqual([checked, problems], [41, []])
  })

  it('says why it cannot import a folder', async () => {
    const { code, out, err } = await demo(['--repo', folder])
    assert.equal(code, 1)
    assert.equal(out, '')
    assert.equal(err.trim(), `${folder} cannot be imported: it is no git repository.`)
  })

  it('says that git is not installed', async () => {
    const { code, err } = await demo(['--repo', folder], { PATH: folder })
    assert.equal(code, 1)
    assert.equal(err.trim(), `${folder} cannot be imported: git is not installed.`)
  })

  it('generates a history in a checkout that has none', () => {
    const history = findHistory(folder, undefined)
    assert.equal(history.kind, 'generated')
  })

  it('lists its options after a wrong one', async () => {
    const { code, err } = await demo(['--wrong'])
    assert.equal(code, 1)
    assert.match(err, /--repo PATH/)
  })
})
