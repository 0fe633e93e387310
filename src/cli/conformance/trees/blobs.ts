/** Blobs that follow from a number, and the entries that name them. */
import { create, toBinary } from '@bufbuild/protobuf'
import { MapPutSchema } from '../../../../gen/causeway/v1/state_pb.ts'
import { limits } from '../../../base/limits.ts'
import { sha256Hex } from '../../../dag/crypto.ts'
import { hexToBytes } from '../../../dag/hex.ts'

interface KitBlob {
  readonly id: string
  readonly size: number
  readonly chunks: readonly Uint8Array[]
  readonly list: Uint8Array
}

/** A blob of this size, whose bytes follow from a number. */
export function blobOf(number: number, size: number): KitBlob {
  const bytes = new Uint8Array(size)
  for (let at = 0; at < size; at++) bytes[at] = (number + at * 7 + (at >> 8) + 13 * (at >> 18)) & 255
  const chunks: Uint8Array[] = []
  for (let at = 0; at < size; at += limits.blobChunkBytes)
    chunks.push(bytes.slice(at, at + limits.blobChunkBytes))
  const list = hexToBytes(chunks.map((chunk) => sha256Hex(chunk)).join(''))
  return { id: sha256Hex(list), size, chunks, list }
}

/** What names a blob under a key of the store `files`. */
export const naming = (key: string, { id, size }: { readonly id: string; readonly size: number }) => ({
  changes: [
    {
      ...{ store: 'files', kind: 'cw.put' },
      payload: toBinary(
        MapPutSchema,
        create(MapPutSchema, { key, blob: { id: hexToBytes(id), size: BigInt(size) } }),
      ),
    },
  ],
})
