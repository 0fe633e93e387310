/**
 * The checksum at the end of every record whose value is trusted as it lies: a CRC-32 of the value, begun with a number
 * that follows from the key, so that neither a flipped bit nor a value under another's key passes. LevelDB checks the
 * blocks of its log, but not those of its tables when they are read. The table is our own, since not every version of
 * Node that we support has `zlib.crc32`.
 */

/** Bytes of a checksum. */
export const checksumBytes = 4

const table = Uint32Array.from({ length: 256 }, (_, index) => {
  let word = index
  for (let bit = 0; bit < 8; bit++) word = word & 1 ? 0xedb88320 ^ (word >>> 1) : word >>> 1
  return word
})

/** Returns the CRC-32 of the first `length` bytes, begun with `seed`. */
function crcOf(bytes: Uint8Array, length: number, seed: number): number {
  let sum = ~seed
  for (let at = 0; at < length; at++) sum = table[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8)
  return ~sum >>> 0
}

/** Writes the checksum of all other bytes into the last four of a value, and returns the value. */
export function seal(value: Buffer, seed: number): Buffer {
  const length = value.length - checksumBytes
  value.writeUInt32BE(crcOf(value, length, seed), length)
  return value
}

/** Returns whether a value ends with its checksum. */
export function isSealed(value: Buffer, seed: number): boolean {
  const length = value.length - checksumBytes
  return length >= 0 && value.readUInt32BE(length) === crcOf(value, length, seed)
}

/** Returns the seed of a record whose key is an id in hex. */
export function seedOfId(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16)
}

/** Returns the seed of a record with any key. */
export function seedOfKey(key: Uint8Array): number {
  return crcOf(key, key.length, 0)
}
