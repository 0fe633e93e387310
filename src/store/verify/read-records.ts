/**
 * How signed entries cross to the threads that read and verify them: in one buffer, the tree's id and then one record
 * after another. A record is a head, the signature (64 bytes) and the body. The main thread fills in the length of the
 * body; a thread decodes, hashes and verifies, and fills in the rest of the head, of which the main thread makes the
 * entry. All numbers are little-endian:
 *
 *    0  length of the body (4)    16  author (4)             24  number of parents (2)
 *    4  state (4)                 20  first parent (4)       26  number of policy entries (1)
 *    8  height (8)                32  id (32)                28  first policy entry (4)
 *
 *   27  1 if a change is of a reserved kind (1)
 *
 * What is usual of an entry is settled here. All else the main thread reads itself (see outline.ts).
 */
import { entryDomain } from '../../dag/body.ts'
import type { Entry, SignedEntry } from '../../dag/entry.ts'
import { hexSlice } from '../../dag/hex.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { idStride, Outline } from '../../dag/outline.ts'
import { OutlinedBody } from '../../dag/outlined-body.ts'

/** Records in a buffer, which may be larger. */
export interface EntryRecords {
  readonly buffer: ArrayBuffer
  readonly count: number
}

/** What a thread finds of an entry. */
const states = { unusual: 0, forged: 1, valid: 2 } as const

const treeBytes = 32
const stateAt = 4
const heightAt = 8
const authorAt = 16
const parentsAt = 20
const parentCountAt = 24
const policyCountAt = 26
const reservedAt = 27
const policyAt = 28
const idAt = 32
const signatureAt = idAt + 32
const bodyAt = signatureAt + 64
const twoTo32 = 0x1_0000_0000

/** Returns how many bytes the records of these entries take. */
export function entryRecordsBytes(entries: readonly SignedEntry[]): number {
  let bytes = treeBytes
  for (const { body } of entries) bytes += bodyAt + body.length
  return bytes
}

/** Writes records of entries, whose signatures have 64 bytes, into a buffer that is large enough. */
export function packEntries(
  tree: TreeId,
  entries: readonly SignedEntry[],
  buffer: ArrayBuffer,
): EntryRecords {
  const bytes = Buffer.from(buffer)
  bytes.write(tree, 'hex')
  let at = treeBytes
  for (const { body, signature } of entries) {
    bytes.writeUInt32LE(body.length, at)
    bytes.writeUInt32LE(states.unusual, at + stateAt)
    bytes.set(signature, at + signatureAt)
    bytes.set(body, at + bodyAt)
    at += bodyAt + body.length
  }
  return { buffer, count: entries.length }
}

/** The primitives that a thread needs. */
export interface ThreadCrypto {
  /** Writes the SHA-256 of `input` to `out`. */
  hash(out: Buffer, input: Buffer): void
  /** Returns undefined for memory that it does not accept. */
  check(signature: Buffer, message: Buffer, key: Buffer): boolean | undefined
}

const domain = Buffer.from(entryDomain)
const signature = Buffer.alloc(bodyAt - signatureAt)

/** Fills in the heads of records, on a thread. Throws if `check` returns undefined. */
export function readRecords({ buffer, count }: EntryRecords, { hash, check }: ThreadCrypto): void {
  const bytes = Buffer.from(buffer)
  const tree = bytes.subarray(0, treeBytes)
  const outline = new Outline()
  let at = treeBytes
  for (let index = 0; index < count; index++) {
    const body = at + bodyAt
    const end = body + bytes.readUInt32LE(at)
    if (outline.read(bytes, body, end, tree)) {
      hash(bytes.subarray(at + idAt, at + signatureAt), bytes.subarray(at + signatureAt, end))
      // The domain goes before the body for the check, where the end of the signature was.
      bytes.copy(signature, 0, at + signatureAt, body)
      domain.copy(bytes, body - domain.length)
      const key = bytes.subarray(outline.author, outline.author + 32)
      const verdict = check(signature, bytes.subarray(body - domain.length, end), key)
      // libsodium's binding returns undefined for memory that it does not accept; no entry may be refused for that.
      if (verdict === undefined) throw new Error('libsodium returned no verdict.')
      writeHead(bytes, at, verdict ? states.valid : states.forged, outline)
    }
    at = end
  }
}

function writeHead(bytes: Buffer, at: number, state: number, outline: Outline): void {
  bytes.writeUInt32LE(state, at + stateAt)
  bytes.writeUInt32LE(outline.height % twoTo32, at + heightAt)
  bytes.writeUInt32LE(Math.floor(outline.height / twoTo32), at + heightAt + 4)
  bytes.writeUInt32LE(outline.author, at + authorAt)
  bytes.writeUInt32LE(outline.parents, at + parentsAt)
  bytes.writeUInt16LE(outline.parentCount, at + parentCountAt)
  bytes[at + policyCountAt] = outline.policyCount
  bytes[at + reservedAt] = outline.reserved ? 1 : 0
  bytes.writeUInt32LE(outline.policy, at + policyAt)
}

/** Calls `take` with each entry of the records, or undefined for one that is not usual. Reads all of the buffer now. */
export function takeEntries(
  tree: TreeId,
  entries: readonly SignedEntry[],
  buffer: ArrayBuffer,
  take: (index: number, read: Entry | undefined, holds: boolean) => void,
): void {
  const bytes = Buffer.from(buffer)
  const found = new Found(bytes, tree)
  let at = treeBytes
  for (let index = 0; index < entries.length; index++) {
    const signed = entries[index]!
    const state = bytes.readUInt32LE(at + stateAt)
    take(index, state === states.unusual ? undefined : found.entryAt(at, signed), state === states.valid)
    at += bodyAt + signed.body.length
  }
}

const noIds: readonly EntryId[] = []

/** Makes entries of the records in a buffer. What an entry has in common with the one before, it shares. */
class Found {
  private readonly bytes: Buffer
  private readonly tree: TreeId
  private author = '' as PeerId
  private policy = noIds

  constructor(bytes: Buffer, tree: TreeId) {
    this.bytes = bytes
    this.tree = tree
  }

  entryAt(at: number, signed: SignedEntry): Entry {
    const { bytes, tree } = this
    const id = this.idAt(at + idAt)
    const low = bytes.readUInt32LE(at + heightAt)
    const high = bytes.readUInt32LE(at + heightAt + 4)
    const height = high === 0 ? low : high * twoTo32 + low
    const parents = this.idsAt(bytes.readUInt32LE(at + parentsAt), bytes.readUInt16LE(at + parentCountAt))
    const body = new OutlinedBody(
      signed.body,
      tree,
      parents,
      height,
      this.authorAt(bytes.readUInt32LE(at + authorAt)),
      this.policyAt(bytes.readUInt32LE(at + policyAt), bytes[at + policyCountAt]!),
      bytes[at + reservedAt] === 1,
    )
    return { id, tree, signed, body }
  }

  private authorAt(at: number): PeerId {
    const author = hexSlice(this.bytes, at, at + 32) as PeerId
    if (author !== this.author) this.author = author
    return this.author
  }

  private policyAt(at: number, count: number): readonly EntryId[] {
    const { policy } = this
    const ids = this.idsAt(at, count)
    if (ids.length !== policy.length || ids.some((id, index) => id !== policy[index])) this.policy = ids
    return this.policy
  }

  private idsAt(at: number, count: number): readonly EntryId[] {
    if (count === 0) return noIds
    if (count === 1) return [this.idAt(at)]
    return Array.from({ length: count }, (_, index) => this.idAt(at + index * idStride))
  }

  private idAt(at: number): EntryId {
    return hexSlice(this.bytes, at, at + 32) as EntryId
  }
}
