/**
 * Reads a page in its compact form (`write-page.ts`), and rebuilds the exact bytes of every entry. Whatever the sender
 * makes up, it can only rebuild other bytes, whose signatures do not hold. What is no page is an error; the page says
 * how large it will be, within the bounds of any page, and nothing is written beyond that.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { hashEntry, idOf, type SignedEntry } from '../../dag/entry.ts'
import { type EntryId, idToBytes, type TreeId } from '../../dag/id.ts'
import { bodyPrefix, hashBytes, signatureBytes, tags } from './body-parts.ts'

/**
 * Returns the entries of a page for this tree. Throws PROTOCOL if the bytes are no compact page, and LIMIT_EXCEEDED if
 * it has more than `limits.pageEntries` entries, or more bytes than a page or an entry may have.
 */
export function readCompactPage(tree: TreeId, bytes: Uint8Array): SignedEntry[] {
  return new PageReader(tree, bytes).read()
}

/** So many bytes are copied one by one, which costs less than a call or a view. */
const shortBytes = 64

/** An id, or where the page that is rebuilt has a hash. */
type Hash = EntryId | number

class PageReader {
  private readonly bytes: Uint8Array
  private at = 0
  private out: Buffer = Buffer.alloc(0)
  private outAt = 0
  private readonly prefix: Uint8Array
  private readonly hashes: Hash[]
  private readonly authors: Hash[] = []
  private readonly names: Uint8Array[] = []
  private height = 0
  private createdAtMs = 0

  constructor(tree: TreeId, bytes: Uint8Array) {
    // A Buffer, since its views and its conversion to hex cost less.
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.prefix = bodyPrefix(idToBytes(tree))
    this.hashes = [tree]
  }

  read(): SignedEntry[] {
    const count = this.varint()
    const total = this.varint()
    checkBounds(count, total)
    const most = limits.compactGrowth * this.bytes.length
    if (total > most) malformed(`of ${this.bytes.length} bytes rebuilds to at most ${most}, got ${total}`)
    this.out = Buffer.allocUnsafe(total)
    const entries: SignedEntry[] = []
    for (let index = 0; index < count; index++) {
      const entry = this.entry()
      entries.push(entry)
      this.hashes.push(idOf(entry))
    }
    if (this.outAt !== total) malformed(`states ${total} bytes of entries, got ${this.outAt}`)
    if (this.at !== this.bytes.length)
      malformed(`ends with its last entry, got ${this.bytes.length - this.at} bytes after it`)
    return entries
  }

  private entry(): SignedEntry {
    const start = this.outAt
    const parents = this.varint()
    if (parents === 0) return this.plain(start)
    checkCount('parents', parents, limits.entryParents)
    this.copyIn(signatureBytes)
    this.copy(this.prefix)
    for (let index = 0; index < parents; index++) this.hash(tags.parent, this.hashes)
    this.height = this.difference(this.height, 'height')
    this.number(tags.height, this.height)
    this.hash(tags.author, this.authors)
    this.createdAtMs = this.difference(this.createdAtMs, 'time')
    this.number(tags.time, this.createdAtMs)
    const shape = this.varint()
    if (shape % 2 === 1) {
      const policy = this.varint()
      checkCount('policy entries', policy, limits.entryPolicies)
      for (let index = 0; index < policy; index++) this.hash(tags.policy, this.hashes)
    }
    const changes = Math.floor(shape / 4)
    checkCount('changes', changes, limits.entryChanges)
    for (let index = 0; index < changes; index++) this.change()
    if (shape % 4 > 1) {
      const length = this.varint()
      this.head(tags.nonce, length)
      this.copyIn(length)
    }
    return hashEntry(this.out.subarray(start, this.outAt), signatureBytes)
  }

  private plain(start: number): SignedEntry {
    const signature = this.varint()
    this.copyIn(signature)
    this.copyIn(this.varint())
    return hashEntry(this.out.subarray(start, this.outAt), signature)
  }

  private change(): void {
    const names = this.namesOfChange()
    const payload = this.varint()
    const field = payload === 0 ? 0 : 1 + varintBytes(payload) + payload
    this.head(tags.change, names.length + field)
    this.copy(names)
    if (payload === 0) return
    this.head(tags.payload, payload)
    this.copyIn(payload)
  }

  /** Returns the names that a number stands for, or the new ones that follow. */
  private namesOfChange(): Uint8Array {
    const { names } = this
    const back = this.varint()
    if (back > 0) return names[names.length - back] ?? noNumber('names', back, names.length)
    const length = this.varint()
    if (length > limits.compactNamesBytes)
      malformed(`has names of at most ${limits.compactNamesBytes} bytes, got ${length}`)
    const at = this.skip(length)
    const added = this.bytes.subarray(at, at + length)
    names.push(added)
    return added
  }

  /** Writes a field with a hash: one that has a number, or the new one that follows. */
  private hash(tag: number, list: Hash[]): void {
    const back = this.varint()
    this.room(2 + hashBytes)
    const at = this.outAt
    this.outAt += 2 + hashBytes
    this.out[at] = tag
    this.out[at + 1] = hashBytes
    if (back === 0) {
      const from = this.skip(hashBytes)
      for (let index = 0; index < hashBytes; index++) this.out[at + 2 + index] = this.bytes[from + index]!
      list.push(at + 2)
      return
    }
    const known = list[list.length - back] ?? noNumber('a hash', back, list.length)
    if (typeof known === 'string') this.out.write(known, at + 2, 'hex')
    else this.out.copyWithin(at + 2, known, known + hashBytes)
  }

  /** Reads a difference of either sign, and returns the sum with what was before. */
  private difference(before: number, what: string): number {
    const doubled = this.varint()
    const value = before + (doubled % 2 === 0 ? doubled / 2 : -(doubled + 1) / 2)
    if (value < 0 || value > Number.MAX_SAFE_INTEGER)
      malformed(`has each ${what} from 0 to 2^53 - 1, got ${value}`)
    return value
  }

  private varint(): number {
    let value = 0
    // Ends: the scale grows up to its bound.
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.bytes[this.at++]
      if (byte === undefined) malformed('ends with its last entry, got an end inside a number')
      value += (byte & 127) * scale
      if (byte >= 128) continue
      if (value <= Number.MAX_SAFE_INTEGER) return value
      break
    }
    return malformed('has numbers up to 2^53 - 1, got a greater one')
  }

  /** Passes so many bytes, and returns where they begin. */
  private skip(length: number): number {
    const { at } = this
    if (length > this.bytes.length - at)
      malformed(`ends with its last entry, got ${this.bytes.length - at} bytes where ${length} should be`)
    this.at += length
    return at
  }

  private room(length: number): void {
    if (length > this.out.length - this.outAt)
      malformed(`states ${this.out.length} bytes of entries, got more`)
  }

  /** Writes the next bytes of the page as they are. */
  private copyIn(length: number): void {
    const at = this.skip(length)
    if (length > shortBytes) {
      this.copy(this.bytes.subarray(at, at + length))
      return
    }
    this.room(length)
    for (let index = 0; index < length; index++) this.out[this.outAt + index] = this.bytes[at + index]!
    this.outAt += length
  }

  private copy(bytes: Uint8Array): void {
    this.room(bytes.length)
    if (bytes.length > shortBytes) this.out.set(bytes, this.outAt)
    else for (let index = 0; index < bytes.length; index++) this.out[this.outAt + index] = bytes[index]!
    this.outAt += bytes.length
  }

  /** Writes the tag and the length of a field. */
  private head(tag: number, length: number): void {
    this.room(1 + varintBytes(length))
    this.out[this.outAt++] = tag
    this.writeVarint(length)
  }

  /** Writes the field of a number; 0 is left out. */
  private number(tag: number, value: number): void {
    if (value === 0) return
    this.room(1 + varintBytes(value))
    this.out[this.outAt++] = tag
    this.writeVarint(value)
  }

  private writeVarint(value: number): void {
    let rest = value
    // Ends: the rest shrinks to a hundredth in each turn.
    while (rest >= 128) {
      this.out[this.outAt++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.out[this.outAt++] = rest
  }
}

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

function checkBounds(count: number, total: number): void {
  if (count > limits.pageEntries)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A page has at most ${limits.pageEntries} entries, got ${count}.`,
    )
  const most = count > 1 ? limits.pageBytes : limits.entryBodyBytes + signatureBytes
  if (total > most)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A page with ${count} entries has at most ${most} bytes, got ${total}.`,
    )
}

function checkCount(what: string, count: number, most: number): void {
  if (count > most) malformed(`has at most ${most} ${what} in an entry, got ${count}`)
}

function noNumber(what: string, back: number, known: number): never {
  return malformed(`names ${what} of those before, at most ${known} back, got ${back}`)
}

function malformed(expected: string): never {
  throw new CausewayError('PROTOCOL', `A compact page ${expected}.`)
}
