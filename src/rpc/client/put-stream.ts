/** Puts the chunks of a stream with a client of StoreService, for programs that write the entry themselves. */
import type { Client } from '@connectrpc/connect'
import type { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { bytesToHex, hexToBytes } from '../../dag/hex.ts'
import { type ByteSource, upload } from '../../state/api/streams.ts'

/** The fields of a `Put` that say what the stream is: a value if it is as short as one, otherwise a blob. */
export interface StreamedValue {
  readonly value: Uint8Array
  readonly blob?: { readonly id: Uint8Array; readonly size: bigint }
}

export async function putStream(
  stores: Client<typeof StoreService>,
  tree: Uint8Array,
  source: ByteSource,
  onProgress: (bytes: number) => void,
): Promise<StreamedValue> {
  const putChunk = async (_: unknown, data: Uint8Array) =>
    bytesToHex((await stores.putChunk({ tree, data })).hash)
  const { value, blob } = await upload({ putChunk }, bytesToHex(tree) as never, source, { onProgress })
  return { value, ...(blob && { blob: { id: hexToBytes(blob.id), size: BigInt(blob.size) } }) }
}
