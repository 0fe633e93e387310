/**
 * The standard streams. Stdin is read up to a bound. If a reader of stdout or stderr leaves, such as `| head`, that is no
 * failure: a command that keeps printing ends quietly. Any other failed write makes the exit code 1. A running node goes
 * on in both cases.
 */
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
  if (process.stdout.write(text) || outputGone.aborted) return
  await new Promise<void>((resolve) => {
    const done = () => {
      process.stdout.off('drain', done)
      outputGone.removeEventListener('abort', done)
      resolve()
    }
    process.stdout.once('drain', done)
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
  for await (const chunk of process.stdin) {
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
