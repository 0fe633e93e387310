/**
 * Where the parts of an encoded body lie, for the writer of a compact page. It reads only what the receiver can put
 * together again to the same bytes; of any other body it says so, and that entry crosses as it is.
 */
import { limits } from '../../base/limits.ts'

/** The tags of the fields of a body, and of a change's payload, each with its wire type. */
export const tags = {
  version: 0x08,
  tree: 0x12,
  parent: 0x1a,
  height: 0x20,
  author: 0x2a,
  time: 0x30,
  policy: 0x3a,
  change: 0x42,
  nonce: 0x4a,
  payload: 0x1a,
} as const

export const hashBytes = 32
export const signatureBytes = 64

/** Returns how each body in a tree begins: with the version 1 and the tree. */
export function bodyPrefix(tree: Uint8Array): Uint8Array {
  return Uint8Array.of(tags.version, 1, tags.tree, hashBytes, ...tree)
}

/** The parts of one body after another. Positions are in the body that was read last. */
export class BodyParts {
  /** Where the ids of the parents begin. */
  readonly parents: number[] = []
  height = 0
  authorAt = 0
  createdAtMs = 0
  /** Where the ids of the policy entries begin. */
  readonly policy: number[] = []
  /** Four positions for each change: of the change, of its payload, and of the ends of its names and of its payload. */
  readonly changes: number[] = []
  nonceAt = 0
  nonceEnd = 0
  private bytes: Uint8Array = new Uint8Array(0)
  private at = 0
  private readonly prefix: Uint8Array

  constructor(prefix: Uint8Array) {
    this.prefix = prefix
  }

  /** Reads a body. Returns false if what it consists of does not give the same bytes again. */
  read(body: Uint8Array): boolean {
    this.bytes = body
    for (let index = 0; index < this.prefix.length; index++)
      if (body[index] !== this.prefix[index]) return false
    this.at = this.prefix.length
    return this.readPlace() && this.readChanges() && this.readNonce() && this.at === body.length
  }

  private readPlace(): boolean {
    this.readHashes(tags.parent, this.parents)
    if (this.parents.length === 0 || this.parents.length > limits.entryParents) return false
    this.height = this.readNumber(tags.height)
    if (this.height <= 0 || !this.isHash(tags.author)) return false
    this.authorAt = this.at + 2
    this.at = this.authorAt + hashBytes
    this.createdAtMs = this.readNumber(tags.time)
    this.readHashes(tags.policy, this.policy)
    return this.createdAtMs >= 0 && this.policy.length <= limits.entryPolicies
  }

  private readChanges(): boolean {
    const { bytes, changes } = this
    changes.length = 0
    // Ends: each turn reads a tag, at least a byte.
    while (bytes[this.at] === tags.change) {
      this.at++
      const length = this.varint()
      const start = this.at
      const end = start + length
      if (length < 0 || end > bytes.length || changes.length === 4 * limits.entryChanges) return false
      const namesEnd = this.namesEnd(end)
      if (namesEnd - start > limits.compactNamesBytes) return false
      const payloadAt = namesEnd === end ? end : this.at
      changes.push(start, namesEnd, payloadAt, end)
      this.at = end
    }
    return true
  }

  /** Returns where the payload's field begins, or `end` if the rest of the change is not just that field. */
  private namesEnd(end: number): number {
    const { bytes } = this
    for (const tag of [0x0a, 0x12]) {
      if (this.at >= end || bytes[this.at] !== tag) continue
      this.at++
      const length = this.varint()
      if (length < 0 || this.at + length > end) return end
      this.at += length
    }
    const namesEnd = this.at
    if (namesEnd >= end || bytes[this.at++] !== tags.payload) return end
    const length = this.varint()
    return length > 0 && this.at + length === end ? namesEnd : end
  }

  private readNonce(): boolean {
    this.nonceAt = this.at
    this.nonceEnd = this.at
    if (this.bytes[this.at] !== tags.nonce) return true
    this.at++
    const length = this.varint()
    if (length <= 0) return false
    this.nonceAt = this.at
    this.nonceEnd = this.at + length
    this.at = this.nonceEnd
    return true
  }

  private isHash(tag: number): boolean {
    const { bytes, at } = this
    return bytes[at] === tag && bytes[at + 1] === hashBytes && at + 2 + hashBytes <= bytes.length
  }

  private readHashes(tag: number, positions: number[]): void {
    positions.length = 0
    // Ends: each turn moves on in the bytes.
    while (this.isHash(tag)) {
      positions.push(this.at + 2)
      this.at += 2 + hashBytes
    }
  }

  /** Returns a number, 0 if its field is left out, or -1 if it is not encoded as its value is. */
  private readNumber(tag: number): number {
    if (this.bytes[this.at] !== tag) return 0
    this.at++
    return this.varint() || -1
  }

  /** Returns a varint in its fewest bytes, or -1 if there is none. */
  private varint(): number {
    const { bytes } = this
    let value = 0
    let scale = 1
    // Ends: the scale grows, and a number past 2^53 - 1 is none.
    for (;;) {
      const byte = bytes[this.at++]
      if (byte === undefined) return -1
      value += (byte & 127) * scale
      if (value > Number.MAX_SAFE_INTEGER) return -1
      if (byte < 128) return byte === 0 && scale > 1 ? -1 : value
      scale *= 128
      if (scale > Number.MAX_SAFE_INTEGER) return -1
    }
  }
}
