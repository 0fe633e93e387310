/** Implements sync's `Remote` over one connection, by a client of SyncService. */
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
  SendOptions,
  SendOutcome,
  SyncAnswer,
  SyncPage,
  SyncRequest,
} from '../../sync/remote.ts'
import { readSyncHeader, writeSyncRequest } from '../convert-sync.ts'
import { PackedSyncService, readPage, writeCompactRequest, writeSendRequest } from '../packed.ts'
import { callError } from './calls.ts'
import type { RpcConnection } from './connection.ts'

/** How long one message of an answer may take. */
const messageTimeoutMs =
  limits.idleTimeoutMs + Math.ceil((1_000 * limits.messageBytes) / limits.slowestBytesPerSecond)

/** Returns a Remote over an open connection. The caller still owns the connection. */
export function createRemote(connection: RpcConnection, clock: Clock): Remote {
  const client: Client<typeof SyncService> = connection.client(PackedSyncService)
  /** Whether the remote has said that it reads compact pages. */
  let readsCompact = false
  return {
    async syncTree(request: SyncRequest, { signal }: CallOptions = {}): Promise<SyncAnswer> {
      const answer = new Answer(connection, clock, signal)
      try {
        const message = writeSyncRequest(request)
        message.compact = true
        answer.begin(client.syncTree(message, { signal: answer.signal }))
        const first = await answer.next()
        if (first?.part.case !== 'header')
          throw new CausewayError(
            'PROTOCOL',
            'An answer to SyncTree must begin with a header, but the remote sent something else.',
          )
        const header = readSyncHeader(first.part.value, request.tips.length)
        readsCompact = first.part.value.compact
        return { header, pages: answer.pages(request.tree, header.count) }
      } catch (error) {
        throw answer.end(error)
      }
    },
    async sendEntries(
      tree: TreeId,
      entries: readonly SignedEntry[],
      options: SendOptions = {},
    ): Promise<SendOutcome> {
      const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0)
      const timeoutMs = limits.unaryTimeoutMs + Math.ceil((1_000 * bytes) / limits.slowestBytesPerSecond)
      using limit = deadline(clock, timeoutMs, 'Sending a page', options.signal)
      try {
        const request = readsCompact
          ? writeCompactRequest(tree, entries, options.ids)
          : writeSendRequest(tree, entries)
        const response = await client.sendEntries(request, { signal: limit.signal })
        if (response.added + response.known + response.refused.length > entries.length)
          throw new CausewayError('PROTOCOL', 'The remote reports more entries than it was sent.')
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
        throw callError(connection, error, limit.signal)
      }
    },
  }
}

/**
 * One answer to SyncTree as it streams in. Checks the remote's pages against its header, ends the call however reading
 * ends, and bounds each wait, since a remote whose HTTP/2 is alive may still never answer.
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

  /**
   * Returns the next message, or undefined at the end. Aborts the call if the remote is silent for too long, or if the
   * message takes longer than one of the largest size does over the slowest line: a drip is no silence, nor is what
   * comes for other calls.
   */
  async next(): Promise<SyncTreeResponse | undefined> {
    let cancelTimer = () => {}
    const startedMs = this.clock.monotonic()
    const wait = () => {
      const now = this.clock.monotonic()
      const silentMs = now - Math.max(startedMs, this.connection.lastReadMs)
      const leftMs = Math.min(limits.idleTimeoutMs - silentMs, startedMs + messageTimeoutMs - now)
      if (leftMs > 0) {
        cancelTimer = this.clock.setTimer(leftMs, wait)
        return
      }
      const [text, timeoutMs] =
        silentMs < limits.idleTimeoutMs
          ? [`The remote did not send a message within ${messageTimeoutMs} ms.`, messageTimeoutMs]
          : [`The remote sent nothing for ${limits.idleTimeoutMs} ms.`, limits.idleTimeoutMs]
      this.call.abort(new CausewayError('TIMEOUT', text, { data: { timeoutMs } }))
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
   * Returns the pages. `count` is how many entries the remote says it has, and bounds what it may send. `return` ends
   * the call even before the first page; a generator that was never started would not.
   */
  pages(tree: TreeId, count: number): AsyncIterableIterator<SyncPage> {
    const pages = this.read(tree, count)
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

  private async *read(tree: TreeId, count: number): AsyncGenerator<SyncPage> {
    let entries = 0
    let empty = false
    try {
      // Ends since each page but the last has entries, which are counted.
      for (;;) {
        const message = await this.next()
        if (message === undefined) return
        const page = readPage(tree, message)
        if (page === undefined)
          throw new CausewayError(
            'PROTOCOL',
            'An answer to SyncTree must have only pages after its header, but the remote sent something else.',
          )
        if (empty)
          throw new CausewayError(
            'PROTOCOL',
            'Only the last page of an answer may be empty, but the remote sent more after an empty one.',
          )
        empty = page.entries.length === 0
        entries += page.entries.length
        if (entries > count)
          throw new CausewayError('PROTOCOL', `The remote says that it has ${count} entries, but sends more.`)
        yield page
      }
    } catch (error) {
      throw this.end(error)
    } finally {
      this.end()
    }
  }

  /** Ends the call, which frees its stream. Returns the error to throw. */
  end(error?: unknown): CausewayError | undefined {
    const failure = error === undefined ? undefined : callError(this.connection, error, this.call.signal)
    this.parent?.removeEventListener('abort', this.onParent)
    // Leaving a stream unread would not reset it. Without a reason, abort sends the remote CANCEL and no error.
    this.call.abort()
    return failure
  }

  private readonly onParent = () => this.call.abort(this.parent!.reason)
}
