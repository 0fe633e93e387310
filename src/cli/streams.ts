/**
 * What a command reads and writes: the standard streams of the process, or those of a caller in the same process, as
 * tests are. Stdin is read up to a bound. If a reader of stdout or stderr leaves, such as `| head`, that is no failure: a
 * command that keeps printing ends quietly. Any other failed write makes the exit code 1. A running node goes on in both
 * cases.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { fstatSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'

type Output = Writable & { readonly isTTY: boolean; readonly columns?: number }

/** What a command reads and writes. */
export interface Io extends Pick<NodeJS.Process, 'env' | 'exitCode'> {
  readonly stdin: Readable & { readonly isTTY: boolean }
  readonly stdout: Output
  readonly stderr: Output
}

const given = new AsyncLocalStorage<Io>()

/** Returns what the running command reads and writes. */
export function io(): Io {
  return given.getStore() ?? process
}

/** Runs something with these streams, variables and exit code instead of those of the process. */
export function withIo<Result>(own: Io, run: () => Result): Result {
  return given.run(own, run)
}

/** Reports whether somebody gives standard input: a terminal or /dev/null would be none. */
export function isInputGiven(): boolean {
  if (given.getStore() !== undefined) return true
  try {
    const stdin = fstatSync(0)
    return stdin.isFIFO() || stdin.isFile() || stdin.isSocket()
  } catch {
    return false
  }
}

const gone = new AbortController()

/** Fires when stdout cannot be written any more. */
const outputGone: AbortSignal = gone.signal

/** Handles the errors of both streams from now on. */
export function superviseStreams(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const first = !gone.signal.aborted
    gone.abort()
    if (error.code === 'EPIPE') return
    process.exitCode = 1
    if (first) process.stderr.write(`causeway: The output could not be written: ${error.message}\n`)
  })
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exitCode = 1
  })
}

/** Writes to stdout, and waits while its reader is slow. */
export async function writeOut(text: string | Uint8Array): Promise<void> {
  const { stdout } = io()
  if (stdout.write(text) || outputGone.aborted) return
  await new Promise<void>((resolve) => {
    const done = () => {
      stdout.off('drain', done)
      outputGone.removeEventListener('abort', done)
      resolve()
    }
    stdout.once('drain', done)
    outputGone.addEventListener('abort', done, { once: true })
  })
}

/** Yields what a call streams until stdout cannot be written any more; `call` gets the signal that ends it. */
export async function* whileRead<Message>(
  call: (options: { readonly signal: AbortSignal }) => AsyncIterable<Message>,
): AsyncGenerator<Message> {
  try {
    yield* call({ signal: outputGone })
  } catch (error) {
    if (!outputGone.aborted) throw error
  }
}

/** Reads all of stdin. Throws what `tooLarge` returns as soon as there are more than `most` bytes. */
export async function readStdin(most: number, tooLarge: () => Error): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of io().stdin) {
    bytes += (chunk as Buffer).length
    if (bytes > most) throw tooLarge()
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

/**
 * Reads the first bytes of a source. Returns all of them if there are at most `most`, otherwise a stream of everything,
 * the first bytes included.
 */
export async function readUpTo(
  source: AsyncIterable<Uint8Array>,
  most: number,
): Promise<{ readonly all: Buffer } | { readonly stream: AsyncGenerator<Uint8Array> }> {
  const rest = source[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let bytes = 0
  // Ends with the source, or past the bound.
  while (bytes <= most) {
    const { done, value } = await rest.next()
    if (done) return { all: Buffer.concat(first) }
    first.push(value)
    bytes += value.length
  }
  return { stream: chained(first, rest) }
}

async function* chained(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* first
  yield* { [Symbol.asyncIterator]: () => rest }
}
