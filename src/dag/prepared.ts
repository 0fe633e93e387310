/**
 * Bodies that a node prepares for a key which it does not have. Whoever signs one states all that is in it, so its
 * client checks first that it says what was asked for, and no more. What only the tree can show stays the node's word:
 * the parents, unless they were asked for, the height, and the policy entries. If these are wrong, the entry is refused
 * or stands on other parents; it never says something else.
 */
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Change, EntryBody } from './body.ts'
import { none } from './canonical.ts'
import { entryDomain, policyStore, readBody, readEntry, type VerifiedEntry } from './entry.ts'
import type { EntryId, TreeId } from './id.ts'
import type { Identity, PeerId } from './identity.ts'

/** What a client asked a node to prepare. */
export interface Asked {
  readonly tree: TreeId
  /** The key that will sign. */
  readonly author: PeerId
  readonly changes: readonly Change[]
  /** Default: any. */
  readonly parents?: readonly EntryId[] | undefined
  /** Keeps entries apart that say the same, of one key and one millisecond. Default: none. */
  readonly nonce?: Uint8Array | undefined
  /** The client's wall clock, milliseconds since 1970. */
  readonly nowMs: number
}

/**
 * Decodes a body that a node has prepared, and returns it if it says what was asked for. Throws PROTOCOL if it is not
 * canonical or not valid, is for another tree, key or version, has other changes, other parents than those asked for or
 * another nonce, changes the policy, or is dated more than `limits.preparedClockOffMs` from the client's clock.
 */
export function checkPrepared(bytes: Uint8Array, asked: Asked): EntryBody {
  const body = readPrepared(bytes)
  if (body.tree !== asked.tree) lied(`is for the tree ${body.tree ?? '(a new one)'}, not for ${asked.tree}`)
  if (body.author !== asked.author) lied(`is for the key ${body.author}, not for ${asked.author}`)
  if (body.changes.some(({ store }) => store === policyStore)) lied(`changes ${policyStore}`)
  if (!sameChanges(body.changes, asked.changes)) lied('has other changes than were asked for')
  if (asked.parents !== undefined && !sameIds(body.parents, asked.parents))
    lied('has other parents than were asked for')
  if (!sameBytes(body.nonce, asked.nonce ?? none)) lied('has another nonce than was asked for')
  if (!(Math.abs(body.createdAtMs - asked.nowMs) <= limits.preparedClockOffMs))
    lied(`is dated ${body.createdAtMs}, too far from the time here, ${asked.nowMs}`)
  return body
}

/** Signs a body that a node has prepared, once `checkPrepared` has passed it. Throws PROTOCOL. */
export function signPrepared(
  identity: Identity,
  bytes: Uint8Array,
  asked: Omit<Asked, 'author'>,
): VerifiedEntry {
  checkPrepared(bytes, { ...asked, author: identity.peer })
  return readEntry({ body: bytes, signature: identity.sign(entryDomain, bytes) }) as VerifiedEntry
}

function readPrepared(bytes: Uint8Array): EntryBody {
  try {
    return readBody(bytes)
  } catch (error) {
    const cause = CausewayError.from(error)
    throw new CausewayError('PROTOCOL', `The node prepared a body that is not valid: ${cause.message}`, {
      cause,
    })
  }
}

function lied(how: string): never {
  throw new CausewayError('PROTOCOL', `The body that the node prepared ${how}: do not sign it.`)
}

function sameIds(some: readonly EntryId[], others: readonly EntryId[]): boolean {
  const sorted = [...others].sort()
  return some.length === sorted.length && some.every((id, index) => id === sorted[index])
}

function sameChanges(some: readonly Change[], others: readonly Change[]): boolean {
  return some.length === others.length && some.every((change, index) => sameChange(change, others[index]!))
}

function sameChange(a: Change, b: Change): boolean {
  return a.store === b.store && a.kind === b.kind && sameBytes(a.payload, b.payload)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
