/** NodeService's Backup: streams the backup that the node writes, as fast as its caller reads it. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { BackupRequest, BackupSince, NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { limits } from '../../base/limits.ts'
import { idToBytes, type TreeId } from '../../dag/id.ts'
import { readId, readIds } from '../convert.ts'

/** A part of a backup, and how far it is. */
interface Part {
  readonly bytes: Uint8Array
  readonly entries: number
  readonly count: number
  readonly damaged: readonly { readonly tree: TreeId; readonly message: string }[]
}

/** An earlier backup, of which the node leaves out what it has. */
interface Since {
  readonly backup: string
  readonly store: string
  readonly createdAtMs: number
  readonly trees: readonly { readonly tree: TreeId; readonly number: number; readonly entries: number }[]
}

export interface BackupOperations {
  backup(options: {
    trees?: readonly TreeId[]
    entriesOnly?: boolean
    withKey?: boolean
    since?: Since | undefined
  }): AsyncGenerator<Part>
}

export function createBackupHandlers(
  node: BackupOperations,
): Pick<ServiceImpl<typeof NodeService>, 'backup'> {
  return { backup: (request) => backup(node, request) }
}

async function* backup(node: BackupOperations, { trees, entriesOnly, withKey, since }: BackupRequest) {
  const chosen = readIds(trees, 'trees', limits.backupTrees)
  const parts = node.backup({
    ...(chosen.length > 0 && { trees: chosen }),
    entriesOnly,
    withKey,
    since: since && readSince(since),
  })
  let damaged: Part['damaged'] = []
  let [entries, count] = [0n, 0n]
  for await (const part of parts) {
    ;[entries, count] = [BigInt(part.entries), BigInt(part.count)]
    damaged = part.damaged
    yield { bytes: part.bytes, entries, count, done: false }
  }
  yield {
    ...{ entries, count, done: true },
    damaged: damaged.map(({ tree, message }) => ({ tree: idToBytes(tree), message })),
  }
}

function readSince({ backup, store, createdAtMs, trees }: BackupSince): Since {
  const ids = readIds(
    trees.map(({ tree }) => tree),
    'since.trees',
    limits.backupPoints,
  )
  return {
    backup: readId(backup, 'since.backup'),
    store: readId(store, 'since.store'),
    createdAtMs: Number(createdAtMs),
    trees: trees.map(({ number, entries }, index) => ({
      tree: ids[index]!,
      number,
      entries: Number(entries),
    })),
  }
}
