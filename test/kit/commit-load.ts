/** Commits to a tree from many sides at once through a node's control socket, and what the node has acknowledged. */
import { createClient } from '@connectrpc/connect'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { type EntryId, idFromBytes, idToBytes, parseId } from '../../src/dag/id.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { dialLocal } from '../../src/transport/local.ts'

/** Acknowledged entries, over all loads of a test. */
export type Acknowledged = Set<EntryId>

export class CommitLoad {
  private readonly acknowledged: Acknowledged
  private readonly connection: RpcConnection
  private readonly sides: Promise<unknown>
  private readonly waiting: { at: number; reached: () => void }[] = []
  private isStopping = false

  private constructor(
    connection: RpcConnection,
    tree: Uint8Array,
    sides: number,
    acknowledged: Acknowledged,
  ) {
    this.connection = connection
    this.acknowledged = acknowledged
    const trees = createClient(TreeService, connection.transport)
    const changes = [{ store: 'log', kind: 'add', payload: new Uint8Array(100) }]
    const side = async () => {
      // Ends with the load, or with the node.
      while (!this.isStopping) {
        const { entry } = await trees.commit({ tree, changes })
        acknowledged.add(idFromBytes(entry!.id))
        for (const { at, reached } of this.waiting) if (acknowledged.size >= at) reached()
      }
    }
    this.sides = Promise.allSettled(Array.from({ length: sides }, side))
  }

  /** Starts to commit to a tree of the node that runs on a folder. */
  static async start(
    folder: string,
    tree: string,
    { sides, acknowledged }: { sides: number; acknowledged: Acknowledged },
  ): Promise<CommitLoad> {
    const connection = new RpcConnection((await dialLocal(folder))!, { clock: systemClock })
    return new CommitLoad(connection, idToBytes(parseId(tree)), sides, acknowledged)
  }

  /** Resolves when so many more were acknowledged. */
  more(count: number): Promise<void> {
    return new Promise((reached) => this.waiting.push({ at: this.acknowledged.size + count, reached }))
  }

  /** Lets the commits that are under way end. */
  async stop(): Promise<void> {
    this.isStopping = true
    await this.ended()
  }

  /** Resolves when no commit is under way any more, such as after the node has ended. */
  async ended(): Promise<void> {
    await this.sides
    this.connection.close()
  }
}
