/** Reads a range of a blob from a remote node, and verifies it: the list by the blob's id, and each chunk by the list. */
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { idToBytes, type TreeId } from '../../dag/id.ts'
import { type BlobRange, boundsOf, chunksOf, cut, isChunk, readList } from '../../state/blobs/format.ts'
import type { Blob } from '../../state/payload.ts'
import { writeBlob } from '../convert-state.ts'
import type { Calls } from './calls.ts'

/** Throws BLOB_NOT_HERE, UNKNOWN_BLOB, UNKNOWN_TREE, INVALID_ARGUMENT, and PROTOCOL for bytes that are not the blob's. */
export async function* readRemoteBlob(
  calls: Calls,
  { tree, blob }: { readonly tree: TreeId; readonly blob: Blob },
  range: BlobRange,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const bounds = boundsOf(blob, range)
  const { first, past } = chunksOf(bounds)
  if (first === past) return
  const request = {
    ...{ tree: idToBytes(tree), ...writeBlob(blob), verifiable: true },
    ...{ offset: BigInt(bounds.start), length: BigInt(bounds.end - bounds.start) },
  }
  const messages = calls.stream(StoreService, (client, signal) => client.getBlob(request, { signal }), {
    silenceMs: limits.chunkSilenceMs,
    signal,
  })
  let names: readonly string[] | undefined
  let index = first
  for await (const { list, data } of messages) {
    if (names === undefined) {
      names = readList(list, blob)
      if (data.length === 0) continue
    }
    if (index >= past || !isChunk(data, names[index]!, blob, index))
      throw new CausewayError('PROTOCOL', 'The remote sent other bytes than those of the blob.')
    yield cut(data, index++, bounds)
  }
  if (index < past)
    throw new CausewayError('PROTOCOL', 'The remote sent less of the blob than was asked for.')
}
