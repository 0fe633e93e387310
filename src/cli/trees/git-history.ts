/**
 * Reads the commits of a git repository, parents first, by running git: `rev-list` for the order and one
 * `cat-file --batch` for the objects. The commit objects are kept byte for byte, so that git's name of a commit can be
 * computed from its entry.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { CausewayError } from '../../base/errors.ts'
import { io } from '../streams.ts'

export interface GitCommit {
  /** 40 hex digits, or 64 in a SHA-256 repository. */
  readonly name: string
  /** The commit object as git stores it. */
  readonly object: Buffer
  /** As the object names them; a shallow clone does not have all of them. */
  readonly parents: readonly string[]
  /** The date of the committer; it may be negative, beyond what an entry can hold, or NaN if there is none. */
  readonly committedAtMs: number
}

/** A commit and those of its parents that the repository has. */
export interface ListedCommit {
  readonly name: string
  readonly parents: readonly string[]
}

/** Computes git's name of a commit object. `hexDigits` is the length of a name, which implies the hash. */
export function gitName(object: Uint8Array, hexDigits: number): string {
  return createHash(hexDigits === 64 ? 'sha256' : 'sha1')
    .update(`commit ${object.length}\0`)
    .update(object)
    .digest('hex')
}

/** Lists all commits that a ref reaches, parents before children. */
export async function listCommits(path: string): Promise<ListedCommit[]> {
  const commits: ListedCommit[] = []
  const git = startGit(path, ['rev-list', '--all', '--topo-order', '--reverse', '--parents'])
  git.child.stdin.end()
  for await (const line of createInterface({ input: git.child.stdout })) {
    const [name, ...parents] = line.split(' ')
    commits.push({ name: name!, parents })
  }
  await git.ended
  return commits
}

/** Yields the commits with these names, in this order. */
export async function* readCommits(path: string, names: readonly string[]): AsyncGenerator<GitCommit> {
  // git would take the empty line as the name of an object.
  if (names.length === 0) return
  const git = startGit(path, ['cat-file', '--batch', '--buffer'])
  git.child.stdin.on('error', () => {})
  git.child.stdin.end(`${names.join('\n')}\n`)
  let buffered: Buffer = Buffer.alloc(0)
  let count = 0
  for await (const chunk of git.child.stdout) {
    buffered = buffered.length === 0 ? (chunk as Buffer) : Buffer.concat([buffered, chunk as Buffer])
    // Ends: each turn takes a line or a part off what is buffered, or needs more.
    for (;;) {
      const lineEnd = buffered.indexOf(10)
      if (lineEnd < 0) break
      const header = buffered.toString('latin1', 0, lineEnd)
      const match = /^([0-9a-f]+) commit (\d+)$/.exec(header)
      if (match === null)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `git returned ${JSON.stringify(header)} instead of a commit; check ${path} with \`git fsck\`.`,
        )
      const end = lineEnd + 1 + Number(match[2])
      if (buffered.length < end + 1) break
      yield parseCommit(match[1]!, Buffer.from(buffered.subarray(lineEnd + 1, end)))
      buffered = buffered.subarray(end + 1)
      count++
    }
  }
  await git.ended
  if (count !== names.length)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `git returned ${count} of ${names.length} commits; check ${path} with \`git fsck\`.`,
    )
}

function parseCommit(name: string, object: Buffer): GitCommit {
  const headersEnd = object.indexOf('\n\n')
  const headers = object.toString('latin1', 0, headersEnd < 0 ? object.length : headersEnd).split('\n')
  const parents = headers.filter((line) => line.startsWith('parent ')).map((line) => line.slice(7))
  const committer = headers.find((line) => line.startsWith('committer '))
  const seconds = Number(/ (-?\d+) [+-]\d+$/.exec(committer ?? '')?.[1] ?? Number.NaN)
  return { name, object, parents, committedAtMs: seconds * 1000 }
}

/**
 * The variables that lead git to another repository than the one at its path, or to a part of it. A git hook, for
 * example, has them in its environment.
 */
const redirecting = new Set([
  ...['GIT_DIR', 'GIT_WORK_TREE', 'GIT_IMPLICIT_WORK_TREE', 'GIT_COMMON_DIR', 'GIT_INDEX_FILE', 'GIT_PREFIX'],
  ...['GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_NAMESPACE', 'GIT_CEILING_DIRECTORIES'],
  ...['GIT_GRAFT_FILE', 'GIT_SHALLOW_FILE', 'GIT_REPLACE_REF_BASE', 'GIT_CONFIG_PARAMETERS', 'GIT_CONFIG'],
])

function gitEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(io().env).filter(([name]) => !redirecting.has(name.toUpperCase()))
  // The content of a replaced commit does not match its name.
  return { ...Object.fromEntries(kept), GIT_NO_REPLACE_OBJECTS: '1' }
}

function startGit(path: string, args: string[]) {
  const child = spawn('git', ['-C', path, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: gitEnvironment(),
  })
  let complaint = ''
  child.stderr.on('data', (chunk) => {
    if (complaint.length < 2000) complaint += chunk
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(
        new CausewayError('INVALID_ARGUMENT', `git cannot be run; install it first: ${cause.message}`, {
          cause,
        }),
      ),
    )
    child.once('close', (code) => {
      if (code === 0) resolve()
      else
        reject(
          new CausewayError(
            'INVALID_ARGUMENT',
            `git cannot read ${path}: ${complaint.trim().split('\n')[0]}`,
          ),
        )
    })
  })
  ended.catch(() => {})
  return { child, ended }
}
