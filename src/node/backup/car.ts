/**
 * CAR version 1, the format of content-addressed archives: a header that names roots, then blocks, each with its CID. An
 * entry is a block as it is: its id is the CID of `signature ‖ body` (raw, sha2-256). So any program for CAR files reads
 * and checks an archive of entries. Notes beside the entries are blocks of JSON.
 */
import * as CarBuffer from '@ipld/car/buffer-writer'
import { asyncIterableReader, createDecoder } from '@ipld/car/decoder'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import { bytesToHex, hexToBytes } from '../../dag/hex.ts'
import type { EntryId } from '../../dag/id.ts'

/** The codecs of blocks, by their numbers in the table of multicodec. */
export const rawCodec = 0x55
export const jsonCodec = 0x0200
const sha256Code = 0x12
/** Version 1, the codec, sha2-256, 32 bytes. */
const rawPrefix = Uint8Array.of(1, rawCodec, sha256Code, 32)
const jsonPrefix = Uint8Array.of(1, 0x80, 0x04, sha256Code, 32)

/** A block whose bytes hash to what its CID says. */
export interface CarBlock {
  readonly codec: number
  /** SHA-256 of the bytes; of an entry, its id. */
  readonly id: EntryId
  readonly bytes: Uint8Array
  /** Whether the header names it as a root. */
  readonly isRoot: boolean
}

/** Returns the header of an archive whose root is a JSON note. */
export function carHeader(root: Uint8Array): Uint8Array {
  const roots = [CID.create(1, jsonCodec, Digest.create(sha256Code, hexToBytes(sha256Hex(root))))]
  return CarBuffer.close(
    CarBuffer.createWriter(new ArrayBuffer(CarBuffer.headerLength({ roots })), { roots }),
  )
}

/** Returns a note as a block. */
export function noteBlock(note: Uint8Array): Uint8Array {
  return frame(jsonPrefix, hexToBytes(sha256Hex(note)), [note])
}

/** Returns bytes as a block, given their SHA-256: an entry, in two parts, or a chunk of a blob. */
export function rawBlock(hash: string, ...parts: readonly Uint8Array[]): Uint8Array {
  return frame(rawPrefix, hexToBytes(hash), parts)
}

function frame(prefix: Uint8Array, digest: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  let length = prefix.length + digest.length
  for (const part of parts) length += part.length
  return Buffer.concat([varint(length), prefix, digest, ...parts])
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  for (; value >= 128; value >>>= 7) bytes.push((value & 127) | 128)
  return Uint8Array.from([...bytes, value])
}

/**
 * Yields the blocks of an archive that is read from a stream, each checked against its CID. Throws STORE_CORRUPT, with
 * the number of the block, if the archive is cut or damaged, or is no CAR file of version 1; LIMIT_EXCEEDED before it
 * reads a block of more than `limits.carBlockBytes`.
 */
export async function* readCar(source: AsyncIterable<Uint8Array>): AsyncGenerator<CarBlock> {
  const reader = asyncIterableReader(source)
  let number = 0
  const exactly = (length: number, seek?: boolean) => {
    const max = number === 0 ? limits.carHeaderBytes : limits.carBlockBytes
    if (length > max)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `Block ${number} of the archive states ${length} bytes; a block has at most ${max}.`,
        { data: { block: number, max } },
      )
    return reader.exactly(length, seek)
  }
  // The decoder moves in its reader, so the bounded one stays the same object with another method.
  const decoder = createDecoder(Object.create(reader, { exactly: { value: exactly } }))
  try {
    const { version, roots } = await decoder.header()
    const names = new Set(roots.map(({ multihash }) => bytesToHex(multihash.digest)))
    if (version !== 1) throw new Error(`it has version ${version}, expected 1`)
    number++
    for await (const { cid, bytes } of decoder.blocks()) {
      const id = bytesToHex(cid.multihash.digest) as EntryId
      if (cid.multihash.code !== sha256Code || sha256Hex(bytes) !== id)
        throw new Error('its bytes do not hash to its CID')
      yield { codec: cid.code, id, bytes, isRoot: names.has(id) }
      number++
    }
  } catch (error) {
    if (error instanceof CausewayError) throw error
    throw new CausewayError(
      'STORE_CORRUPT',
      number === 0
        ? 'The archive does not begin as a CAR file of version 1 does: it is another kind of file, or damaged or cut.'
        : `Block ${number} of the archive cannot be read: ${(error as Error).message}. The file is damaged or cut.`,
      { data: { block: number }, cause: error },
    )
  }
}
