/**
 * A node with its page and three peers, of which one is away: what every test of the page looks at. All of them run in this
 * process, on free ports of this machine. With PAGE_ENTRIES, their tree has so many entries more.
 */
import { createClient } from '@connectrpc/connect'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import type { NodeOptions } from '../../../src/node/options.ts'

/** Entries that the tree of notes has beneath those that the tests look at. */
const beneath = Number(process.env.PAGE_ENTRIES ?? 0)
/** Commits that are under way at a time. */
const together = 500

const anyPort = { host: '127.0.0.1', port: 0 }

export class Lab implements AsyncDisposable {
  readonly node: Node
  /** Where its page is. */
  readonly url: string
  /** The peers by their names; Dave is away. */
  readonly peers: { readonly bob: Node; readonly carol: Node; readonly dave: Node }
  readonly notes: TreeId
  readonly diary: TreeId

  private constructor(lab: Pick<Lab, 'node' | 'url' | 'peers' | 'notes' | 'diary'>) {
    this.node = lab.node
    this.url = lab.url
    this.peers = lab.peers
    this.notes = lab.notes
    this.diary = lab.diary
  }

  static async start(options: NodeOptions = {}): Promise<Lab> {
    const open = async () => {
      const node = await createNode({ http: anyPort, ...(options.clock && { clock: options.clock }) })
      await node.listen()
      return node
    }
    const node = await createNode({ http: anyPort, ...options })
    await node.listen()
    const url = await node.listenAdmin(anyPort)
    const [bob, carol, dave] = [await open(), await open(), await open()]
    const notes = await node.createTree('Notes', PublicAccess.WRITE)
    const diary = await node.createTree('Diary', PublicAccess.READ)
    const lab = new Lab({ node, url, peers: { bob, carol, dave }, notes, diary })
    await lab.fill()
    await lab.write(notes, node, 20)
    for (const [name, peer] of Object.entries(lab.peers)) {
      await node.addPeer(peer.peer, {
        name: `${name[0]!.toUpperCase()}${name.slice(1)}`,
        addresses: peer.addresses(),
      })
      for (const tree of [notes, ...(peer === bob ? [diary] : [])]) {
        await peer.sync(tree, node.addresses()[0]!)
        await node.link({ tree, peer: peer.peer })
      }
    }
    await node.flush({ timeoutMs: 60_000 })
    await lab.write(notes, bob, 5)
    await lab.write(notes, carol, 3)
    await bob.sync(notes, node.addresses()[0]!)
    await carol.sync(notes, node.addresses()[0]!)
    await dave.close()
    await lab.write(notes, node, 2)
    return lab
  }

  /** Returns how many entries the notes have, of which the tests wrote so many. */
  entries(written: number): string {
    return `${(beneath + written).toLocaleString('en')} entries`
  }

  private async fill(): Promise<void> {
    const store = this.node.stores.open(this.notes, 'beneath')
    for (let from = 0; from < beneath; from += together)
      await Promise.all(
        Array.from({ length: Math.min(together, beneath - from) }, (_, n) =>
          store.put(`key-${from + n}`, `Value ${from + n}`),
        ),
      )
  }

  /** Writes entries at a node. */
  async write(tree: TreeId, node: Node, count: number, name = 'note'): Promise<void> {
    for (let n = 0; n < count; n++) await node.stores.open(tree, 'notes').put(`${name}-${n}`, `Written ${n}`)
  }

  /** Returns a new link that opens the page. */
  async link(): Promise<string> {
    return (await this.calls().createPageLink({})).url
  }

  calls() {
    return createClient(NodeService, this.node.rpc())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.node, this.peers.bob, this.peers.carol].map((node) => node.close(0)))
  }
}
