/**
 * An entry: an immutable, signed vertex of a tree, named by its hash. It arrives as `SignedEntry` (bytes), `readEntry`
 * checks its own shape (`Entry`), and verification proves its signature (`VerifiedEntry`, a type that only `verdictOf`
 * and `signEntry` create). `checkParents` checks what depends on its ancestors, once they are at hand.
 */
import { create } from '@bufbuild/protobuf'
import { Permission, PolicyKeySchema, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { bytes, hex32, list, number, object, options, text } from '../base/shape.ts'
import { type Change, decodeBody, type EntryBody, encodeBody, entryDomain, entryVersion } from './body.ts'
import { refuse } from './canonical.ts'
import { checkEd25519, sha256Hex } from './crypto.ts'
import { bytesToHex, hexToBytes } from './hex.ts'
import { type EntryId, formatId, type TreeId } from './id.ts'
import { domainBytes, type Identity, type PeerId, type Signer } from './identity.ts'
import { OutlinedBody, plainBody } from './outlined-body.ts'
import { keyFlaw } from './point.ts'
import { decodePolicyChange, encodePolicyChange } from './policy/change.ts'

/** An entry as it is stored, sent and hashed. It is never encoded again. */
export interface SignedEntry {
  /** A canonical EntryBody. */
  readonly body: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
}

/** A decoded entry with a valid shape. Its signature and its place in the tree are not checked yet. */
export interface Entry {
  readonly id: EntryId
  /** The entry's tree; for a root, its own id. */
  readonly tree: TreeId
  readonly signed: SignedEntry
  readonly body: EntryBody
}

declare const verifiedBrand: unique symbol
/** An entry with a valid signature. */
export type VerifiedEntry = Entry & { readonly [verifiedBrand]: true }

export { entryDomain }
/** The one reserved store. */
export const policyStore = '_policy'

/** Bytes of a signature. */
export const signatureBytes = 64
const utf8 = new TextEncoder()

/** Returns the bytes that an entry counts as in limits and pages: body and signature. */
export function entryBytes(signed: SignedEntry): number {
  return signed.body.length + signed.signature.length
}

/** An entry with the id that `hashEntry` computed from the same bytes, so that nobody else can state it. */
class HashedEntry implements SignedEntry {
  readonly body: Uint8Array
  readonly signature: Uint8Array
  readonly #id: EntryId

  constructor(bytes: Uint8Array, signatureLength: number) {
    this.signature = bytes.subarray(0, signatureLength)
    this.body = bytes.subarray(signatureLength)
    this.#id = sha256Hex(bytes) as EntryId
  }

  static idIn(signed: SignedEntry): EntryId | undefined {
    return #id in signed ? signed.#id : undefined
  }
}

/** Returns the entry in these bytes, a signature and a body. It keeps its id, so that it is hashed only once. */
export function hashEntry(bytes: Uint8Array, signatureLength = signatureBytes): SignedEntry {
  return new HashedEntry(bytes, signatureLength)
}

/** Returns the id of these bytes, valid or not. */
export function idOf(signed: SignedEntry): EntryId {
  return HashedEntry.idIn(signed) ?? (sha256Hex(signed.signature, signed.body) as EntryId)
}

/** Returns an entry with its body as a plain object, which a program may copy, compare and print. */
export function plainEntry(entry: VerifiedEntry): VerifiedEntry {
  const body = plainBody(entry.body)
  return body === entry.body ? entry : ({ ...entry, body } as VerifiedEntry)
}

/** Returns whether an entry changes the policy of its tree. */
export function changesPolicy({ body }: Pick<Entry, 'body'>): boolean {
  // The thread that has read such a body has looked.
  if (body instanceof OutlinedBody) return false
  for (const { store } of body.changes) if (store === policyStore) return true
  return false
}

/** Decodes a signed entry and checks everything that its bytes alone decide, except the signature. */
export function readEntry(signed: SignedEntry): Entry {
  checkSize(signed.body)
  if (signed.signature.length !== signatureBytes)
    refuse('ENTRY_SIGNATURE', `A signature has ${signatureBytes} bytes, got ${signed.signature.length}.`)
  const body = decodeBody(signed.body)
  checkBody(body)
  const id = idOf(signed)
  return { id, tree: body.tree ?? id, signed, body }
}

/** Decodes a body that is not signed yet, and checks everything that its bytes alone decide. */
export function readBody(bytes: Uint8Array): EntryBody {
  checkSize(bytes)
  const body = decodeBody(bytes)
  checkBody(body)
  return body
}

function checkSize(body: Uint8Array): void {
  if (body.length > limits.entryBodyBytes)
    refuse('ENTRY_TOO_LARGE', `A body has at most ${limits.entryBodyBytes} bytes, got ${body.length}.`)
}

/** Returns the entry as verified if its signature is valid, or else the error ENTRY_SIGNATURE. */
export function verdictOf(entry: Entry, holds: boolean): VerifiedEntry | CausewayError {
  if (holds) return entry as VerifiedEntry
  const { id, body } = entry
  return new CausewayError(
    'ENTRY_SIGNATURE',
    `The signature of ${formatId(id)} is not valid for its author ${body.author}.`,
  )
}

/** Verifies the signature off the main thread. Calls `done` with the verified entry or the error. */
export function proveEntry(entry: Entry, done: (verdict: VerifiedEntry | CausewayError) => void): void {
  const { signed, body } = entry
  checkEd25519(body.author, [domainBytes(entryDomain), signed.body], signed.signature, (holds) =>
    done(verdictOf(entry, holds)),
  )
}

/** Does the same as `proveEntry` with a promise. */
export function verifyEntry(entry: Entry): Promise<VerifiedEntry> {
  return new Promise((resolve, reject) =>
    proveEntry(entry, (verdict) => (verdict instanceof CausewayError ? reject(verdict) : resolve(verdict))),
  )
}

const draftShape = options({
  tree: hex32,
  parents: list(hex32),
  policy: list(hex32),
  height: number,
  changes: list(object({ store: text, kind: text, payload: bytes })),
  nonce: bytes,
})

/** A body's fields without those that `signEntry` fills in. */
export type Draft = Partial<Omit<EntryBody, 'version' | 'author'>> & Pick<EntryBody, 'createdAtMs'>

/** Signs a new entry. Sorts the draft's parents and policy, takes everything else as it is, and checks the result. */
export function signEntry(identity: Identity, draft: Draft): VerifiedEntry {
  const body = encodeDraft(identity.peer, draft)
  return readEntry({ body, signature: identity.sign(entryDomain, body) }) as VerifiedEntry
}

/** Signs a body that names the signer as its author. Throws as `readEntry` does for one that is not valid. */
export async function signBody(signer: Signer, body: Uint8Array): Promise<VerifiedEntry> {
  return readEntry({ body, signature: await signer.sign(entryDomain, body) }) as VerifiedEntry
}

/** Returns the body that an author signs. Sorts as `signEntry` does, and does not check the result. */
export function encodeDraft(author: PeerId, draft: Draft): Uint8Array {
  draftShape(draft, 'draft')
  return encodeBody({
    version: entryVersion,
    tree: draft.tree,
    parents: [...(draft.parents ?? [])].sort(),
    height: draft.height ?? 0,
    author,
    createdAtMs: draft.createdAtMs,
    policy: [...(draft.policy ?? [])].sort(),
    changes: draft.changes ?? [],
    nonce: draft.nonce ?? new Uint8Array(0),
  })
}

/** Signs the root of a new tree. Its policy names the author as admin. `nonce` has 16 to 32 random bytes. */
export function signRoot(
  identity: Identity,
  root: { name: string; publicAccess: PublicAccess; createdAtMs: number; nonce: Uint8Array },
): VerifiedEntry {
  const payload = encodePolicyChange({
    treeName: root.name,
    publicAccess: root.publicAccess,
    keys: [create(PolicyKeySchema, { peer: hexToBytes(identity.peer), permission: Permission.ADMIN })],
  })
  const change: Change = { store: policyStore, kind: '', payload }
  return signEntry(identity, { createdAtMs: root.createdAtMs, changes: [change], nonce: root.nonce })
}

/** Returns the name and the public access that a root states. */
export function readRoot(root: Entry): { name: string; publicAccess: PublicAccess } {
  const { treeName, publicAccess } = decodePolicyChange(root.body.changes[0]!.payload)
  return { name: treeName, publicAccess: publicAccess || PublicAccess.NONE }
}

/**
 * Checks an entry's place in its tree: every parent is known and in the same tree, and the height is one above the
 * highest. `parents` has the tree and height of each parent, in their order, or undefined for one that is missing.
 */
export function checkParents(
  entry: Entry,
  parents: readonly ({ readonly tree: TreeId; readonly height: number } | undefined)[],
): void {
  let height = -1
  const ids = entry.body.parents
  for (let index = 0; index < ids.length; index++) {
    const [id, parent] = [ids[index]!, parents[index]]
    if (parent === undefined)
      throw new CausewayError(
        'ENTRY_MISSING_PARENT',
        `The parent ${formatId(id)} of ${formatId(entry.id)} is not here.`,
        {
          data: { parent: id },
        },
      )
    if (parent.tree !== entry.tree)
      refuse('ENTRY_TREE', `The parent ${formatId(id)} of ${formatId(entry.id)} belongs to another tree.`)
    height = Math.max(height, parent.height)
  }
  if (entry.body.height !== height + 1)
    refuse(
      'ENTRY_HEIGHT',
      `The height of ${formatId(entry.id)} is 1 + its highest parent's (${height + 1}), got ${entry.body.height}.`,
    )
}

function checkBody(body: EntryBody): void {
  if (body.version !== entryVersion)
    refuse('ENTRY_VERSION', `This version reads entries of version ${entryVersion}, got ${body.version}.`)
  checkAuthor(body.author)
  if (!ascending(body.parents)) refuse('ENTRY_PARENTS', 'Parents are in strictly ascending order.')
  if (!ascending(body.policy)) refuse('ENTRY_POLICY', 'Policy entries are in strictly ascending order.')
  if (body.nonce.length > limits.entryNonceBytes)
    refuse('ENTRY_NONCE', `A nonce has at most ${limits.entryNonceBytes} bytes, got ${body.nonce.length}.`)
  let policyChanges = 0
  for (const change of body.changes)
    if (checkChange(change, body.tree === undefined) && ++policyChanges > 1)
      refuse('ENTRY_POLICY', `An entry has at most one change to ${policyStore}.`)
  if (body.tree === undefined) checkRoot(body)
  else if (body.parents.length === 0) refuse('ENTRY_PARENTS', 'Every entry but the root has a parent.')
  else if (body.height === 0) refuse('ENTRY_HEIGHT', 'Only the root has height 0.')
}

function checkRoot(body: EntryBody): void {
  if (body.parents.length > 0) refuse('ENTRY_TREE', 'An entry with parents names its tree.')
  if (body.height !== 0) refuse('ENTRY_HEIGHT', `The root has height 0, got ${body.height}.`)
  if (body.policy.length > 0)
    refuse('ENTRY_POLICY', 'A root holds the first policy and names no policy entries.')
  if (body.nonce.length < limits.rootNonceMinBytes)
    refuse(
      'ENTRY_NONCE',
      `A root's nonce has at least ${limits.rootNonceMinBytes} bytes, got ${body.nonce.length}.`,
    )
  const [change] = body.changes
  if (body.changes.length !== 1 || change?.store !== policyStore)
    refuse('ENTRY_ROOT', `A root has exactly one change, to the store ${policyStore}.`)
  const policy = decodePolicyChange(change.payload)
  const nameBytes = utf8.encode(policy.treeName).length
  if (nameBytes === 0 || nameBytes > limits.nameBytes)
    refuse('ENTRY_ROOT', `A tree's name has 1 to ${limits.nameBytes} bytes, got ${nameBytes}.`)
  const [key] = policy.keys
  if (
    policy.keys.length !== 1 ||
    key?.permission !== Permission.ADMIN ||
    key.revoked ||
    key.lastAccepted.length > 0 ||
    bytesToHex(key.peer) !== body.author
  )
    refuse('ENTRY_ROOT', "A root's policy names its author as admin, and no other key.")
}

/** Checks a change's shape. Returns whether it changes the policy. */
function checkChange(change: Change, inRoot: boolean): boolean {
  if (!isName(change.store) || change.store.length === 0)
    refuse(
      'ENTRY_CHANGES',
      `A store's name has 1 to ${limits.storeNameBytes} bytes without control characters.`,
    )
  if (!isName(change.kind))
    refuse('ENTRY_CHANGES', `A kind has at most ${limits.storeNameBytes} bytes without control characters.`)
  if (!change.store.startsWith('_')) return false
  if (change.store !== policyStore)
    refuse(
      'ENTRY_CHANGES',
      `Stores whose names begin with "_" are reserved, got ${JSON.stringify(change.store)}.`,
    )
  const policy = decodePolicyChange(change.payload)
  if (!inRoot && policy.treeName !== '') refuse('ENTRY_POLICY', 'Only the root names the tree.')
  return true
}

const shortAscii = /^[\x20-\x7e]{0,64}$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for.
const control = /[\x00-\x1f\x7f-\x9f]/

function isName(text: string): boolean {
  if (shortAscii.test(text)) return true
  return utf8.encode(text).length <= limits.storeNameBytes && !control.test(text)
}

function ascending(ids: readonly string[]): boolean {
  for (let index = 1; index < ids.length; index++) if (ids[index - 1]! >= ids[index]!) return false
  return true
}

function checkAuthor(author: PeerId): void {
  if (author.length !== 64) refuse('ENTRY_AUTHOR', 'An entry names its author, a public key of 32 bytes.')
  const flaw = keyFlaw(author)
  if (flaw !== undefined)
    refuse('ENTRY_AUTHOR', `An author is a valid Ed25519 point, got ${author}: ${flaw}.`)
}
