/**
 * What only one of two sets holds, from the difference of their sketches (Yang, Gilad and Alizadeh, SIGCOMM
 * 2024). A cell with one id left gives that id, which is then taken out of its other cells, and so on. Whatever
 * comes out before it stalls is given too: an attacker's ids can stop the end of a decode, not its beginning.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { applyAt, type Cells, checkOf, mapInto, wordsPerCell } from './sketch.ts'

export interface Peeled {
  /**
   * Every cell came out zero: `ours` and `theirs` are the difference as far as these cells can tell. Compare the
   * digests all the same; ids that cancel out in the cells can be built, at great cost.
   */
  readonly complete: boolean
  /** 16-byte id prefixes as 32 hex digits. Resolve them: in a hostile sketch, an id may be one that nobody has. */
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
  /** Ids taken out, at most twice the cells. */
  readonly peels: number
}

/** Our cells less theirs, over as many as both have. */
export function subtract(ours: Cells, theirs: Cells): Cells {
  if (ours.from !== theirs.from)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `Cells from ${ours.from} cannot be compared with cells from ${theirs.from}.`,
    )
  const cellCount = Math.min(ours.cellCount, theirs.cellCount)
  const words = ours.words.slice(0, cellCount * wordsPerCell)
  for (let word = 0; word < words.length; word += wordsPerCell) {
    for (let k = 0; k < 5; k++) words[word + k]! ^= theirs.words[word + k]!
    words[word + 5]! -= theirs.words[word + 5]!
  }
  return { from: ours.from, cellCount, total: ours.total - theirs.total, words }
}

/** Cells that came in two parts, of one state of the sketch, as one. */
export function joinCells(first: Cells, second: Cells): Cells {
  if (first.from + first.cellCount !== second.from || first.total !== second.total)
    throw new CausewayError('PROTOCOL', 'These sketch cells do not follow on from those before.')
  const words = new Int32Array(first.words.length + second.words.length)
  words.set(first.words)
  words.set(second.words, first.words.length)
  return { from: first.from, cellCount: first.cellCount + second.cellCount, total: first.total, words }
}

/** Peels a difference that starts at cell 0. The work is bounded whatever the cells say, and the argument kept. */
export function peel(difference: Cells): Peeled {
  const { from, cellCount } = difference
  if (from !== 0) throw new CausewayError('INVALID_ARGUMENT', 'Only cells from 0 on can be peeled.')
  const words = difference.words.slice()
  const mapping = new Int32Array(cellCount)
  const net = new Map<string, number>()
  // A stack of cells that may hold one id, each at most once, so that it never outgrows the cells.
  const stack = new Int32Array(cellCount)
  const stacked = new Uint8Array(cellCount)
  let depth = 0
  for (let cell = cellCount - 1; cell >= 0; cell--) {
    const count = words[cell * wordsPerCell + 5]!
    if (count !== 1 && count !== -1) continue
    stack[depth++] = cell
    stacked[cell] = 1
  }

  // Honest cells peel each id of the difference once and never fail the mapping; lying cells use this up.
  let budget = cellCount * limits.sketchPeelsPerCell
  let peels = 0
  while (depth > 0 && budget > 0) {
    const cell = stack[--depth]!
    stacked[cell] = 0
    const word = cell * wordsPerCell
    const sign = words[word + 5]!
    if (sign !== 1 && sign !== -1) continue
    const w0 = words[word]!
    const w1 = words[word + 1]!
    const w2 = words[word + 2]!
    const w3 = words[word + 3]!
    const check = words[word + 4]!
    if (checkOf(w0, w1, w2, w3) !== check) continue
    budget--
    const length = mapInto(mapping, w0, w1, cellCount)
    // An id that does not belong in this cell is a xor of others that passes the check by chance or by design.
    if (!includes(mapping, length, cell)) continue
    applyAt(words, mapping, length, w0, w1, w2, w3, check, -sign)
    peels++
    const prefix = hexOfWord(w0) + hexOfWord(w1) + hexOfWord(w2) + hexOfWord(w3)
    net.set(prefix, (net.get(prefix) ?? 0) + sign)
    for (let n = 0; n < length; n++) {
      const touched = mapping[n]!
      const count = words[touched * wordsPerCell + 5]!
      if ((count !== 1 && count !== -1) || stacked[touched] === 1) continue
      stacked[touched] = 1
      stack[depth++] = touched
    }
  }
  return { ...sides(net, words.every(isZero)), peels }
}

/** A false id that was peeled and put back nets 0 and is dropped; one that was peeled twice is in no set. */
function sides(net: Map<string, number>, zero: boolean): Omit<Peeled, 'peels'> {
  const ours: string[] = []
  const theirs: string[] = []
  let complete = zero
  for (const [prefix, sign] of net) {
    if (sign === 1) ours.push(prefix)
    else if (sign === -1) theirs.push(prefix)
    else if (sign !== 0) complete = false
  }
  return { complete, ours, theirs }
}

function isZero(word: number): boolean {
  return word === 0
}

function includes(mapping: Int32Array, length: number, cell: number): boolean {
  for (let n = 0; n < length; n++) if (mapping[n] === cell) return true
  return false
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The four bytes of a little-endian word, as hex. */
function hexOfWord(word: number): string {
  return (
    hexOfByte[word & 255]! +
    hexOfByte[(word >>> 8) & 255]! +
    hexOfByte[(word >>> 16) & 255]! +
    hexOfByte[word >>> 24]!
  )
}
