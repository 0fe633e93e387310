/**
 * The history that the demo imports: a git repository, by default this project's own, or a generated history if there
 * is none. The demo must also run in a checkout without history, such as an unpacked archive.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createNode, type EntryId, formatId, PublicAccess } from '../src/index.ts'

export type History =
  | { readonly kind: 'git'; readonly path: string; readonly remark?: string }
  | { readonly kind: 'generated'; readonly why: string }

/** A mistake of the user, to be reported in one sentence. */
export class Mistake extends Error {}

/** Returns the named repository, or this project's. Throws Mistake if the named one cannot be imported. */
export function findHistory(project: string, named: string | undefined): History {
  if (named !== undefined) return findNamed(resolve(named))
  // Do not look for a repository around the project: an unpacked archive may lie inside one.
  if (!existsSync(join(project, '.git')))
    return { kind: 'generated', why: 'this checkout comes without its history' }
  const problem = repositoryProblem(project)
  if (problem !== undefined) return { kind: 'generated', why: problem }
  if (isShallow(project)) return { kind: 'generated', why: 'this checkout is a shallow clone' }
  return { kind: 'git', path: project }
}

function findNamed(path: string): History {
  if (!existsSync(path)) throw new Mistake(`There is no folder ${path}.`)
  const problem = repositoryProblem(path)
  if (problem !== undefined) throw new Mistake(`${path} cannot be imported: ${problem}.`)
  if (!isShallow(path)) return { kind: 'git', path }
  return { kind: 'git', path, remark: 'It is a shallow clone: only the commits that it has are imported.' }
}

/** Returns why a folder has no history to import, or undefined if it has one. */
function repositoryProblem(path: string): string | undefined {
  const found = git(path, 'rev-parse', '--git-dir')
  if (found.error !== undefined) return 'git is not installed'
  if (found.status !== 0)
    return /not a git repository/.test(found.stderr)
      ? 'it is no git repository'
      : `git says ${JSON.stringify(found.stderr.trim().split('\n')[0])}`
  if (git(path, 'rev-list', '--all', '--max-count=1').stdout === '') return 'it has no commits yet'
  return undefined
}

function isShallow(path: string): boolean {
  return git(path, 'rev-parse', '--is-shallow-repository').stdout.trim() === 'true'
}

function git(path: string, ...args: string[]) {
  return spawnSync('git', ['-C', path, ...args], {
    encoding: 'utf8',
    // Its messages are parsed, so they must be in English.
    env: { ...process.env, LC_ALL: 'C' },
  })
}

/** Writes a history with branches and merges into a data folder. Returns its tree and number of commits. */
export async function generateHistory(
  data: string,
  count: number,
): Promise<{ tree: string; entries: number }> {
  await using node = await createNode({ data })
  const tree = await node.createTree('generated history', PublicAccess.WRITE)
  const branches: EntryId[] = [tree, tree, tree]
  for (let index = 0; index < count; index++) {
    const branch = index % branches.length
    const own = branches[branch]!
    const other = branches[(branch + 1) % branches.length]!
    const parents = index % 7 === 6 && own !== other ? [own, other] : [own]
    const payload = Buffer.from(`Commit ${index + 1} of the generated history\n`)
    const entry = await node.commit(tree, [{ store: 'history', kind: 'commit', payload }], { parents })
    branches[branch] = entry.id
  }
  return { tree: formatId(tree), entries: count }
}
