/** Makes the bodies of new entries for any author: for the node's own key, and for a key that signs elsewhere. */
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import type { Change } from '../../dag/body.ts'
import { type Draft, encodeDraft, policyStore, readBody } from '../../dag/entry.ts'
import type { EntryId, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { DagStore } from '../store.ts'
import { expectRight, type Place, placeFor } from './place.ts'

/** An entry to prepare. */
export interface Preparation {
  readonly tree: TreeId
  /** The key that will sign it. */
  readonly author: PeerId
  readonly changes: readonly Change[]
  /** Default: the tree's tips, or the highest `limits.entryParents` of them. */
  readonly parents?: readonly EntryId[] | undefined
  /** At most `limits.entryNonceBytes` bytes. Default: none. */
  readonly nonce?: Uint8Array | undefined
  /** Milliseconds since 1970. */
  readonly createdAtMs: number
}

/**
 * Returns the canonical body of an entry on top of the tree, which its author signs. Throws UNKNOWN_TREE, ENTRY_CHANGES,
 * ENTRY_TOO_LARGE, ENTRY_NONCE, ENTRY_MISSING_PARENT, or FORBIDDEN if the author may not write there.
 */
export async function prepareBody(
  store: DagStore,
  { tree, author, changes, parents, nonce, createdAtMs }: Preparation,
): Promise<Uint8Array> {
  checkChanges(changes)
  const place = await placeFor(store, tree, parents)
  expectRight(place, author, Permission.WRITE, `The key ${author}`)
  const body = encodeDraft(author, { ...draftAt(place, tree, changes, createdAtMs), ...(nonce && { nonce }) })
  readBody(body)
  return body
}

/** Returns the draft of an entry at a place. */
export function draftAt(
  { parents, height, policy }: Place,
  tree: TreeId,
  changes: readonly Change[],
  createdAtMs: number,
): Draft {
  return { tree, parents, height, policy, createdAtMs, changes }
}

/** Throws ENTRY_CHANGES if a commit may not have these changes: none, or one of the policy. */
export function checkChanges(changes: readonly Change[]): void {
  if (changes.length === 0)
    throw new CausewayError('ENTRY_CHANGES', 'A commit needs at least one change, got none.')
  if (changes.some((change) => change.store === policyStore))
    throw new CausewayError(
      'ENTRY_CHANGES',
      `A commit cannot change the store ${policyStore}: use \`causeway grant\` or \`causeway revoke\`.`,
    )
}
