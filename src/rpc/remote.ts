/** The remote that sync speaks to, over one connection's SyncService client. */
import type { Client } from '@connectrpc/connect'
import { SyncService, type SyncTreeResponse } from '../../gen/causeway/v1/sync_pb.ts'
import { type Clock, deadline } from '../clock.ts'
import type { SignedEntry } from '../dag/entry.ts'
import { bytesToHex } from '../dag/hex.ts'
import { idToBytes, type TreeId } from '../dag/id.ts'
import { CausewayError, type ErrorCode, errorCodes } from '../errors.ts'
import { limits } from '../limits.ts'
import type { CallOptions, Remote, SendOutcome, SyncAnswer, SyncPage, SyncRequest } from '../sync/remote.ts'
import type { RpcConnection } from './connection.ts'
import { readSigned, readSyncHeader, writeSyncRequest } from './convert.ts'
import { fromConnectError } from './errors.ts'

/** A Remote over an open connection, which stays the caller's. */
export function createRemote(connection: RpcConnection, clock: Clock): Remote {
  const client: Client<typeof SyncService> = connection.client(SyncService)
  return {
    async syncTree(request: SyncRequest, options: CallOptions = {}): Promise<SyncAnswer> {
      const messages = client
        .syncTree(writeSyncRequest(request), callOptions(options))
        [Symbol.asyncIterator]()
      try {
        const first = await messages.next()
        if (first.done || first.value.part.case !== 'header')
          throw new CausewayError('PROTOCOL', 'An answer to SyncTree begins with a header.')
        const header = readSyncHeader(first.value.part.value, request.tips.length)
        return { header, pages: pagesOf(messages, options.signal) }
      } catch (error) {
        throw lost(connection, error, options.signal)
      }
    },
    async sendEntries(
      tree: TreeId,
      entries: readonly SignedEntry[],
      options: CallOptions = {},
    ): Promise<SendOutcome> {
      using limit = deadline(clock, limits.unaryTimeoutMs, 'Sending a page', options.signal)
      try {
        const response = await client.sendEntries(
          { tree: idToBytes(tree), entries: [...entries] },
          { signal: limit.signal },
        )
        return {
          added: response.added,
          known: response.known,
          refused: response.refused.map(({ id, index, code, message }) => ({
            id: bytesToHex(id),
            index,
            code: (errorCodes as readonly string[]).includes(code) ? (code as ErrorCode) : 'PROTOCOL',
            message,
          })),
          tipsDigest: bytesToHex(response.tipsDigest),
          count: Number(response.count),
        }
      } catch (error) {
        throw lost(connection, error, limit.signal)
      }
    },
  }

  async function* pagesOf(
    messages: AsyncIterator<SyncTreeResponse>,
    signal?: AbortSignal,
  ): AsyncGenerator<SyncPage> {
    try {
      for (;;) {
        const message = await messages.next()
        if (message.done) return
        const { part } = message.value
        if (part.case !== 'page')
          throw new CausewayError('PROTOCOL', 'After its header an answer to SyncTree has only pages.')
        yield { entries: readSigned(part.value.entries), more: part.value.more }
      }
    } catch (error) {
      throw lost(connection, error, signal)
    } finally {
      await messages.return?.()
    }
  }
}

function callOptions({ signal }: CallOptions): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal }
}

/** The error of a call; where the connection itself ended, why. */
export function lost(connection: RpcConnection, error: unknown, signal?: AbortSignal): CausewayError {
  const translated = fromConnectError(error, signal)
  if (connection.ended !== undefined && translated.code !== 'CANCELLED') return connection.ended
  return translated
}
