/** The remote that sync speaks to, over one connection's SyncService client. */
import type { Client } from '@connectrpc/connect'
import type { SyncService, SyncTreeResponse } from '../../../gen/causeway/v1/sync_pb.ts'
import { type Clock, deadline } from '../../base/clock.ts'
import { CausewayError, type ErrorCode, errorCodes } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { entryBytes, type SignedEntry } from '../../dag/entry.ts'
import { bytesToHex } from '../../dag/hex.ts'
import type { TreeId } from '../../dag/id.ts'
import type {
  CallOptions,
  Remote,
  SendOutcome,
  SyncAnswer,
  SyncPage,
  SyncRequest,
} from '../../sync/remote.ts'
import { readSyncHeader, writeSyncRequest } from '../convert-sync.ts'
import { fromConnectError } from '../errors.ts'
import { PackedSyncService, readPage, writeSendRequest } from '../packed.ts'
import type { RpcConnection } from './connection.ts'

/** A Remote over an open connection, which stays the caller's. */
export function createRemote(connection: RpcConnection, clock: Clock): Remote {
  const client: Client<typeof SyncService> = connection.client(PackedSyncService)
  return {
    async syncTree(request: SyncRequest, { signal }: CallOptions = {}): Promise<SyncAnswer> {
      const answer = new Answer(connection, clock, signal)
      try {
        answer.begin(client.syncTree(writeSyncRequest(request), { signal: answer.signal }))
        const first = await answer.next()
        if (first?.part.case !== 'header')
          throw new CausewayError('PROTOCOL', 'An answer to SyncTree begins with a header.')
        const header = readSyncHeader(first.part.value, request.tips.length)
        return { header, pages: answer.pages(header.count) }
      } catch (error) {
        throw answer.end(error)
      }
    },
    async sendEntries(
      tree: TreeId,
      entries: readonly SignedEntry[],
      options: CallOptions = {},
    ): Promise<SendOutcome> {
      const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0)
      const timeoutMs = limits.unaryTimeoutMs + Math.ceil((1_000 * bytes) / limits.slowestBytesPerSecond)
      using limit = deadline(clock, timeoutMs, 'Sending a page', options.signal)
      try {
        const request = writeSendRequest(tree, entries)
        const response = await client.sendEntries(request, { signal: limit.signal })
        if (response.added + response.known + response.refused.length > entries.length)
          throw new CausewayError('PROTOCOL', 'The remote tells of more entries than it was sent.')
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
}

/**
 * One answer to SyncTree as it streams in. Holds the remote to what it said, ends the call whichever way reading
 * ends, and does not wait for ever: a remote whose HTTP/2 is alive may still never answer.
 */
class Answer {
  private readonly connection: RpcConnection
  private readonly clock: Clock
  private readonly call = new AbortController()
  private readonly parent: AbortSignal | undefined
  private messages: AsyncIterator<SyncTreeResponse> | undefined

  constructor(connection: RpcConnection, clock: Clock, parent: AbortSignal | undefined) {
    this.connection = connection
    this.clock = clock
    this.parent = parent
    if (parent?.aborted) this.onParent()
    parent?.addEventListener('abort', this.onParent, { once: true })
  }

  get signal(): AbortSignal {
    return this.call.signal
  }

  begin(messages: AsyncIterable<SyncTreeResponse>): void {
    this.messages = messages[Symbol.asyncIterator]()
  }

  /** The next message; undefined at the end. */
  async next(): Promise<SyncTreeResponse | undefined> {
    let cancelTimer = () => {}
    const startedMs = this.clock.monotonic()
    const wait = () => {
      // A message that is on its way over a slow link is no silence.
      const silentMs = this.clock.monotonic() - Math.max(startedMs, this.connection.lastReadMs)
      if (silentMs < limits.idleTimeoutMs) {
        cancelTimer = this.clock.setTimer(limits.idleTimeoutMs - silentMs, wait)
        return
      }
      this.call.abort(
        new CausewayError('TIMEOUT', `The remote sent nothing for ${limits.idleTimeoutMs} ms.`, {
          data: { timeoutMs: limits.idleTimeoutMs },
        }),
      )
    }
    wait()
    try {
      const message = await this.messages!.next()
      return message.done ? undefined : message.value
    } finally {
      cancelTimer()
    }
  }

  /**
   * `count`: how many entries the remote says it has, which bounds what it may send. `return` ends the call also where
   * nothing was read, which a generator that was never started would not.
   */
  pages(count: number): AsyncIterableIterator<SyncPage> {
    const pages = this.read(count)
    return {
      next: () => pages.next(),
      return: () => {
        this.end()
        return pages.return(undefined)
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  private async *read(count: number): AsyncGenerator<SyncPage> {
    let entries = 0
    let empty = false
    try {
      for (;;) {
        const message = await this.next()
        if (message === undefined) return
        const page = readPage(message)
        if (page === undefined)
          throw new CausewayError('PROTOCOL', 'After its header an answer to SyncTree has only pages.')
        if (empty) throw new CausewayError('PROTOCOL', 'Only the last page of an answer may be empty.')
        empty = page.entries.length === 0
        entries += page.entries.length
        if (entries > count)
          throw new CausewayError('PROTOCOL', `The remote has ${count} entries, but sends more.`)
        yield page
      }
    } catch (error) {
      throw this.end(error)
    } finally {
      this.end()
    }
  }

  /** Ends the call, which frees the stream; gives the error to throw. */
  end(error?: unknown): CausewayError | undefined {
    const told = error === undefined ? undefined : lost(this.connection, error, this.call.signal)
    this.parent?.removeEventListener('abort', this.onParent)
    // Leaving a stream unread would not reset it; without a reason of ours the remote is told CANCEL, and no error.
    this.call.abort()
    return told
  }

  private readonly onParent = () => this.call.abort(this.parent!.reason)
}

/** The error of a call; where the connection itself ended, why. */
export function lost(connection: RpcConnection, error: unknown, signal: AbortSignal): CausewayError {
  if (!signal.aborted && !(error instanceof CausewayError) && connection.ended !== undefined)
    return connection.ended
  return fromConnectError(error, signal)
}
