/**
 * Values as streams, of which memory holds only a few chunks at a time. A stream that is as short as a value becomes one;
 * a longer one becomes a blob, put chunk by chunk before the entry that names it.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import { Few } from '../blobs/few.ts'
import { type BlobRange, boundsOf, chunkName, encodeList } from '../blobs/format.ts'
import type { MapPut } from '../payload.ts'
import type { StoreCalls } from './calls.ts'
import type { Version } from './items.ts'

/** What can be put as a stream: pieces of any length, such as a ReadableStream or what `fs.createReadStream` returns. */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array> | ReadableStream<Uint8Array>

export interface UploadOptions {
  /** Ends the upload. What was put stays for a day, so that the same stream is soon put again. */
  readonly signal?: AbortSignal | undefined
  /** Called as chunks are stored, with the bytes so far. */
  readonly onProgress?: ((bytes: number) => void) | undefined
}

/** Puts the chunks of a stream, unless it is as short as a value. Returns what a put of it says. */
export async function upload(
  calls: Pick<StoreCalls, 'putChunk'>,
  tree: TreeId,
  source: ByteSource,
  { signal, onProgress = () => {} }: UploadOptions = {},
): Promise<Pick<MapPut, 'value' | 'blob'>> {
  const names: string[] = []
  const puts = new Few(limits.chunkPutsAtOnce)
  let size = 0
  let stored = 0
  const put = async (data: Uint8Array, name: string): Promise<void> => {
    if ((await calls.putChunk(tree, data)) !== name)
      throw new CausewayError('PROTOCOL', 'The node names a chunk by another hash than its bytes have.')
    stored += data.length
    onProgress(Math.min(stored, size))
  }
  try {
    for await (const data of chunked(source)) {
      signal?.throwIfAborted()
      size += data.length
      if (size > limits.blobBytes)
        throw new CausewayError('LIMIT_EXCEEDED', `A blob has at most ${limits.blobBytes} bytes.`, {
          data: { max: limits.blobBytes },
        })
      if (names.length === 0 && data.length <= limits.stateValueBytes) return { value: data }
      const name = chunkName(data)
      names.push(name)
      await puts.add(put(data, name))
    }
    await puts.all()
  } finally {
    await puts.settled()
  }
  if (size === 0) return { value: new Uint8Array(0) }
  const list = encodeList(names)
  const id = chunkName(list)
  await put(list, id)
  return { value: new Uint8Array(0), blob: { id, size } }
}

/** Yields the bytes of a version, or a range of them: of a value as of a blob. */
export async function* download(
  calls: Pick<StoreCalls, 'readBlob'>,
  tree: TreeId,
  { value, blob }: Pick<Version, 'value' | 'blob'>,
  range: BlobRange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  if (blob !== undefined) yield* calls.readBlob(tree, blob, range, signal)
  else if (value.length > 0) {
    const { start, end } = boundsOf({ id: '', size: value.length }, range)
    yield value.subarray(start, end)
  }
}

/** Yields the bytes of a stream in pieces of the length of a chunk; only the last one may be shorter. Each is its own buffer. */
async function* chunked(source: ByteSource): AsyncGenerator<Uint8Array> {
  const length = limits.blobChunkBytes
  let chunk = new Uint8Array(length)
  let filled = 0
  for await (const piece of piecesOf(source)) {
    if (!(piece instanceof Uint8Array))
      throw new CausewayError('INVALID_ARGUMENT', `A stream yields Uint8Arrays, got a ${typeof piece}.`)
    for (let from = 0; from < piece.length; ) {
      const part = piece.subarray(from, from + length - filled)
      chunk.set(part, filled)
      filled += part.length
      from += part.length
      if (filled < length) continue
      yield chunk
      chunk = new Uint8Array(length)
      filled = 0
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled)
}

/** Some browsers cannot iterate a ReadableStream. */
async function* piecesOf(source: ByteSource): AsyncGenerator<Uint8Array> {
  if (Symbol.asyncIterator in source || Symbol.iterator in source) {
    yield* source as AsyncIterable<Uint8Array>
    return
  }
  const reader = (source as ReadableStream<Uint8Array>).getReader()
  let ended = false
  try {
    // Ends with the stream.
    for (;;) {
      const { done, value } = await reader.read()
      ended = done
      if (done) return
      yield value
    }
  } finally {
    if (!ended) await reader.cancel().catch(() => {})
    reader.releaseLock()
  }
}
