/**
 * A sketch as bytes: cells on the wire, and a whole sketch in the store. Both are checked when read, since a peer may
 * lie and a disk may rot; what passes still proves nothing about the ids.
 *
 * A cell on the wire is 16 bytes of xor, the check as 4 bytes little-endian, and the zigzag varint of count − expected,
 * in the fewest bytes: some 22 bytes. With n ids in the sketch, expected is n in cell 0 and floor(8n(i + 1) / (2i +
 * 3)²) in cell i, the mean count of sketch.ts; all in integers, exact in a binary64.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type Cells, checkOf, Sketch, wordsPerCell } from './sketch.ts'

/** The format that `encodeCells` writes. A peer with another version is answered without a sketch. */
export const sketchVersion = 1

// The xor and the check, then a zigzag difference of two counts in [0, 2^31), which has at most 32 bits.
const cellFixedBytes = 20
const countMaxBytes = 5

/** Returns the mean count of a cell, rounded down, which the wire form subtracts. */
export function expectedCount(total: number, index: number): number {
  if (index === 0) return total
  return Math.floor((8 * total * (index + 1)) / ((2 * index + 3) * (2 * index + 3)))
}

/** Encodes cells of a live sketch. The reader also needs `from` and `total`. */
export function encodeCells(cells: Cells): Uint8Array {
  const { from, cellCount, total, words } = cells
  const bytes = new Uint8Array(cellCount * (cellFixedBytes + countMaxBytes))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (let n = 0; n < cellCount; n++) {
    const word = n * wordsPerCell
    for (let k = 0; k < 5; k++, at += 4) view.setInt32(at, words[word + k]!, true)
    at = writeCount(bytes, at, words[word + 5]! - expectedCount(total, from + n))
  }
  return bytes.slice(0, at)
}

/** Encodes the counts alone, a byte or two each: enough for an estimate, but not for peeling. */
export function encodeCounts(cells: Cells): Uint8Array {
  const { from, cellCount, total, words } = cells
  const bytes = new Uint8Array(cellCount * countMaxBytes)
  let at = 0
  for (let n = 0; n < cellCount; n++)
    at = writeCount(bytes, at, words[n * wordsPerCell + 5]! - expectedCount(total, from + n))
  return bytes.slice(0, at)
}

/** The position of a peer's cells or counts, from the message that carries them, and how many we accept. */
export interface CellsHeader {
  readonly from: number
  readonly total: number
  readonly maxCells: number
}

/** Decodes a peer's cells. Throws PROTOCOL if `encodeCells` does not write such bytes, or no set has such cells. */
export function decodeCells(bytes: Uint8Array, header: CellsHeader): Cells {
  const { from, total } = header
  const room = roomFor(bytes, header, cellFixedBytes)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const words = new Int32Array(room * wordsPerCell)
  const reader = { bytes, at: 0 }
  let cellCount = 0
  for (; reader.at < bytes.length; cellCount++) {
    if (cellCount === room) throw malformed(`there are more than ${room}`)
    if (bytes.length - reader.at <= cellFixedBytes) throw malformed('the last cell is cut short')
    const word = cellCount * wordsPerCell
    for (let k = 0; k < 5; k++, reader.at += 4) words[word + k] = view.getInt32(reader.at, true)
    words[word + 5] = readCount(reader, from + cellCount, total)
    checkFew(words, word, from + cellCount)
  }
  return { from, cellCount, total, words: words.slice(0, cellCount * wordsPerCell) }
}

/** Decodes a peer's counts. Throws PROTOCOL if `encodeCounts` does not write such bytes. */
export function decodeCounts(bytes: Uint8Array, header: CellsHeader): Int32Array {
  const room = roomFor(bytes, header, 0)
  const counts = new Int32Array(room)
  const reader = { bytes, at: 0 }
  let length = 0
  for (; reader.at < bytes.length; length++) {
    if (length === room) throw malformed(`there are more than ${room}`)
    counts[length] = readCount(reader, header.from + length, header.total)
  }
  return counts.slice(0, length)
}

/** Returns how many cells the bytes may hold, before anything is allocated for them. */
function roomFor(bytes: Uint8Array, header: CellsHeader, fixedBytes: number): number {
  const { from, total, maxCells } = header
  if (!Number.isInteger(from) || from < 0 || from >= limits.sketchMaxCells)
    throw malformed(`they start at cell ${from}`)
  if (!Number.isInteger(total) || total < 0 || total > limits.sketchMaxEntries)
    throw malformed(`${total} ids cannot be counted`)
  if (bytes.length === 0) throw malformed('there are none')
  const room = Math.min(maxCells, limits.sketchMaxCells - from)
  if (bytes.length > room * (fixedBytes + countMaxBytes)) throw malformed(`there are more than ${room}`)
  return Math.min(room, Math.ceil(bytes.length / (fixedBytes + 1)))
}

function writeCount(bytes: Uint8Array, start: number, difference: number): number {
  let at = start
  let rest = difference < 0 ? -2 * difference - 1 : 2 * difference
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) + 128
  bytes[at++] = rest
  return at
}

function readCount(reader: { readonly bytes: Uint8Array; at: number }, index: number, total: number): number {
  let zigzag = 0
  let byte = 128
  for (let length = 0; byte > 127; length++) {
    if (length === countMaxBytes) throw malformed(`a count is longer than ${countMaxBytes} bytes`)
    const next = reader.bytes[reader.at++]
    if (next === undefined) throw malformed('the last count is cut short')
    if (next === 0 && length > 0) throw malformed('a count is not in the fewest bytes')
    byte = next
    zigzag += (byte & 127) * 128 ** length
  }
  const count = expectedCount(total, index) + (zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2)
  if (count < 0 || count > total || (index === 0 && count !== total))
    throw malformed(`cell ${index} counts ${count} of ${total} ids`)
  return count
}

/**
 * Checks that an empty cell is zero, and that a single id passes its check. It finds mistakes early, but not every lie.
 */
function checkFew(words: Int32Array, word: number, index: number): void {
  const count = words[word + 5]!
  if (count > 1) return
  const w0 = words[word]!
  const w1 = words[word + 1]!
  const w2 = words[word + 2]!
  const w3 = words[word + 3]!
  const check = words[word + 4]!
  if (count === 0 && (w0 | w1 | w2 | w3 | check) !== 0) throw malformed(`cell ${index} is empty and not zero`)
  if (count === 1 && checkOf(w0, w1, w2, w3) !== check)
    throw malformed(`cell ${index} holds one id that fails its check`)
}

function malformed(why: string): CausewayError {
  return new CausewayError('PROTOCOL', `The peer's sketch cells are malformed: ${why}.`)
}

// A snapshot: version, cellCount and checksum as 32-bit little-endian words, then the cells' words, in parts of
// `limits.sketchPartBytes`. The checksum finds a torn or rotten file, not an attacker that writes to our disk.
const headerWords = 3
const partWords = limits.sketchPartBytes / 4

/** Encodes a whole sketch for the store, in parts that `loadSketch` reads back. */
export function saveSketch({ cellCount, words }: Sketch): Uint8Array[] {
  const parts: Uint8Array[] = []
  const last = headerWords + words.length
  for (let first = 0; first < last; first += partWords) {
    const view = new DataView(new ArrayBuffer(4 * Math.min(partWords, last - first)))
    let at = 0
    if (first === 0) {
      view.setUint32(0, sketchVersion, true)
      view.setUint32(4, cellCount, true)
      view.setInt32(8, checksumOf(words), true)
      at = 4 * headerWords
    }
    for (; at < view.byteLength; at += 4) view.setInt32(at, words[first - headerWords + at / 4]!, true)
    parts.push(new Uint8Array(view.buffer))
  }
  return parts
}

/**
 * Decodes a snapshot. Throws STORE_FORMAT for another version and STORE_CORRUPT for damage; then rebuild the sketch.
 */
export function loadSketch(parts: readonly Uint8Array[]): Sketch {
  const views = parts.map((part) => new DataView(part.buffer, part.byteOffset, part.byteLength))
  const [head] = views
  if (head === undefined || head.byteLength < 4 * headerWords) throw corrupt('it is cut short')
  const version = head.getUint32(0, true)
  if (version !== sketchVersion)
    throw new CausewayError(
      'STORE_FORMAT',
      `A sketch snapshot has version ${sketchVersion}, got ${version}: rebuild the sketch.`,
    )
  const cellCount = head.getUint32(4, true)
  if (cellCount < 1 || cellCount > limits.sketchMaxCells) throw corrupt(`it has ${cellCount} cells`)
  const bytes = views.reduce((sum, view) => sum + view.byteLength, 0)
  if (bytes !== 4 * (headerWords + cellCount * wordsPerCell) || views.some(isRagged))
    throw corrupt('its length is wrong')
  const words = new Int32Array(cellCount * wordsPerCell)
  let word = 0
  for (const view of views)
    for (let at = view === head ? 4 * headerWords : 0; at < view.byteLength; at += 4)
      words[word++] = view.getInt32(at, true)
  if (checksumOf(words) !== head.getInt32(8, true)) throw corrupt('its checksum is wrong')
  return new Sketch(cellCount, words)
}

function isRagged(view: DataView): boolean {
  return view.byteLength % 4 !== 0
}

/** Returns a running hash over the words, by the rounds of the check. Each step is a bijection of the previous sum. */
function checksumOf(words: Int32Array): number {
  let sum = words.length
  for (let n = 0; n < words.length; n += 3) sum = checkOf(sum, words[n]!, words[n + 1]!, words[n + 2]!)
  return sum
}

function corrupt(why: string): CausewayError {
  return new CausewayError('STORE_CORRUPT', `The sketch snapshot is damaged, ${why}: rebuild the sketch.`)
}
