/**
 * Finds the ids that only one of two sets has, from the difference of their sketches (Yang, Gilad and Alizadeh, SIGCOMM
 * 2024). A cell with one id left yields that id, which is then removed from its other cells, and so on. The result
 * includes the ids found before peeling stalls: an attacker's ids can stop the end of a decode, not its beginning.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { applyAt, type Cells, checkOf, mapInto, wordsPerCell } from './sketch.ts'

export interface Peeled {
  /**
   * Whether every cell is zero in the end: then `ours` and `theirs` are the difference, as far as these cells can tell.
   * Compare the digests all the same, since ids that cancel out in the cells can be built at great cost.
   */
  readonly complete: boolean
  /** 16-byte id prefixes as 32 hex digits. Resolve them: a hostile sketch may contain an id that nobody has. */
  readonly ours: readonly string[]
  readonly theirs: readonly string[]
  /** Ids removed from cells: at most twice as many as there are cells. */
  readonly peels: number
}

/** Returns our cells less theirs, as many as both have. */
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

/** Joins cells that arrived in two parts, from one state of a sketch. Throws PROTOCOL if they do not follow. */
export function joinCells(first: Cells, second: Cells): Cells {
  if (first.from + first.cellCount !== second.from || first.total !== second.total)
    throw new CausewayError(
      'PROTOCOL',
      'Further sketch cells follow those before in the same state, got others.',
    )
  const words = new Int32Array(first.words.length + second.words.length)
  words.set(first.words)
  words.set(second.words, first.words.length)
  return { from: first.from, cellCount: first.cellCount + second.cellCount, total: first.total, words }
}

/**
 * Peels a difference that starts at cell 0. The work is bounded whatever the cells contain; the argument is not
 * changed.
 */
export function peel(difference: Cells): Peeled {
  const { from, cellCount } = difference
  if (from !== 0)
    throw new CausewayError('INVALID_ARGUMENT', `Only cells from 0 can be peeled, got those from ${from}.`)
  const words = difference.words.slice()
  const mapping = new Int32Array(cellCount)
  const net = new Map<string, number>()
  // A stack of cells that may hold one id. Each is on it at most once, so it never outgrows the cells.
  const stack = new Int32Array(cellCount)
  const onStack = new Uint8Array(cellCount)
  let depth = 0
  for (let cell = cellCount - 1; cell >= 0; cell--) {
    const count = words[cell * wordsPerCell + 5]!
    if (count !== 1 && count !== -1) continue
    stack[depth++] = cell
    onStack[cell] = 1
  }

  // Honest cells yield each id of the difference once and never fail the mapping. Only lying cells use up this budget.
  let budget = cellCount * limits.sketchPeelsPerCell
  let peels = 0
  // Ends: each turn takes a cell off the stack, and the budget bounds how many are put on it.
  while (depth > 0 && budget > 0) {
    const cell = stack[--depth]!
    onStack[cell] = 0
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
    // An id that does not belong in this cell is the xor of others, which passes the check by chance or by design.
    if (!includes(mapping, length, cell)) continue
    applyAt(words, mapping, length, w0, w1, w2, w3, check, -sign)
    peels++
    const prefix = hexOfWord(w0) + hexOfWord(w1) + hexOfWord(w2) + hexOfWord(w3)
    net.set(prefix, (net.get(prefix) ?? 0) + sign)
    for (let n = 0; n < length; n++) {
      const touched = mapping[n]!
      const count = words[touched * wordsPerCell + 5]!
      if ((count !== 1 && count !== -1) || onStack[touched] === 1) continue
      onStack[touched] = 1
      stack[depth++] = touched
    }
  }
  return { ...sides(net, words.every(isZero)), peels }
}

/**
 * Sorts ids by side. One that was peeled and put back nets 0 and is dropped; one that was peeled twice is in no set.
 */
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

/** Returns the four bytes of a little-endian word as hex. */
function hexOfWord(word: number): string {
  return (
    hexOfByte[word & 255]! +
    hexOfByte[(word >>> 8) & 255]! +
    hexOfByte[(word >>> 16) & 255]! +
    hexOfByte[word >>> 24]!
  )
}
