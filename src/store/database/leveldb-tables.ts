/**
 * Checks the blocks of LevelDB's tables, which LevelDB itself does not when it reads or merges them: against their
 * checksums, and that their keys are LevelDB's. A flipped bit passes there, and two keys out of order even end the process
 * by an assertion. A merge may also have copied a key that is none into a new table, whose checksums are right. So a
 * repair of the whole store first marks each damaged block as one that LevelDB cannot read, and LevelDB's repair then
 * leaves it out.
 */
import { open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { storeError } from './errors.ts'

/** Bytes of a table's end, which says where its index is: two places, padding, and a magic number. */
const footerBytes = 48
/** Bytes after each block: its type and a checksum. */
const trailerBytes = 5
/** Bytes at the end of each key: whether the row is deleted (0) or put (1), then seven bytes of its age. */
const keyTrailerBytes = 8
/** A type of blocks that LevelDB does not know. */
const unreadable = 0xff

/** Where a block lies in a table, without its trailer. */
interface Place {
  readonly offset: number
  readonly size: number
}

/**
 * Checks all tables in a folder, which nobody may have open. With `mark`, changes the type of each damaged block, so that
 * LevelDB leaves it out. Returns the names of the tables that have one. Throws STORE_CORRUPT if they cannot be read.
 */
export async function checkTables(folder: string, { mark = false } = {}): Promise<string[]> {
  const damaged: string[] = []
  try {
    for (const name of (await readdir(folder)).filter((each) => /\.(ldb|sst)$/.test(each)).sort()) {
      const bytes = await readFile(join(folder, name))
      const blocks = damagedBlocks(bytes)
      if (blocks.length === 0) continue
      damaged.push(name)
      if (mark) await markBlocks(join(folder, name), bytes, blocks)
    }
  } catch (error) {
    throw storeError(error, `The tables of the store ${folder} could not be checked`)
  }
  return damaged
}

async function markBlocks(path: string, bytes: Buffer, blocks: readonly Place[]): Promise<void> {
  await using file = await open(path, 'r+')
  for (const { offset, size } of blocks)
    if (offset + size < bytes.length) await file.write(Buffer.from([unreadable]), 0, 1, offset + size)
  await file.sync()
}

/** Returns the damaged blocks of a table. Blocks that only a damaged one names are not looked at. */
export function damagedBlocks(table: Buffer): Place[] {
  const end = table.length - footerBytes
  // LevelDB checks the magic number, and leaves a table without it out as a whole.
  if (end < 0 || table.readUInt32LE(table.length - 8) !== 0x8b80fb57) return []
  try {
    const footer = new Reader(table.subarray(end))
    // One names the filter, without which a key may seem to be missing, the other the blocks of data.
    const [filters, index] = [footer.place(), footer.place()].map((list) => ({
      list,
      places: isSound(table, list) ? placesIn(contentOf(table, list)) : [],
    })) as [Listed, Listed]
    const unsound = [filters.list, ...filters.places, index.list].filter((place) => !isSound(table, place))
    return [...unsound, ...index.places.filter((place) => !isData(table, place))]
  } catch {
    return [{ offset: end, size: 0 }]
  }
}

/** A block that lists others. */
interface Listed {
  readonly list: Place
  readonly places: Place[]
}

/** Whether a block matches its checksum, and all of its keys are LevelDB's. */
function isData(table: Buffer, place: Place): boolean {
  if (!isSound(table, place)) return false
  try {
    let key: Buffer = Buffer.alloc(0)
    for (const { shared, rest } of rowsIn(contentOf(table, place))) {
      key = Buffer.concat([key.subarray(0, shared), rest])
      const kind = key[key.length - keyTrailerBytes]
      if (kind !== 0 && kind !== 1) return false
    }
    return true
  } catch {
    return false
  }
}

/** Reads LevelDB's numbers. Throws RangeError past the end. */
class Reader {
  at = 0
  private readonly from: Buffer

  constructor(from: Buffer) {
    this.from = from
  }

  bytes(length: number): Buffer {
    if (this.at + length > this.from.length) throw new RangeError('A row ends past its block.')
    this.at += length
    return this.from.subarray(this.at - length, this.at)
  }

  number(): number {
    let value = 0
    // Ends: a number has at most ten bytes.
    for (let factor = 1; factor < 2 ** 70; factor *= 128) {
      const byte = this.from.readUInt8(this.at++)
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
    throw new RangeError('A number is too long.')
  }

  place(): Place {
    return { offset: this.number(), size: this.number() }
  }
}

function isSound(table: Buffer, { offset, size }: Place): boolean {
  const end = offset + size
  if (end + trailerBytes > table.length) return false
  const masked = table.readUInt32LE(end + 1)
  const rotated = (masked - 0xa282ead8) >>> 0
  const expected = ((rotated >>> 17) | (rotated << 15)) >>> 0
  return crc32c(table.subarray(offset, end + 1)) === expected
}

/** Returns what a sound block holds. */
function contentOf(table: Buffer, { offset, size }: Place): Buffer {
  const block = table.subarray(offset, offset + size)
  return table[offset + size] === 1 ? inflate(block) : block
}

/** Returns the places that the rows of a sound block name. */
function placesIn(list: Buffer): Place[] {
  return [...rowsIn(list)].map(({ value }) => new Reader(value).place())
}

/** Reads the rows of a block. A key begins with `shared` bytes of the key before. Throws RangeError past the end. */
function* rowsIn(block: Buffer): Generator<{ shared: number; rest: Buffer; value: Buffer }> {
  const end = block.length - 4 - 4 * block.readUInt32LE(block.length - 4)
  const reader = new Reader(block)
  // Ends: each turn reads a row of the block.
  while (reader.at < end) {
    const shared = reader.number()
    const keyBytes = reader.number()
    const valueBytes = reader.number()
    yield { shared, rest: reader.bytes(keyBytes), value: reader.bytes(valueBytes) }
  }
}

/** Inflates Snappy's format: its length, then pieces that are copied from the input or from what was put out. */
function inflate(bytes: Buffer): Buffer {
  const reader = new Reader(bytes)
  const out = Buffer.alloc(reader.number())
  let to = 0
  // Ends: each turn reads a tag.
  while (reader.at < bytes.length) {
    const tag = bytes[reader.at++]!
    const kind = tag & 3
    let length = (tag >> 2) + 1
    if (kind === 0) {
      if (length > 60) {
        const extra = length - 60
        length = bytes.readUIntLE(reader.at, extra) + 1
        reader.at += extra
      }
      bytes.copy(out, to, reader.at, reader.at + length)
      reader.at += length
      to += length
      continue
    }
    let back: number
    if (kind === 1) {
      length = ((tag >> 2) & 7) + 4
      back = ((tag >> 5) << 8) | bytes.readUInt8(reader.at++)
    } else {
      const width = kind === 2 ? 2 : 4
      back = bytes.readUIntLE(reader.at, width)
      reader.at += width
    }
    // A copy may overlap what it writes.
    for (let count = 0; count < length; count++, to++) out[to] = out[to - back]!
  }
  return out
}

const table32c = Uint32Array.from({ length: 256 }, (_, index) => {
  let word = index
  for (let bit = 0; bit < 8; bit++) word = word & 1 ? 0x82f63b78 ^ (word >>> 1) : word >>> 1
  return word
})

/** CRC-32C, LevelDB's own checksum. */
function crc32c(bytes: Buffer): number {
  let sum = 0xffffffff
  for (let at = 0; at < bytes.length; at++) sum = table32c[(sum ^ bytes[at]!) & 0xff]! ^ (sum >>> 8)
  return ~sum >>> 0
}
