/** Strangers that write texts which take the square of their size, and read them. */
import { StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { signEntry } from '../../src/dag/entry.ts'
import { type EntryId, idToBytes, type TreeId } from '../../src/dag/id.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import { encodeTextUpdate } from '../../src/state/text/payload.ts'
import { clientOf } from '../../src/state/text/update.ts'
import { squareUpdates } from '../kit/texts.ts'
import type { Attack, Attacker } from './attacker.ts'

const author = createIdentity()
const session = new Uint8Array(16).fill(1)

/** Writes texts, each under a key of its own, and asks for each of them until the time is over. */
async function run(attacker: Attacker): Promise<void> {
  const tree = attacker.target.tree as TreeId
  const updates = squareUpdates(clientOf(author.peer, session))
  while (!attacker.over) {
    const connection = new RpcConnection(
      { stream: await attacker.socket(), remoteAddress: '' },
      { clock: systemClock },
    )
    const [sync, stores] = [connection.client(SyncService), connection.client(StoreService)]
    while (connection.open && !attacker.over) {
      const key = `${process.pid} ${attacker.made++}`
      let last = { id: tree as EntryId, height: 0 }
      const entries = updates.map((update) => {
        const payload = encodeTextUpdate({ key, session, update })
        const { id, body, signed } = signEntry(author, {
          ...{ tree, parents: [last.id], height: last.height + 1, policy: [], createdAtMs: Date.now() },
          changes: [{ store: 'texts', kind: 'cw.yjs', payload }],
        })
        last = { id, height: body.height }
        return signed
      })
      await sync.sendEntries({ tree: idToBytes(tree), entries }).catch(() => {})
      // Whoever attacks waits for no answer.
      stores.get({ tree: idToBytes(tree), keys: [{ store: 'texts', key }] }).catch(() => {})
      await attacker.pace(0)
    }
    connection.close()
  }
}

export const textFloods: readonly Attack[] = [
  {
    name: 'texts that take the square of their size',
    bound: '`textComparisons`, on threads',
    cut: false,
    run,
  },
]
