/**
 * The body of an entry and its one encoding. Protobuf has no canonical form, so Causeway fixes one for this message
 * (see proto/causeway/v1/entry.proto and canonical.ts): `encodeBody` returns exactly the bytes that `decodeBody`
 * accepted. That is why this codec is written by hand; it also runs for every entry received.
 */
import { limits } from '../base/limits.ts'
import { Fields, none, refuse, Writer } from './canonical.ts'
import { hexToBytes } from './hex.ts'
import type { EntryId, TreeId } from './id.ts'
import type { PeerId } from './identity.ts'

/** One change to one store of the tree; the payload is opaque. */
export interface Change {
  readonly store: string
  readonly kind: string
  readonly payload: Uint8Array
}

/** What an author signs. proto/causeway/v1/entry.proto describes each field. */
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

/** The domain of signatures over bodies. */
export const entryDomain = 'causeway.entry.v1\0'
/** With this begin the kinds of changes that have a meaning of their own: those of keys. */
export const reservedKindPrefix = 'cw.'
/** The format of bodies that this version writes and reads. */
export const entryVersion = 1

/** Returns whether a field of a body may occur more than once. */
export const bodyRepeats = (field: number) => field === 3 || field === 7 || field === 8
const nothingRepeats = () => false

const nothing: readonly never[] = []

/** Most lists have one item, and a literal of one item takes a tenth of the memory that an empty list grows to. */
function append<Item>(list: readonly Item[], item: Item): readonly Item[] {
  if (list.length === 0) return [item]
  ;(list as Item[]).push(item)
  return list
}

/**
 * Decodes a canonical body. Checks its shape, encoding and counts; `readEntry` checks the values. Throws the code of
 * the entry error that it finds.
 */
export function decodeBody(bytes: Uint8Array): EntryBody {
  const fields = new Fields(bytes)
  let version = 0
  let tree: TreeId | undefined
  let parents: readonly EntryId[] = nothing
  let height = 0
  let author = '' as PeerId
  let createdAtMs = 0
  let policy: readonly EntryId[] = nothing
  let changes: readonly Change[] = nothing
  let nonce: Uint8Array = none
  // Ends: `next` moves on in the bytes, and returns false at their end.
  while (fields.next(bodyRepeats)) {
    switch (fields.field) {
      case 1:
        version = fields.number()
        // Checked before the rest, which another version may lay out differently.
        if (version !== entryVersion)
          refuse('ENTRY_VERSION', `This version reads entries of version ${entryVersion}, got ${version}.`)
        break
      case 2:
        tree = fields.hash('ENTRY_TREE') as TreeId
        break
      case 3:
        if (parents.length === limits.entryParents)
          refuse('ENTRY_PARENTS', `An entry has at most ${limits.entryParents} parents.`)
        parents = append(parents, fields.hash('ENTRY_PARENTS') as EntryId)
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
        policy = append(policy, fields.hash('ENTRY_POLICY') as EntryId)
        break
      case 8:
        if (changes.length === limits.entryChanges)
          refuse('ENTRY_CHANGES', `An entry has at most ${limits.entryChanges} changes.`)
        changes = append(changes, decodeChange(fields.view(true)))
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

/** Returns the parents of a body that is known to be canonical, without reading the rest. */
export function decodeParents(bytes: Uint8Array): EntryId[] {
  const fields = new Fields(bytes)
  const parents: EntryId[] = []
  // Ends: `next` moves on in the bytes, and returns false at their end.
  while (fields.next(bodyRepeats) && fields.field <= 3) {
    if (fields.field === 1) fields.number()
    else if (fields.field === 2) fields.view()
    else parents.push(fields.hash('ENTRY_PARENTS') as EntryId)
  }
  return parents
}

/** What a body says beside its place in the DAG. */
export type BodyChanges = Pick<EntryBody, 'author' | 'createdAtMs' | 'changes'>

/** Returns the changes of a body that is known to be canonical, without its place in the DAG. */
export function decodeChanges(bytes: Uint8Array): BodyChanges {
  const fields = new Fields(bytes)
  let author = '' as PeerId
  let createdAtMs = 0
  let changes: readonly Change[] = nothing
  // Ends: `next` moves on in the bytes, and returns false at their end.
  while (fields.next(bodyRepeats)) {
    if (fields.field === 1 || fields.field === 4) fields.number()
    else if (fields.field === 5) author = fields.hash('ENTRY_AUTHOR') as PeerId
    else if (fields.field === 6) createdAtMs = fields.number()
    else if (fields.field === 8) changes = append(changes, decodeChange(fields.view(true)))
    else fields.length(true)
  }
  return { author, createdAtMs, changes }
}

function decodeChange(bytes: Uint8Array): Change {
  const fields = new Fields(bytes)
  let store = ''
  let kind = ''
  let payload: Uint8Array = none
  // Ends: `next` moves on in the bytes, and returns false at their end.
  while (fields.next(nothingRepeats)) {
    if (fields.field === 1) store = fields.text(limits.storeNameBytes, 'ENTRY_CHANGES')
    else if (fields.field === 2) kind = fields.text(limits.storeNameBytes, 'ENTRY_CHANGES')
    else if (fields.field === 3) payload = fields.view()
    else fields.unknown()
  }
  return { store, kind, payload }
}

/** Returns the canonical encoding of a body. */
export function encodeBody(body: EntryBody): Uint8Array {
  const out = new Writer()
  out.number(1, body.version, 'ENTRY_VERSION')
  if (body.tree !== undefined) out.view(2, hexToBytes(body.tree))
  for (const parent of body.parents) out.view(3, hexToBytes(parent))
  out.number(4, body.height, 'ENTRY_HEIGHT')
  out.view(5, hexToBytes(body.author))
  out.number(6, body.createdAtMs, 'ENTRY_TIME')
  for (const id of body.policy) out.view(7, hexToBytes(id))
  for (const change of body.changes) out.view(8, encodeChange(change), true)
  out.view(9, body.nonce)
  return out.finish()
}

function encodeChange(change: Change): Uint8Array {
  const out = new Writer()
  out.text(1, change.store, 'ENTRY_CHANGES')
  out.text(2, change.kind, 'ENTRY_CHANGES')
  out.view(3, change.payload)
  return out.finish()
}
