/** Builds what pairs a node with another one, and says what is kept when both people have accepted. */
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { SharedTree } from '../../access/pairing.ts'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type TreeId, unknownTree } from '../../dag/id.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import type { Dispatcher } from '../../dispatcher/dispatcher.ts'
import type { PeerBook } from '../../peer/book.ts'
import { RpcPairing } from '../../rpc/pairing/rpc-pairing.ts'
import { treeDetails } from '../../store/details.ts'
import type { DagStore } from '../../store/store.ts'
import type { TransportManager } from '../../transport/manager.ts'
import type { Dialler } from '../dialling/dialler.ts'
import type { Lan } from '../reach/lan/lan.ts'
import { addressesAt } from '../reach/lan/listeners.ts'
import { Pairing } from './pairing.ts'

export interface OpenPairingParts {
  readonly identity: Identity
  readonly clock: Clock
  readonly store: DagStore
  readonly book: PeerBook
  readonly lan: Lan
  readonly transports: TransportManager
  readonly dialler: Pick<Dialler, 'dial'>
  readonly dispatcher: Pick<Dispatcher, 'link'>
  readonly node: {
    addPeer(peer: PeerId, details: { name?: string; addresses: readonly string[] }): Promise<unknown>
    grant(tree: TreeId, peer: PeerId, permission: Permission, name?: string): Promise<unknown>
  }
  /** Called when an address of a peer is in the book. */
  onContact(peer: PeerId): void
}

export function openPairing(parts: OpenPairingParts): Pairing {
  const { identity, clock, book, lan, transports, dialler } = parts
  return new Pairing({
    ...{ clock, lan, self: identity.peer },
    addressesAt: (peer, host, ports) => addressesAt(transports, peer, { host, ports }),
    async open(addresses, peer, signal) {
      const { connection, address } = await dialler.dial(addresses, peer, signal)
      return new RpcPairing(connection, address, clock)
    },
    isBlocked: (peer) => book.get(peer)?.blocked === true,
    shared: (tree) => shared(parts, tree),
    async keep({ peer, name, addresses }, given, taken) {
      const { node, dispatcher, onContact } = parts
      // A name that a person gave stays.
      const known = book.get(peer)?.name || name
      await node.addPeer(peer, { name: known, addresses: [] })
      await book.learn(peer, 'LAN', { addresses, expiresMs: clock.now() + limits.lanAddressMs })
      if (given !== undefined) await give(parts, given, { peer, name: known })
      if (taken !== undefined) await dispatcher.link(taken.tree, peer)
      onContact(peer)
    },
  })
}

/** Returns a tree with its name. Throws UNKNOWN_TREE, and FORBIDDEN if this node is not an admin of it. */
async function shared(
  { store, identity }: OpenPairingParts,
  { tree, permission }: Omit<SharedTree, 'name'>,
): Promise<SharedTree> {
  const [details, policy] = await Promise.all([treeDetails(store, tree), store.policy(tree)])
  if (details === undefined || policy === undefined) throw unknownTree(tree)
  if (policy.permission(identity.peer) < Permission.ADMIN)
    throw new CausewayError('FORBIDDEN', 'Only an admin of a tree can share it with another machine.', {
      data: { tree },
    })
  return { tree, name: details.name, permission }
}

/** Lets a peer into a tree, unless it may do as much already, and links the two. */
async function give(
  { store, node, dispatcher }: OpenPairingParts,
  { tree, permission }: SharedTree,
  { peer, name }: { readonly peer: PeerId; readonly name: string },
): Promise<void> {
  const has = (await store.policy(tree))?.key(peer)?.permission ?? Permission.UNSPECIFIED
  if (has < permission) await node.grant(tree, peer, permission, name)
  await dispatcher.link(tree, peer)
}
