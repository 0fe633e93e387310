/** Strangers that write valid entries to a public tree, in shapes that cost as much as possible. */
import { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../src/base/clock.ts'
import { mapInto } from '../../src/dag/difference/sketch.ts'
import { signEntry, type VerifiedEntry } from '../../src/dag/entry.ts'
import { type EntryId, idToBytes, type TreeId } from '../../src/dag/id.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { RpcConnection } from '../../src/rpc/client/connection.ts'
import type { Attack, Attacker } from './attacker.ts'

const author = createIdentity()
/** Entries in one call. */
const pageOf = 200
/** Cells of the sketch that a request carries. */
const askedCells = 80
let made = 0

/** Makes an entry with a body that no other has. */
function entry(tree: TreeId, parent: { id: EntryId; height: number }): VerifiedEntry {
  return signEntry(author, {
    ...{ tree, parents: [parent.id], height: parent.height + 1, policy: [] },
    createdAtMs: Date.now(),
    changes: [{ store: 'log', kind: 'add', payload: Buffer.from(`${process.pid} ${made++}`) }],
  })
}

/** Sends pages until the time is over, on a new connection whenever the node has ended the last one. */
async function send(attacker: Attacker, next: () => VerifiedEntry[]): Promise<void> {
  const tree = idToBytes(attacker.target.tree as TreeId)
  while (!attacker.over) {
    const stream = await attacker.socket()
    const connection = new RpcConnection({ stream, remoteAddress: '' }, { clock: systemClock })
    const sync = connection.client(SyncService)
    while (connection.open && !attacker.over) {
      const page = next()
      attacker.made += page.length
      // Refused pages are sent again by nobody: an attacker does not wait.
      await sync.sendEntries({ tree, entries: page.map(({ signed }) => signed) }).catch(() => {})
      await attacker.pace(0)
    }
    connection.close()
  }
}

const rootOf = ({ target }: Attacker) => ({ id: target.tree as EntryId, height: 0 })

/** Returns an entry that the first cells of a sketch do not tell from others: it is in the first of them only. */
function ground(tree: TreeId, parent: { id: EntryId; height: number }): VerifiedEntry {
  const cells = new Int32Array(askedCells)
  for (;;) {
    const made = entry(tree, parent)
    const bytes = Buffer.from(idToBytes(made.id))
    if (mapInto(cells, bytes.readInt32LE(0), bytes.readInt32LE(4), askedCells) === 1) return made
  }
}

export const entryFloods: readonly Attack[] = [
  {
    name: 'a tree of tips',
    bound: 'strangerWorkMsPerSecond, quotas',
    cut: false,
    run: (attacker) => {
      const tree = attacker.target.tree as TreeId
      return send(attacker, () => Array.from({ length: pageOf }, () => entry(tree, rootOf(attacker))))
    },
  },
  {
    name: 'a chain without end',
    bound: 'strangerWorkMsPerSecond, quotas',
    cut: false,
    run: (attacker) => {
      const tree = attacker.target.tree as TreeId
      let last = rootOf(attacker)
      return send(attacker, () =>
        Array.from({ length: pageOf }, () => {
          const next = entry(tree, last)
          last = { id: next.id, height: next.body.height }
          return next
        }),
      )
    },
  },
  {
    name: 'ids ground to share sketch cells',
    bound: 'ranges take over from sketches',
    cut: false,
    run: (attacker) => send(attacker, () => [ground(attacker.target.tree as TreeId, rootOf(attacker))]),
  },
]
