/**
 * What an offer of a tree shows: the root, whose hash is the tree's id, and a policy entry that gives the one to whom it
 * is offered a right. It keeps out offers of trees that have nothing to do with this node. It does not show that the
 * policy entry counts, which only the whole tree does: that is why a person accepts.
 */
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import {
  type Entry,
  entryBytes,
  policyStore,
  readEntry,
  type SignedEntry,
  verifyEntry,
} from '../dag/entry.ts'
import { bytesToHex } from '../dag/hex.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import { decodePolicyChange } from '../dag/policy/change.ts'
import { standings } from '../dag/policy/state.ts'
import type { DagStore } from '../store/store.ts'

/** The entries of an offer. */
export interface OfferProof {
  readonly root: SignedEntry
  /** Absent if the one to whom the tree is offered signed the root. */
  readonly grant?: SignedEntry | undefined
}

/** What becomes of an offer: a person has to accept it, its tree is wanted, or it was declined. */
export type OfferAnswer = 'waiting' | 'wanted' | 'declined'

/** What an offer says of its tree. */
export interface OfferedTree {
  readonly tree: TreeId
  /** The name in the root. */
  readonly name: string
  readonly author: PeerId
  readonly permission: Permission
}

/**
 * Reads and verifies an offer to `self`. Throws INVALID_ARGUMENT if it does not show that the tree's policy names `self`,
 * LIMIT_EXCEEDED if an entry is too large, and the code of an entry that is not valid.
 */
export async function readOffer({ root, grant }: OfferProof, self: PeerId): Promise<OfferedTree> {
  const first = readBounded(root, 'root')
  if (first.body.tree !== undefined)
    throw badOffer('The root of an offer is the first entry of a tree, got another entry.')
  const { tree } = first
  const { author } = first.body
  const permission = author === self ? Permission.ADMIN : grantTo(self, tree, grant)
  await verifyEntry(first)
  if (author !== self) await verifyEntry(readEntry(grant!))
  return { tree, name: policyChanges(first)[0]?.treeName ?? '', author, permission }
}

/**
 * Returns what offers a tree to a peer. Undefined if the tree is not here, if its policy gives the peer no right by name,
 * or if the entry that does is too large.
 */
export async function proveOffer(
  store: DagStore,
  tree: TreeId,
  peer: PeerId,
): Promise<OfferProof | undefined> {
  const policy = await store.treePolicy(tree)
  if (policy === undefined) return undefined
  const { graph } = policy
  const { state, standing } = policy.whole()
  const key = state.key(peer)
  if (key === undefined || key.revoked || key.permission === Permission.UNSPECIFIED) return undefined
  const root = graph.entries[0]!
  const mention = graph.about(peer).findLast(({ by, revoked }) => !revoked && standing[by] === standings.full)
  const by = root.author === peer ? root : mention && graph.entries[mention.by]
  if (by === undefined) return undefined
  const places = by === root ? [root] : [root, by]
  const [first, second] = await store.read(
    tree,
    places.map(({ id, height }) => ({ id, height })),
  )
  if ([first, second].some((entry) => entry && entryBytes(entry.signed) > limits.offerEntryBytes))
    return undefined
  return { root: first!.signed, grant: second?.signed }
}

function readBounded(signed: SignedEntry, what: string): Entry {
  if (entryBytes(signed) > limits.offerEntryBytes)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `The ${what} of an offer has at most ${limits.offerEntryBytes} bytes, got ${entryBytes(signed)}.`,
      { data: { max: limits.offerEntryBytes } },
    )
  return readEntry(signed)
}

/** Returns the permission that a policy entry gives a key. */
function grantTo(self: PeerId, tree: TreeId, grant: SignedEntry | undefined): Permission {
  if (grant === undefined)
    throw badOffer('An offer has a policy entry that gives this node a right, got none.')
  const entry = readBounded(grant, 'policy entry')
  if (entry.tree !== tree)
    throw badOffer('The policy entry of an offer is of its tree, got one of another tree.')
  for (const { keys } of policyChanges(entry))
    for (const { peer, permission, revoked } of keys)
      if (bytesToHex(peer) === self && !revoked && permission >= Permission.READ) return permission
  throw badOffer('The policy entry of an offer gives this node a right, got one that does not.')
}

function policyChanges({ body }: Entry) {
  return body.changes
    .filter(({ store }) => store === policyStore)
    .map(({ payload }) => decodePolicyChange(payload))
}

function badOffer(message: string): CausewayError {
  return new CausewayError('INVALID_ARGUMENT', message)
}
