/**
 * Names for ids, as `status`, `log` and others show them: a tree by its name, a peer by its name in the peer book, the
 * application keys or a tree's policy. A name that is not unique gets a piece of the id, and who has none is that piece.
 */
import type { Clients } from '../context.ts'
import { asCausewayError, hexText, plainText } from '../output.ts'
import { allPages } from '../pages.ts'
import { allTrees } from '../trees/tree-argument.ts'

/** How many characters of an id stand for it: the last ones of a tree's, since all begin alike, and the first of a peer's. */
const pieceChars = 8
/** Longer names are cut. */
const mostChars = 40

export class Names {
  private readonly trees = new Map<string, string>()
  private readonly peers = new Map<string, string>()
  private readonly used = new Map<string, number>()

  addTree(tree: string, name: string): void {
    this.add(this.trees, tree, name)
  }

  /** Adds the name of a peer, unless it has one: the first to name it wins. */
  addPeer(peer: string, name: string): void {
    this.add(this.peers, peer, name)
  }

  private add(names: Map<string, string>, id: string, given: string): void {
    const name = plainText(given, mostChars)
    if (name === '' || names.has(id)) return
    names.set(id, name)
    const key = this.useKey(names, name)
    this.used.set(key, (this.used.get(key) ?? 0) + 1)
  }

  private useKey(names: Map<string, string>, name: string): string {
    return `${names === this.trees ? 'tree' : 'peer'} ${name}`
  }

  /** Returns the name of a tree, or null if it has none or is not here. */
  treeName(tree: string): string | null {
    return this.trees.get(tree) ?? null
  }

  peerName(peer: string): string | null {
    return this.peers.get(peer) ?? null
  }

  /** Returns what stands for a tree in a table. */
  tree(tree: string): string {
    return this.shown(this.trees, tree, `…${tree.slice(-pieceChars)}`)
  }

  /** Returns what stands for a peer or an author in a table. */
  peer(peer: string): string {
    return this.shown(this.peers, peer, `${peer.slice(0, pieceChars)}…`)
  }

  private shown(names: Map<string, string>, id: string, piece: string): string {
    const name = names.get(id)
    if (name === undefined) return piece
    return this.used.get(this.useKey(names, name)) === 1 ? name : `${name} ${piece}`
  }
}

/** Asks the node for the names of its trees and peers. */
export async function namesOf(clients: Clients): Promise<Names> {
  const names = new Names()
  for await (const tree of allTrees(clients)) names.addTree(tree.cid, tree.name)
  await addPeers(clients, names)
  return names
}

/** Asks the node for the names of those who write to a tree. */
export async function authorsOf(clients: Clients, tree: Uint8Array): Promise<Names> {
  const names = new Names()
  await addPeers(clients, names)
  for await (const { apps } of allPages((page) => clients.node.listApps(page)))
    for (const { peer, name } of apps) names.addPeer(hexText(peer), name)
  try {
    const { members } = await clients.node.getPolicy({ tree })
    for (const { peer, name } of members) names.addPeer(hexText(peer), name)
  } catch (error) {
    // The entries of a damaged tree may be read where its policy may not.
    if (asCausewayError(error).code !== 'STORE_CORRUPT') throw error
  }
  return names
}

/** Adds this node and the peers of its book. */
async function addPeers(clients: Clients, names: Names): Promise<void> {
  names.addPeer(hexText((await clients.node.getNode({})).peer), 'this node')
  for await (const { peers } of allPages((page) => clients.node.listPeers(page)))
    for (const { peer, name } of peers) names.addPeer(hexText(peer), name)
}
