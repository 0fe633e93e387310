/**
 * The body of an entry and its one encoding. Protobuf has no canonical form, so Causeway fixes one for this
 * message (see proto/causeway/v1/entry.proto) and reads it strictly: whatever `decodeBody` accepts, `encodeBody`
 * gives back byte for byte. That is why this codec is written by hand; it also runs once for every entry received.
 */
import { CausewayError, type EntryErrorCode } from '../errors.ts'
import { limits } from '../limits.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import type { EntryId, TreeId } from './id.ts'
import type { PeerId } from './identity.ts'

/** One change to one store of the tree; the payload is opaque. */
export interface Change {
  readonly store: string
  readonly kind: string
  readonly payload: Uint8Array
}

/** What an author signs; proto/causeway/v1/entry.proto says what each field holds. */
export interface EntryBody {
  readonly version: number
  /** Absent in the root. */
  readonly tree: TreeId | undefined
  readonly parents: readonly EntryId[]
  readonly height: number
  readonly author: PeerId
  readonly createdAtMs: number
  readonly policy: readonly EntryId[]
  readonly changes: readonly Change[]
  readonly nonce: Uint8Array
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const toUtf8 = new TextEncoder()
const none = new Uint8Array(0)

function refuse(code: EntryErrorCode, message: string): never {
  throw new CausewayError(code, message)
}

/** Reads fields of one message in ascending order, refusing every encoding but the canonical one. */
class Fields {
  private position: number
  private readonly end: number
  private readonly bytes: Uint8Array
  /** The number of the field that `next` found. */
  field = 0
  private wireType = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  /** Moves to the next field; false at the end. `repeated` fields may follow themselves. */
  next(repeated: (field: number) => boolean): boolean {
    if (this.position === this.end) return false
    const tag = this.varint()
    const field = Math.floor(tag / 8)
    if (field < this.field || (field === this.field && !repeated(field)))
      refuse(
        'ENTRY_NOT_CANONICAL',
        `Field ${field} came after field ${this.field}: fields are in ascending order, once each.`,
      )
    this.field = field
    this.wireType = tag % 8
    return true
  }

  unknown(): never {
    refuse(
      'ENTRY_MALFORMED',
      `Unknown field ${this.field}: a body has no fields beyond those of its version.`,
    )
  }

  private varint(): number {
    let value = 0
    let scale = 1
    for (let length = 1; ; length++) {
      if (this.position >= this.end) refuse('ENTRY_MALFORMED', 'The body ends inside a number.')
      const byte = this.bytes[this.position++]!
      value += (byte & 127) * scale
      if (byte < 128) {
        if (byte === 0 && length > 1) refuse('ENTRY_NOT_CANONICAL', 'A number is encoded longer than needed.')
        if (value > Number.MAX_SAFE_INTEGER) refuse('ENTRY_MALFORMED', 'A number is greater than 2^53 - 1.')
        return value
      }
      if (length === 8) refuse('ENTRY_MALFORMED', 'A number is greater than 2^53 - 1.')
      scale *= 128
    }
  }

  number(): number {
    if (this.wireType !== 0)
      refuse('ENTRY_MALFORMED', `Field ${this.field} is a number, got wire type ${this.wireType}.`)
    const value = this.varint()
    if (value === 0) refuse('ENTRY_NOT_CANONICAL', `Field ${this.field} is 0: default values are left out.`)
    return value
  }

  /** A length-delimited field as a view; `emptyAllowed` only inside repeated fields. */
  view(emptyAllowed = false): Uint8Array {
    if (this.wireType !== 2)
      refuse('ENTRY_MALFORMED', `Field ${this.field} has a length, got wire type ${this.wireType}.`)
    const length = this.varint()
    if (length > this.end - this.position)
      refuse('ENTRY_MALFORMED', `Field ${this.field} is longer than the body.`)
    if (length === 0 && !emptyAllowed)
      refuse('ENTRY_NOT_CANONICAL', `Field ${this.field} is empty: default values are left out.`)
    this.position += length
    return this.bytes.subarray(this.position - length, this.position)
  }

  hash(code: EntryErrorCode): string {
    const bytes = this.view(true)
    if (bytes.length !== 32) refuse(code, `Field ${this.field} has 32 bytes, got ${bytes.length}.`)
    return bytesToHex(bytes)
  }

  text(): string {
    const bytes = this.view()
    try {
      return utf8.decode(bytes)
    } catch {
      refuse('ENTRY_MALFORMED', `Field ${this.field} is not UTF-8.`)
    }
  }
}

const bodyRepeats = (field: number) => field === 3 || field === 7 || field === 8
const nothingRepeats = () => false

/** Reads a canonical body. Checks shape and encoding; `readEntry` checks what the fields say. */
export function decodeBody(bytes: Uint8Array): EntryBody {
  const fields = new Fields(bytes)
  let version = 0
  let tree: TreeId | undefined
  const parents: EntryId[] = []
  let height = 0
  let author = '' as PeerId
  let createdAtMs = 0
  const policy: EntryId[] = []
  const changes: Change[] = []
  let nonce: Uint8Array = none
  while (fields.next(bodyRepeats)) {
    switch (fields.field) {
      case 1:
        version = fields.number()
        break
      case 2:
        tree = fields.hash('ENTRY_TREE') as TreeId
        break
      case 3:
        if (parents.length === limits.entryParents)
          refuse('ENTRY_PARENTS', `An entry has at most ${limits.entryParents} parents.`)
        parents.push(fields.hash('ENTRY_PARENTS') as EntryId)
        break
      case 4:
        height = fields.number()
        break
      case 5:
        author = fields.hash('ENTRY_AUTHOR') as PeerId
        break
      case 6:
        createdAtMs = fields.number()
        break
      case 7:
        if (policy.length === limits.entryPolicies)
          refuse('ENTRY_POLICY', `An entry names at most ${limits.entryPolicies} policy entries.`)
        policy.push(fields.hash('ENTRY_POLICY') as EntryId)
        break
      case 8:
        if (changes.length === limits.entryChanges)
          refuse('ENTRY_CHANGES', `An entry has at most ${limits.entryChanges} changes.`)
        changes.push(decodeChange(fields.view(true)))
        break
      case 9:
        nonce = fields.view()
        break
      default:
        fields.unknown()
    }
  }
  return { version, tree, parents, height, author, createdAtMs, policy, changes, nonce }
}

/** The parents of a body that is known to be canonical, without reading the rest. */
export function decodeParents(bytes: Uint8Array): EntryId[] {
  const fields = new Fields(bytes)
  const parents: EntryId[] = []
  while (fields.next(bodyRepeats) && fields.field <= 3) {
    if (fields.field === 1) fields.number()
    else if (fields.field === 2) fields.view()
    else parents.push(fields.hash('ENTRY_PARENTS') as EntryId)
  }
  return parents
}

function decodeChange(bytes: Uint8Array): Change {
  const fields = new Fields(bytes)
  let store = ''
  let kind = ''
  let payload: Uint8Array = none
  while (fields.next(nothingRepeats)) {
    if (fields.field === 1) store = fields.text()
    else if (fields.field === 2) kind = fields.text()
    else if (fields.field === 3) payload = fields.view()
    else fields.unknown()
  }
  return { store, kind, payload }
}

/** Grows a byte array, field by field. */
class Writer {
  private bytes = new Uint8Array(1024)
  private length = 0

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  private varint(value: number): void {
    this.reserve(8)
    while (value >= 128) {
      this.bytes[this.length++] = (value % 128) | 128
      value = Math.floor(value / 128)
    }
    this.bytes[this.length++] = value
  }

  number(field: number, value: number): void {
    if (value === 0) return
    this.varint(field * 8)
    this.varint(value)
  }

  view(field: number, bytes: Uint8Array, evenIfEmpty = false): void {
    if (bytes.length === 0 && !evenIfEmpty) return
    this.varint(field * 8 + 2)
    this.varint(bytes.length)
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}

/** The canonical encoding of a body. */
export function encodeBody(body: EntryBody): Uint8Array {
  const out = new Writer()
  out.number(1, body.version)
  if (body.tree !== undefined) out.view(2, hexToBytes(body.tree))
  for (const parent of body.parents) out.view(3, hexToBytes(parent))
  out.number(4, body.height)
  out.view(5, hexToBytes(body.author))
  out.number(6, body.createdAtMs)
  for (const id of body.policy) out.view(7, hexToBytes(id))
  for (const change of body.changes) out.view(8, encodeChange(change), true)
  out.view(9, body.nonce)
  return out.finish()
}

function encodeChange(change: Change): Uint8Array {
  const out = new Writer()
  out.view(1, toUtf8.encode(change.store))
  out.view(2, toUtf8.encode(change.kind))
  out.view(3, change.payload)
  return out.finish()
}
