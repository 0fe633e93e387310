/** SyncService: what peers say to each other, on the store. Handlers translate and call; the work is in `sync/`. */
import type { ServiceImpl } from '@connectrpc/connect'
import type { SyncService } from '../../gen/causeway/v1/sync_pb.ts'
import type { Clock } from '../clock.ts'
import { hexToBytes } from '../dag/hex.ts'
import type { Identity } from '../dag/identity.ts'
import { CausewayError } from '../errors.ts'
import type { DagStore } from '../store/store.ts'
import { answerSync } from '../sync/answer.ts'
import type { Ingest } from '../sync/ingest.ts'
import { readId, readSigned, readSyncRequest, writeSyncHeader } from './convert.ts'
import { handshakeVersion, signHandshake } from './handshake.ts'

export interface SyncServiceParts {
  readonly store: DagStore
  readonly ingest: Ingest
  readonly identity: Identity
  readonly clock: Clock
}

export function createSyncService({
  store,
  ingest,
  identity,
  clock,
}: SyncServiceParts): Partial<ServiceImpl<typeof SyncService>> {
  return {
    handshake(request) {
      const nonce = clock.randomBytes(32)
      return {
        version: handshakeVersion,
        peer: hexToBytes(identity.peer),
        nonce,
        signature: signHandshake(identity, request, nonce),
        features: [],
      }
    },

    async *syncTree(request, context) {
      await using answer = await answerSync(store, readSyncRequest(request), clock.random)
      yield { part: { case: 'header', value: writeSyncHeader(answer.header) } }
      for await (const { entries, more } of answer.pages) {
        context.signal.throwIfAborted()
        yield { part: { case: 'page', value: { entries: [...entries], more } } }
      }
    },

    async sendEntries(request) {
      const tree = readId(request.tree, 'tree')
      if (store.tree(tree) === undefined)
        throw new CausewayError('UNKNOWN_TREE', `The tree ${tree} is not here.`, { data: { tree } })
      const { added, known, refused } = await ingest.page(tree, readSigned(request.entries))
      return {
        added: added.length,
        known,
        refused: refused.map(({ index, id, error }) => ({
          index,
          id: hexToBytes(id),
          code: error.code,
          message: error.message,
        })),
        tipsDigest: hexToBytes(await store.tipsDigest(tree)),
        count: BigInt(store.tree(tree)?.count ?? 0),
      }
    },
  }
}
