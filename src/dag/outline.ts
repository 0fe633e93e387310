/**
 * Reads bodies on a thread, where bytes are all that is at hand, and creates no strings. It checks a body as strictly as
 * `readEntry`, by the same reader of fields, and says where its parts lie. It knows only usual entries: anything else, a
 * root, a change of the policy, a name beyond ASCII, and everything that is not valid, it leaves to `readEntry`, which
 * alone says what is wrong. This file and what it imports are loaded by each thread.
 */
import { limits } from '../base/limits.ts'
import { bodyRepeats, entryVersion, reservedKindPrefix } from './body.ts'
import { Fields } from './canonical.ts'
import { pointFlaw } from './point.ts'

const nothingRepeats = () => false
const reservedPrefix = Array.from(reservedKindPrefix, (letter) => letter.charCodeAt(0))
/** Bytes from one parent, or policy entry, to the next: 32, a tag and a length. */
export const idStride = 34

/** Where the parts of the body lie that was read last, by their positions in its bytes. */
export class Outline {
  height = 0
  author = 0
  /** The first parent; each further one lies `idStride` bytes after the one before. */
  parents = 0
  parentCount = 0
  /** The first of the policy entries that the body names, as with parents. */
  policy = 0
  policyCount = 0
  /** Whether any change is of a reserved kind. */
  reserved = false

  /**
   * Reads the body in [start, end). Returns whether it is that of a usual entry of this tree, which `readEntry` then
   * accepts if its signature has the right length.
   */
  read(bytes: Uint8Array, start: number, end: number, tree: Uint8Array): boolean {
    if (end - start > limits.entryBodyBytes) return false
    try {
      return this.readFields(bytes, new Fields(bytes, start, end), tree)
    } catch {
      // `readEntry` throws the same error, to the one who can say whose entry it is.
      return false
    }
  }

  private readFields(bytes: Uint8Array, fields: Fields, tree: Uint8Array): boolean {
    let [version, treeAt, changes] = [0, 0, 0]
    this.height = 0
    this.author = 0
    this.parentCount = 0
    this.policyCount = 0
    this.reserved = false
    // Ends: `next` moves on in the bytes, and returns false at their end.
    while (fields.next(bodyRepeats)) {
      switch (fields.field) {
        case 1:
          version = fields.number()
          break
        case 2:
          treeAt = fields.hashAt('ENTRY_TREE')
          break
        case 3:
          if (!this.readParent(bytes, fields.hashAt('ENTRY_PARENTS'))) return false
          break
        case 4:
          this.height = fields.number()
          break
        case 5:
          this.author = fields.hashAt('ENTRY_AUTHOR')
          break
        case 6:
          fields.number()
          break
        case 7:
          if (!this.readPolicy(bytes, fields.hashAt('ENTRY_POLICY'))) return false
          break
        case 8:
          if (++changes > limits.entryChanges || !this.readChange(bytes, fields)) return false
          break
        case 9:
          if (fields.length(false) > limits.entryNonceBytes) return false
          break
        default:
          return false
      }
    }
    if (version !== entryVersion || treeAt === 0 || !sameAt(bytes, treeAt, tree)) return false
    if (this.parentCount === 0 || this.height === 0 || this.author === 0) return false
    return pointFlaw(bytes.subarray(this.author, this.author + 32)) === undefined
  }

  private readParent(bytes: Uint8Array, at: number): boolean {
    if (this.parentCount === limits.entryParents) return false
    if (this.parentCount === 0) this.parents = at
    else if (!ascends(bytes, at - idStride, at)) return false
    this.parentCount++
    return true
  }

  private readPolicy(bytes: Uint8Array, at: number): boolean {
    if (this.policyCount === limits.entryPolicies) return false
    if (this.policyCount === 0) this.policy = at
    else if (!ascends(bytes, at - idStride, at)) return false
    this.policyCount++
    return true
  }

  /** Reads a change. Returns whether its store is not reserved and its names are plain. */
  private readChange(bytes: Uint8Array, fields: Fields): boolean {
    const length = fields.length(true)
    const change = new Fields(bytes, fields.at - length, fields.at)
    let named = false
    // Ends: `next` moves on in the bytes, and returns false at their end.
    while (change.next(nothingRepeats)) {
      const { field } = change
      if (field > 3) return false
      const size = change.length(false)
      if (field === 3) continue
      const start = change.at - size
      if (!isPlainName(bytes, start, change.at)) return false
      if (field === 2) this.reserved ||= beginsReserved(bytes, start, change.at)
      else if (bytes[start] === underscore) return false
      else named = true
    }
    return named
  }
}

/** Returns whether the name of a kind begins with the prefix of those that are reserved. */
function beginsReserved(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < reservedPrefix.length) return false
  for (let at = 0; at < reservedPrefix.length; at++)
    if (bytes[start + at] !== reservedPrefix[at]) return false
  return true
}

/**
 * Returns the height that a body states, without checking the body: 0 if it does not begin as that of a usual entry. It
 * is a hint from whoever sent the body, fit to choose between two ways that come to the same.
 */
export function statedHeight(body: Uint8Array): number {
  // Version 1, and the tree.
  if (body[0] !== 8 || body[1] !== entryVersion || body[2] !== 18 || body[3] !== 32) return 0
  let at = 4 + 32
  // Ends: the position grows, and past the bytes there is no tag.
  while (body[at] === 26) at += idStride
  if (body[at] !== 32) return 0
  let height = 0
  // Ends: the scale grows up to a bound.
  for (let scale = 1; scale < 2 ** 53; scale *= 128) {
    const byte = body[++at] ?? 0
    height += (byte & 127) * scale
    if (byte < 128) break
  }
  return height
}

const underscore = 0x5f

/** Returns whether a name is of printable ASCII and not too long, as nearly all are. */
function isPlainName(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start > limits.storeNameBytes) return false
  for (let at = start; at < end; at++) if (bytes[at]! < 0x20 || bytes[at]! > 0x7e) return false
  return true
}

function sameAt(bytes: Uint8Array, at: number, other: Uint8Array): boolean {
  for (let index = 0; index < 32; index++) if (bytes[at + index] !== other[index]) return false
  return true
}

/** Returns whether the id at one position is less than that at another. */
function ascends(bytes: Uint8Array, before: number, after: number): boolean {
  for (let index = 0; index < 32; index++) {
    const [a, b] = [bytes[before + index]!, bytes[after + index]!]
    if (a !== b) return a < b
  }
  return false
}
