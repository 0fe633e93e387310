/**
 * Writes a page of entries without what its receiver can tell by itself: the tree, hashes and names that came before in
 * the page, by their numbers, and heights and times as differences. docs/protocol.md (Compact pages) has the layout.
 */
import { entryBytes, idOf, type SignedEntry } from '../../dag/entry.ts'
import { type EntryId, idToBytes, type TreeId } from '../../dag/id.ts'
import { BodyParts, bodyPrefix, hashBytes, signatureBytes } from './body-parts.ts'
import { HashList } from './hash-list.ts'

/** A difference of numbers is doubled for its sign, and must stay exact. */
const differences = 2 ** 52
/** Names that are looked for among the latest ones: nearly all trees have fewer kinds of changes. */
const latestNames = 16
/**
 * More bytes than a page's head takes, or an entry beside its body, its signature and one for each change: the number of
 * parents, two differences, and lengths. Every hash, field and payload takes no more than in the body.
 */
const mostBeside = 64

/**
 * Returns the page in its compact form. `ids` are those of the entries, if the caller has them: else each is hashed. An
 * entry whose parts do not give its body again goes as it is, so any page can be written.
 */
export function writeCompactPage(
  tree: TreeId,
  entries: readonly SignedEntry[],
  ids?: readonly EntryId[],
): Uint8Array {
  return new PageWriter(tree, entries, ids).write()
}

class PageWriter {
  private readonly entries: readonly SignedEntry[]
  private readonly ids: readonly EntryId[] | undefined
  private readonly parts: BodyParts
  private readonly hashes: HashList
  private readonly authors: HashList
  private readonly names: Uint8Array[] = []
  private height = 0
  private createdAtMs = 0
  private readonly total: number
  private out: Uint8Array
  private at = 0

  constructor(tree: TreeId, entries: readonly SignedEntry[], ids: readonly EntryId[] | undefined) {
    this.entries = entries
    this.ids = ids
    this.parts = new BodyParts(bodyPrefix(idToBytes(tree)))
    let total = 0
    for (const signed of entries) total += entryBytes(signed)
    this.total = total
    // The id of each entry, and what a quarter of all bytes may be of hashes that are new.
    this.hashes = new HashList(entries.length + Math.ceil(total / 136))
    this.hashes.addHex(tree)
    this.authors = new HashList(entries.length)
    this.out = Buffer.allocUnsafe(total + mostBeside)
  }

  write(): Uint8Array {
    this.varint(this.entries.length)
    this.varint(this.total)
    for (let index = 0; index < this.entries.length; index++) {
      const signed = this.entries[index]!
      const isRebuilt = this.isRebuilt(signed)
      this.reserve(entryBytes(signed) + mostBeside + this.parts.changes.length)
      if (isRebuilt) this.rebuilt(signed)
      else this.plain(signed)
      this.hashes.addHex(this.ids?.[index] ?? idOf(signed))
    }
    return this.out.subarray(0, this.at)
  }

  /** Reads the parts of an entry. Returns whether the receiver can put them together to the same bytes. */
  private isRebuilt({ body, signature }: SignedEntry): boolean {
    if (signature.length !== signatureBytes || !this.parts.read(body)) return false
    const { height, createdAtMs } = this.parts
    return (
      Math.abs(height - this.height) < differences && Math.abs(createdAtMs - this.createdAtMs) < differences
    )
  }

  /** Makes room for so many bytes: a page of nothing but new names takes a few more than its plain form. */
  private reserve(bytes: number): void {
    if (this.at + bytes <= this.out.length) return
    const grown = Buffer.allocUnsafe(2 * (this.at + bytes))
    grown.set(this.out.subarray(0, this.at))
    this.out = grown
  }

  private plain({ body, signature }: SignedEntry): void {
    this.varint(0)
    this.varint(signature.length)
    this.copy(signature, 0, signature.length)
    this.varint(body.length)
    this.copy(body, 0, body.length)
  }

  private rebuilt({ body, signature }: SignedEntry): void {
    const { parents, height, authorAt, createdAtMs, policy, changes, nonceAt, nonceEnd } = this.parts
    this.varint(parents.length)
    this.copy(signature, 0, signatureBytes)
    for (const at of parents) this.hash(this.hashes, body, at)
    this.difference(height - this.height)
    this.hash(this.authors, body, authorAt)
    this.difference(createdAtMs - this.createdAtMs)
    this.height = height
    this.createdAtMs = createdAtMs
    const hasNonce = nonceEnd > nonceAt
    this.varint(changes.length + (hasNonce ? 2 : 0) + (policy.length > 0 ? 1 : 0))
    if (policy.length > 0) this.varint(policy.length)
    for (const at of policy) this.hash(this.hashes, body, at)
    for (let index = 0; index < changes.length; index += 4) {
      this.namesOf(body, changes[index]!, changes[index + 1]!)
      const [payloadAt, payloadEnd] = [changes[index + 2]!, changes[index + 3]!]
      this.varint(payloadEnd - payloadAt)
      this.copy(body, payloadAt, payloadEnd)
    }
    if (!hasNonce) return
    this.varint(nonceEnd - nonceAt)
    this.copy(body, nonceAt, nonceEnd)
  }

  /** Writes the number of a hash, or 0 and the hash, which then has a number. */
  private hash(list: HashList, bytes: Uint8Array, at: number): void {
    const back = list.back(bytes, at)
    this.varint(back)
    if (back > 0) return
    this.copy(bytes, at, at + hashBytes)
    list.add(bytes, at)
  }

  /** Writes the names of a change in the same way: its bytes before the payload. */
  private namesOf(bytes: Uint8Array, start: number, end: number): void {
    const { names } = this
    const least = Math.max(0, names.length - latestNames)
    for (let index = names.length - 1; index >= least; index--)
      if (sameBytes(names[index]!, bytes, start, end)) {
        this.varint(names.length - index)
        return
      }
    this.varint(0)
    this.varint(end - start)
    this.copy(bytes, start, end)
    names.push(bytes.subarray(start, end))
  }

  /** Writes a number of either sign: small ones of both take a byte. */
  private difference(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  private varint(value: number): void {
    let rest = value
    // Ends: the rest shrinks to a hundredth in each turn.
    while (rest >= 128) {
      this.out[this.at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.out[this.at++] = rest
  }

  private copy(bytes: Uint8Array, start: number, end: number): void {
    const whole = start === 0 && end === bytes.length
    this.out.set(whole ? bytes : bytes.subarray(start, end), this.at)
    this.at += end - start
  }
}

function sameBytes(bytes: Uint8Array, others: Uint8Array, start: number, end: number): boolean {
  if (bytes.length !== end - start) return false
  for (let index = 0; index < bytes.length; index++) if (bytes[index] !== others[start + index]) return false
  return true
}
