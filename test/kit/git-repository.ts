/**
 * Writes a bare git repository of a given shape with `git fast-import`, so that tests can import histories of any size
 * and form, with octopus merges and several roots, without a network.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A commit: distances back to its parents in the list, the author's number, Unix time, approximate size in bytes. */
export type CommitShape = readonly [back: readonly number[], author: number, time: number, size: number]

/** Creates the repository. Every commit is reachable from a branch. Needs git. */
export async function writeGitRepository(folder: string, commits: readonly CommitShape[]): Promise<void> {
  execFileSync('git', ['init', '--quiet', '--bare', folder])
  const git = spawn('git', ['-C', folder, 'fast-import', '--quiet', '--done'], {
    stdio: ['pipe', 'inherit', 'inherit'],
  })
  const ended = once(git, 'close')
  const tips = new Set<number>()
  for (const [index, [back, author, time, size]] of commits.entries()) {
    const mark = index + 1
    const parents = back.map((distance) => mark - distance)
    for (const parent of parents) tips.delete(parent)
    tips.add(mark)
    if (!git.stdin.write(commitCommand(mark, parents, author, time, size))) await once(git.stdin, 'drain')
  }
  for (const tip of tips) git.stdin.write(`reset refs/heads/tip-${tip}\nfrom :${tip}\n\n`)
  git.stdin.end('done\n')
  const [code] = await ended
  if (code !== 0) throw new Error(`git fast-import ended with ${code}.`)
}

/** All commits are made on one branch, which is moved to the first parent of each. */
function commitCommand(
  mark: number,
  parents: readonly number[],
  author: number,
  time: number,
  size: number,
): string {
  const who = `Author ${author} <author${author}@example.com> ${time} +0000`
  // Names and headers take some 180 bytes and 48 for each parent.
  const text = `Commit ${mark}\n\n${'What it changes and why. '.repeat(1 + size / 25)}`
  const message = text.slice(0, Math.max(12, size - 180 - 48 * parents.length))
  const lines = [
    ...(parents.length === 0 ? ['reset refs/heads/main', ''] : []),
    'commit refs/heads/main',
    `mark :${mark}`,
    `author ${who}`,
    `committer ${who}`,
    `data ${message.length}`,
    message,
    ...parents.map((parent, index) => `${index === 0 ? 'from' : 'merge'} :${parent}`),
  ]
  return `${lines.join('\n')}\n\n`
}
