/**
 * Reads the commits of a git repository, parents first, through git itself: `rev-list` for the order and one
 * `cat-file --batch` for the objects. A commit's payload is its own object, byte for byte, so its name can be
 * computed again from the entry.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { CausewayError } from '../../base/errors.ts'

export interface GitCommit {
  /** 40 hex digits, or 64 in a SHA-256 repository. */
  readonly name: string
  /** The commit object as git stores it. */
  readonly object: Buffer
  readonly parents: readonly string[]
  readonly committedAtMs: number
}

/** The name that git gives to a commit object; `hexDigits` tells the repository's hash. */
export function gitName(object: Uint8Array, hexDigits: number): string {
  return createHash(hexDigits === 64 ? 'sha256' : 'sha1')
    .update(`commit ${object.length}\0`)
    .update(object)
    .digest('hex')
}

/** Names of all commits that any ref reaches, parents before children. */
export async function listCommits(path: string): Promise<string[]> {
  const names: string[] = []
  const git = startGit(path, ['rev-list', '--all', '--topo-order', '--reverse'])
  git.child.stdin.end()
  for await (const line of createInterface({ input: git.child.stdout })) names.push(line)
  await git.ended
  return names
}

/** The commits of these names, in this order. */
export async function* readCommits(path: string, names: readonly string[]): AsyncGenerator<GitCommit> {
  // An empty line would be a question, too.
  if (names.length === 0) return
  const git = startGit(path, ['cat-file', '--batch', '--buffer'])
  git.child.stdin.on('error', () => {})
  git.child.stdin.end(`${names.join('\n')}\n`)
  let buffered: Buffer = Buffer.alloc(0)
  let next = 0
  for await (const chunk of git.child.stdout) {
    buffered = buffered.length === 0 ? (chunk as Buffer) : Buffer.concat([buffered, chunk as Buffer])
    for (;;) {
      const lineEnd = buffered.indexOf(10)
      if (lineEnd < 0) break
      const header = buffered.toString('latin1', 0, lineEnd)
      const match = /^([0-9a-f]+) commit (\d+)$/.exec(header)
      if (match === null)
        throw new CausewayError('INVALID_ARGUMENT', `git answered ${JSON.stringify(header)} for a commit.`)
      const end = lineEnd + 1 + Number(match[2])
      if (buffered.length < end + 1) break
      yield parseCommit(match[1]!, Buffer.from(buffered.subarray(lineEnd + 1, end)))
      buffered = buffered.subarray(end + 1)
      next++
    }
  }
  await git.ended
  if (next !== names.length)
    throw new CausewayError('INVALID_ARGUMENT', `git gave ${next} of ${names.length} commits of ${path}.`)
}

function parseCommit(name: string, object: Buffer): GitCommit {
  const headersEnd = object.indexOf('\n\n')
  const headers = object.toString('latin1', 0, headersEnd < 0 ? object.length : headersEnd).split('\n')
  const parents = headers.filter((line) => line.startsWith('parent ')).map((line) => line.slice(7))
  const committer = headers.find((line) => line.startsWith('committer '))
  const seconds = Number(/ (-?\d+) [+-]\d+$/.exec(committer ?? '')?.[1] ?? 0)
  return { name, object, parents, committedAtMs: Math.max(0, seconds * 1000) }
}

function startGit(path: string, args: string[]) {
  const child = spawn('git', ['-C', path, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A replaced commit would have another content than its name says.
    env: { ...process.env, GIT_NO_REPLACE_OBJECTS: '1' },
  })
  let complaint = ''
  child.stderr.on('data', (chunk) => {
    if (complaint.length < 2000) complaint += chunk
  })
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(
        new CausewayError('INVALID_ARGUMENT', `git could not be run: ${cause.message}. Install git first.`, {
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
            `${path} could not be read by git: ${complaint.trim().split('\n')[0]}`,
          ),
        )
    })
  })
  ended.catch(() => {})
  return { child, ended }
}
