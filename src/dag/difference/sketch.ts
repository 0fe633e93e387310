/**
 * A set sketch that can be cut to any length: a rateless invertible Bloom lookup table, after Yang, Gilad and
 * Alizadeh, "Practical Rateless Set Reconciliation" (SIGCOMM 2024). Two peers subtract their cells and peel the
 * result to learn the ids that only one of them has, at a cost that follows the difference and not the set.
 *
 * For implementations in another language (checked by conformance/vectors/sketch.json): only the first 16 bytes of an id
 * count. Read them as four unsigned 32-bit little-endian words w0 w1 w2 w3. All arithmetic on words is modulo 2^32.
 *
 * - Check: MurmurHash3_x86_32 over those 16 bytes, with the seed 0x43575359.
 * - Cells: every id is in cell 0. With i = 0 and the state (s0, s1) = (w0, w1), repeat: let r = s0 · 0x9e3779bb;
 *   then s1 ^= s0, s0 = rotl(s0, 26) ^ s1 ^ (s1 << 9), s1 = rotl(s1, 13) (xoroshiro64*); with r as an unsigned
 *   number, i += max(1, ceil((i + 1.5) · (65536 / sqrt(r + 1) − 1))); the id is in cell i. A zero state is no
 *   special case: it jumps past every cell that we keep. The square root, division, subtraction and
 *   product are IEEE 754 binary64, each rounded to nearest, so they agree bit for bit everywhere (no product
 *   feeds a sum, so there is nothing that a compiler could fuse).
 * - A cell is the xor of its ids' 16 bytes, the xor of their checks, and their number.
 *
 * An id is in cell i ≥ 1 with probability 1 − ((i + 0.5) / (i + 1.5))², for each cell independently.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'

/** 32-bit words of a cell in memory: four of xor, the check, the count. */
export const wordsPerCell = 6

/** The cells [from, from + cellCount) of a sketch, or of the difference of two. */
export interface Cells {
  readonly from: number
  readonly cellCount: number
  /** How many ids are in the whole sketch; for a difference, ours less theirs. */
  readonly total: number
  readonly words: Int32Array
}

const checkSeed = 0x43575359

/**
 * Returns the check of an id from its first 16 bytes as little-endian words. It is nonlinear, so a xor of ids fails it.
 */
export function checkOf(w0: number, w1: number, w2: number, w3: number): number {
  let h = murmurRound(murmurRound(murmurRound(murmurRound(checkSeed, w0), w1), w2), w3)
  h ^= 16
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function murmurRound(h: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  h ^= k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

/** Writes the cells below `limit` that hold the id (w0, w1, …) to `out`, ascending. Returns their number. */
export function mapInto(out: Int32Array, w0: number, w1: number, limit: number): number {
  let s0 = w0
  let s1 = w1
  let index = 0
  let length = 0
  // Ends: the index grows by at least one in each turn, up to the limit.
  for (;;) {
    out[length++] = index
    const random = Math.imul(s0, 0x9e3779bb) >>> 0
    s1 ^= s0
    s0 = ((s0 << 26) | (s0 >>> 6)) ^ s1 ^ (s1 << 9)
    s1 = (s1 << 13) | (s1 >>> 19)
    const jump = Math.ceil((index + 1.5) * (65536 / Math.sqrt(random + 1) - 1))
    const next = index + Math.max(1, jump)
    if (next >= limit) return length
    index = next | 0
  }
}

/** Adds (sign 1) or removes (sign −1) an id in the cells of `words` that the first `length` items of `at` name. */
export function applyAt(
  words: Int32Array,
  at: Int32Array,
  length: number,
  w0: number,
  w1: number,
  w2: number,
  w3: number,
  check: number,
  sign: number,
): void {
  for (let n = 0; n < length; n++) {
    const cell = at[n]! * wordsPerCell
    words[cell]! ^= w0
    words[cell + 1]! ^= w1
    words[cell + 2]! ^= w2
    words[cell + 3]! ^= w3
    words[cell + 4]! ^= check
    words[cell + 5]! += sign
  }
}

// One for all sketches, since nothing here awaits: a mapping is read before the next is written.
const mapping = new Int32Array(limits.sketchMaxCells)

/** The live sketch of one tree. It trusts its caller to add an id only once, and to remove only ids that are in it. */
export class Sketch implements Cells {
  readonly from = 0
  readonly cellCount: number
  words: Int32Array
  /** Whether a frozen sketch shares the words. */
  private shared = false

  constructor(cellCount: number, words: Int32Array = new Int32Array(cellCount * wordsPerCell)) {
    this.cellCount = cellCount
    this.words = words
  }

  /** The size of the set: the count of cell 0, since every id is in it. */
  get total(): number {
    return this.words[5]!
  }

  /** Adds an entry id of at least 16 bytes. */
  add(id: Uint8Array): void {
    this.apply(id, 1)
  }

  addAll(ids: Iterable<Uint8Array>): void {
    for (const id of ids) this.apply(id, 1)
  }

  /** Undoes `add` exactly. */
  remove(id: Uint8Array): void {
    if (this.total <= 0)
      throw new CausewayError('INVALID_ARGUMENT', 'The sketch is empty: there is no id to remove.')
    this.apply(id, -1)
  }

  /** Returns the sketch as it is now, unaffected by later ids. The words are copied once, at the next change. */
  frozen(): Sketch {
    this.shared = true
    const frozen = new Sketch(this.cellCount, this.words)
    frozen.shared = true
    return frozen
  }

  /**
   * Returns the cells [from, to) as a view: encode or subtract them before the next `add`. A prefix is itself a sketch.
   */
  cells(from: number, to: number): Cells {
    if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || from >= to || to > this.cellCount)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `A range of cells is within the ${this.cellCount} of its sketch, got [${from}, ${to}).`,
      )
    const words = this.words.subarray(from * wordsPerCell, to * wordsPerCell)
    return { from, cellCount: to - from, total: this.total, words }
  }

  private apply(id: Uint8Array, sign: number): void {
    if (id.length < 16)
      throw new CausewayError('INVALID_ARGUMENT', `An entry id is 32 bytes, got ${id.length}.`)
    const w0 = id[0]! | (id[1]! << 8) | (id[2]! << 16) | (id[3]! << 24)
    const w1 = id[4]! | (id[5]! << 8) | (id[6]! << 16) | (id[7]! << 24)
    const w2 = id[8]! | (id[9]! << 8) | (id[10]! << 16) | (id[11]! << 24)
    const w3 = id[12]! | (id[13]! << 8) | (id[14]! << 16) | (id[15]! << 24)
    const length = mapInto(mapping, w0, w1, this.cellCount)
    if (this.shared) {
      this.words = this.words.slice()
      this.shared = false
    }
    applyAt(this.words, mapping, length, w0, w1, w2, w3, checkOf(w0, w1, w2, w3), sign)
  }
}

/** Returns an empty sketch. `sketchCellsFor` returns how many cells suit a tree. */
export function createSketch(cellCount: number): Sketch {
  if (!Number.isInteger(cellCount) || cellCount < 1 || cellCount > limits.sketchMaxCells)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A sketch has 1 to ${limits.sketchMaxCells} cells, got ${cellCount}.`,
    )
  return new Sketch(cellCount)
}

/**
 * Returns how many cells suit a tree of `entries`: the power of two at or above a quarter of them, within bounds. When
 * this exceeds the cells of the tree's sketch, rebuild that from the store.
 */
export function sketchCellsFor(entries: number): number {
  let cells: number = limits.sketchMinCells
  while (cells < limits.sketchMaxCells && cells * limits.sketchEntriesPerCell < entries) cells *= 2
  return cells
}
