/**
 * What a node does in its trees as it takes another key: the old key grants the new one its rights and gives up its own,
 * and the new key asks for what the old one could not grant. Each step looks at what the trees say, so it can be repeated.
 */
import { Permission, type PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { LinkStatus, PolicyMember } from '../../../gen/causeway/v1/node_pb.ts'
import { limits } from '../../base/limits.ts'
import { hexToBytes } from '../../dag/hex.ts'
import { idFromBytes } from '../../dag/id.ts'
import { parsePeerId } from '../../dag/identity.ts'
import { formatTicket } from '../../peer/ticket.ts'
import type { Clients } from '../context.ts'
import { asCausewayError, hexText, idText } from '../output.ts'
import { allPages } from '../pages.ts'
import { permissionName } from '../permission.ts'
import { allTrees } from '../trees/tree-argument.ts'

/** A tree in which the old key has a right that the new one lacks. */
export interface TreeRight {
  readonly tree: Uint8Array
  readonly permission: Permission
}

/** What the policies of a node's trees say of its old key and of its new one. */
export interface Standing {
  /** The old key is an admin there, so it can grant the new one its right. */
  readonly toGrant: readonly TreeRight[]
  /** Both keys are admins there. */
  readonly granted: readonly TreeRight[]
  /** Only somebody else can grant the new key what the old one has. */
  readonly toAsk: readonly TreeRight[]
  /** An admin has revoked the new key there: neither does the old key grant it anything, nor does it ask. */
  readonly revoked: readonly TreeRight[]
  /** Trees that are set aside, whose policy cannot be read. */
  readonly damaged: readonly Uint8Array[]
}

type Policies = Pick<Clients, 'trees' | 'node'>

/** Reads what all trees say of two keys. Before there is a new one, `to` is undefined. */
export async function standingOf(clients: Policies, from: string, to: string | undefined): Promise<Standing> {
  const [toGrant, granted]: [TreeRight[], TreeRight[]] = [[], []]
  const [toAsk, revoked]: [TreeRight[], TreeRight[]] = [[], []]
  const damaged: Uint8Array[] = []
  for await (const { id: tree, damage } of allTrees(clients)) {
    if (damage !== '') {
      damaged.push(tree)
      continue
    }
    const { members, publicAccess } = await clients.node.getPolicy({ tree })
    const permission = rightOf(members, publicAccess, from)
    const fresh = rightOf(members, publicAccess, to)
    const right = { tree, permission }
    if (memberOf(members, to)?.revoked) revoked.push(right)
    else if (fresh < permission) (permission === Permission.ADMIN ? toGrant : toAsk).push(right)
    else if (permission === Permission.ADMIN) granted.push(right)
  }
  return { toGrant, granted, toAsk, revoked, damaged }
}

function memberOf(members: readonly PolicyMember[], peer: string | undefined): PolicyMember | undefined {
  return peer === undefined ? undefined : members.find((each) => hexText(each.peer) === peer)
}

/** Returns what a key may do, by name or as everybody. A revoked key may read what everybody may. */
function rightOf(
  members: readonly PolicyMember[],
  publicAccess: PublicAccess,
  peer: string | undefined,
): Permission {
  const member = memberOf(members, peer)
  const everybody = open(publicAccess)
  if (member === undefined) return everybody
  return member.revoked ? Math.min(everybody, Permission.READ) : Math.max(everybody, member.permission)
}

/** Public access counts like permissions, but one further: none, read, write. */
const open = (publicAccess: PublicAccess): Permission => Math.max(0, publicAccess - 1)

/** Lets the old key grant the new one its rights, tree by tree, unless an admin has revoked the new one meanwhile. */
export async function grantAll(
  clients: Policies,
  rights: readonly TreeRight[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<void> {
  const peer = hexToBytes(to)
  for (const { tree, permission } of rights) {
    const { members } = await clients.node.getPolicy({ tree })
    if (memberOf(members, to)?.revoked) continue
    const name = members.find((member) => hexText(member.peer) === from)?.name ?? ''
    await clients.node.changePolicy({ tree, grants: [{ peer, permission, name }] })
  }
}

/**
 * Lets the old key revoke itself after its last entries, in trees of which the new one is an admin. No senior has to
 * agree, and the old key cannot take it back: what revokes a key of its own level counts.
 */
export async function giveUp(clients: Policies, rights: readonly TreeRight[], from: string): Promise<void> {
  const peer = hexToBytes(from)
  for (const { tree } of rights) await clients.node.revokeKey({ tree, peer })
}

/** Waits until the linked peers of some trees have their entries. Returns the links of which that is not known. */
export async function deliver(
  clients: Policies,
  rights: readonly TreeRight[],
  timeoutMs: number,
): Promise<LinkStatus[]> {
  const trees = new Set(rights.map(({ tree }) => hexText(tree)))
  if (trees.size === 0) return []
  // A flush waits for all links. Short ones first, so that a peer of another tree that is away holds nothing up.
  let [waitMs, leftMs] = [Math.min(limits.rotationFlushMs, timeoutMs), timeoutMs]
  // Ends when `timeoutMs` is used up.
  for (;;) {
    const { pending } = await clients.node.flush({ timeoutMs: waitMs })
    const lacking = pending.filter(({ tree }) => trees.has(hexText(tree)))
    leftMs -= waitMs
    if (lacking.length === 0 || leftMs <= 0) return lacking
    waitMs = Math.min(2 * waitMs, leftMs)
  }
}

/** A request of the new key for a right of the old one, and what became of it. */
export interface Request extends TreeRight {
  /** The peer that was asked; undefined if no linked peer can be dialled. */
  readonly peer: Uint8Array | undefined
  readonly problem: string
}

/**
 * Lets the new key ask linked peers for what the old one had: the admins among them, or else all. Nobody can ask to be an
 * admin, so that it asks to write. A peer that is away is asked again while the node runs.
 */
export async function askAll(
  clients: Policies,
  rights: readonly TreeRight[],
  message: string,
): Promise<Request[]> {
  if (rights.length === 0) return []
  const addresses = new Map<string, string[]>()
  const linked = new Map<string, string[]>()
  for await (const { peers } of allPages((page) => clients.node.listPeers(page)))
    for (const { peer, addresses: known, trees, blocked } of peers) {
      if (blocked || known.length === 0) continue
      addresses.set(
        hexText(peer),
        known.slice(0, limits.rotationAddresses).map(({ address }) => address),
      )
      for (const tree of trees)
        linked.set(hexText(tree), [...(linked.get(hexText(tree)) ?? []), hexText(peer)])
    }
  const requests = rights.map(async ({ tree, permission }): Promise<Request[]> => {
    const { members } = await clients.node.getPolicy({ tree })
    const admins = new Set(
      members
        .filter((each) => each.permission === Permission.ADMIN && !each.revoked)
        .map(({ peer }) => hexText(peer)),
    )
    const peers = linked.get(hexText(tree)) ?? []
    const asked = peers.some((peer) => admins.has(peer)) ? peers.filter((peer) => admins.has(peer)) : peers
    if (asked.length === 0) return [{ tree, permission, peer: undefined, problem: '' }]
    return Promise.all(
      asked.map(async (peer) => {
        const ticket = formatTicket({
          ...{ tree: idFromBytes(tree), peer: parsePeerId(peer), addresses: addresses.get(peer)! },
        })
        const problem = await ask(clients, ticket, Math.min(permission, Permission.WRITE), message)
        return { tree, permission, peer: hexToBytes(peer), problem }
      }),
    )
  })
  return (await Promise.all(requests)).flat()
}

/** Asks once, and leaves the rest to the node. Returns why nobody could be asked now, or ''. */
async function ask(
  clients: Policies,
  ticket: string,
  permission: Permission,
  message: string,
): Promise<string> {
  try {
    let problem = ''
    for await (const { errorMessage } of clients.node.joinTree({ ticket, permission, message, wait: false }))
      problem = errorMessage
    return problem
  } catch (error) {
    return asCausewayError(error).message
  }
}

export function rightDocument({ tree, permission }: TreeRight) {
  return { tree: idText(tree), permission: permissionName(permission) }
}
