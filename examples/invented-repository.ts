/**
 * Which history the demo imports when none is named: this checkout's own, or, where it has none (a tarball), a small
 * repository that is made up on the spot.
 */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The checkout, or a new repository inside `folder`. */
export async function inventRepository(
  checkout: string,
  folder: string,
  say: (text: string) => void,
): Promise<string> {
  if (existsSync(join(checkout, '.git'))) return checkout
  say('This folder has no history of its own, so the demo makes one up.')
  const repository = join(folder, 'invented')
  execFileSync('git', ['init', '--quiet', repository])
  const git = spawn('git', ['-C', repository, 'fast-import', '--quiet'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const done = new Promise<void>((resolve, reject) => {
    git.once('error', reject)
    git.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`git fast-import ended with ${code}.`)),
    )
  })
  git.stdin.end(inventedHistory(500))
  await done
  return repository
}

/** A stream for `git fast-import`: a main line, with a branch that leaves and returns every tenth commit. */
export function inventedHistory(commits: number): string {
  const lines: string[] = []
  const commit = (branch: string, mark: number, parents: number[]) => {
    const message = `change ${mark}`
    lines.push(`commit refs/heads/${branch}`, `mark :${mark}`)
    lines.push(`committer A U Thor <author@example.com> ${1_700_000_000 + mark * 60} +0000`)
    lines.push(`data ${message.length}`, message)
    for (const [index, parent] of parents.entries())
      lines.push(`${index === 0 ? 'from' : 'merge'} :${parent}`)
    lines.push('')
  }
  let main = 0
  for (let mark = 1; mark <= commits; mark++) {
    const parents = main === 0 ? [] : [main]
    if (mark % 10 === 0 && mark < commits) {
      commit('side', mark, parents)
      commit('main', mark + 1, [main, mark])
      main = ++mark
    } else {
      commit('main', mark, parents)
      main = mark
    }
  }
  return lines.join('\n')
}
