/**
 * The value that a command puts: an argument, a file, or standard input. The type says how it reads. What is larger than a
 * value is sent as a blob, chunk by chunk.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { putStream, type StreamedValue } from '../../rpc/client/put-stream.ts'
import type { Clients, CommonOptions } from '../context.ts'
import { ProgressBar } from '../progress.ts'
import { io, isInputGiven, readUpTo } from '../streams.ts'
import { isJsonType, isTextType, textOf } from './item-view.ts'

/** Options of a command that takes a value. */
export interface ValueOptions {
  readonly type?: string
  readonly file?: string
}

/** What is to be put. A stream is longer than a value; its `bytes` are 0 if they are not known before. */
export type GivenValue =
  | { readonly value: Uint8Array; readonly type: string }
  | { readonly stream: AsyncIterable<Uint8Array>; readonly bytes: number; readonly type: string }

/** Adds the argument VALUE and the options `--type` and `--file`. */
export function addValue(command: Command): Command {
  return command
    .argument('[VALUE]', 'the value, or - for standard input; may be left out if that is a pipe or a file')
    .addOption(
      new Option(
        '--type <TYPE>',
        'media type of the value (default: text/plain, or none for what is not UTF-8)',
      ),
    )
    .addOption(new Option('--file <FILE>', 'take the value from this file'))
}

/**
 * Returns the value and its type. Throws INVALID_ARGUMENT without a value, for one that is not what its type says, and for
 * a file that cannot be read.
 */
export async function readValue(
  argument: string | undefined,
  { type, file }: ValueOptions,
): Promise<GivenValue> {
  if (argument !== undefined && file !== undefined)
    throw new CausewayError('INVALID_ARGUMENT', 'Expected either a VALUE or --file, not both.')
  if (argument === undefined && file === undefined && !isInputGiven())
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'Expected a VALUE, --file, or a value on standard input from a pipe or a file.',
    )
  const { source, bytes } = await sourceOf(argument, file)
  const read = await readUpTo(source, limits.stateValueBytes)
  // Of a long value not even the first byte is looked at: its type says what it is, and it reads as bytes.
  if ('stream' in read) return { stream: read.stream, bytes, type: type ?? '' }
  const value = read.all
  const text = textOf(value)
  const of = type ?? (text === undefined ? '' : 'text/plain')
  if (isTextType(of) && text === undefined)
    throw new CausewayError('INVALID_ARGUMENT', `A value of the type ${of} is UTF-8, and this one is not.`)
  if (isJsonType(of)) checkJson(text!)
  return { value, type: of }
}

async function sourceOf(
  argument: string | undefined,
  file: string | undefined,
): Promise<{ source: AsyncIterable<Uint8Array>; bytes: number }> {
  if (file !== undefined) {
    try {
      const { size } = await stat(file)
      const source = createReadStream(file, { highWaterMark: limits.blobChunkBytes })
      return { source: readable(source, file), bytes: size }
    } catch (error) {
      throw unreadable(file, error)
    }
  }
  if (argument === undefined || argument === '-') return { source: io().stdin, bytes: 0 }
  const bytes = Buffer.from(argument)
  return {
    source: (async function* () {
      yield bytes
    })(),
    bytes: bytes.length,
  }
}

async function* readable(source: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* source
  } catch (error) {
    throw unreadable(file, error)
  }
}

function unreadable(file: string, cause: unknown): CausewayError {
  return new CausewayError(
    'INVALID_ARGUMENT',
    `The file ${file} cannot be read: ${(cause as Error).message}`,
    {
      cause,
    },
  )
}

/** Returns what a put says of a value. Sends one that is longer than a value before, with a progress bar. */
export async function sendValue(
  { stores }: Clients,
  tree: Uint8Array,
  given: GivenValue,
  { json = false }: CommonOptions,
): Promise<StreamedValue & { readonly type: string }> {
  if ('value' in given) return given
  const bar = new ProgressBar('putting', json, 'bytes')
  try {
    const sent = await putStream(stores, tree, given.stream, (bytes) => bar.update(bytes, given.bytes))
    return { ...sent, type: given.type }
  } finally {
    bar.end()
  }
}

function checkJson(text: string): void {
  try {
    JSON.parse(text)
  } catch (cause) {
    throw new CausewayError('INVALID_ARGUMENT', `The value is not JSON: ${(cause as Error).message}`, {
      cause,
    })
  }
}
