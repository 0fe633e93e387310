/**
 * A remote in the same process: another store behind the calls that sync makes, without transport or RPC. It counts
 * what crosses, and its hooks let a test cut the stream, repeat or change pages, lie, and delay or reorder sends.
 */

import { CausewayError } from '../../src/base/errors.ts'
import type { SignedEntry } from '../../src/dag/entry.ts'
import type { TreeId } from '../../src/dag/id.ts'
import { answerSync } from '../../src/sync/answer/answer.ts'
import type {
  CallOptions,
  Remote,
  SendOutcome,
  SyncAnswer,
  SyncHeader,
  SyncPage,
  SyncRequest,
} from '../../src/sync/remote.ts'
import type { TestPeer } from './peers.ts'

export interface RemoteHooks {
  /** Changes the request before it is answered. */
  readonly request?: (request: SyncRequest) => SyncRequest
  /** Changes the header. */
  readonly header?: (header: SyncHeader) => SyncHeader
  /** Changes the stream of pages. */
  readonly pages?: (pages: AsyncIterable<SyncPage>) => AsyncIterable<SyncPage>
  /** Breaks the stream with DISCONNECTED after this many pages of all answers together. */
  readonly cutAfterPage?: number
  /** Streams every page this many times. */
  readonly repeat?: number
  /** Decides whether and when a send happens: `deliver` hands the entries to the remote's ingest. */
  readonly send?: (
    entries: readonly SignedEntry[],
    deliver: (entries?: readonly SignedEntry[]) => Promise<SendOutcome>,
  ) => Promise<SendOutcome>
}

export class LocalRemote implements Remote {
  readonly requests: SyncRequest[] = []
  /** Pages and entries that were read from answers. */
  pagesPulled = 0
  entriesPulled = 0
  sends = 0
  entriesSent = 0
  /** Answers whose pages have not been read to the end or returned yet. */
  open = 0
  private readonly peer: TestPeer
  private readonly hooks: RemoteHooks

  constructor(peer: TestPeer, hooks: RemoteHooks = {}) {
    this.peer = peer
    this.hooks = hooks
  }

  async syncTree(request: SyncRequest, options: CallOptions = {}): Promise<SyncAnswer> {
    options.signal?.throwIfAborted()
    this.requests.push(request)
    const { hooks, peer } = this
    const asked = hooks.request?.(request) ?? request
    const answer = await answerSync(peer.store, asked, peer.clock.random)
    this.open++
    const source = hooks.pages?.(answer.pages) ?? answer.pages
    const steps = this.stream(source, options.signal)
    let closed = false
    const close = async () => {
      if (closed) return
      closed = true
      this.open--
      await steps.return(undefined)
      await answer[Symbol.asyncDispose]()
    }
    const pages: AsyncIterableIterator<SyncPage> = {
      async next() {
        try {
          const step = await steps.next()
          if (step.done) await close()
          return step
        } catch (error) {
          await close()
          throw error
        }
      },
      async return() {
        await close()
        return { done: true, value: undefined }
      },
      [Symbol.asyncIterator]: () => pages,
    }
    return { header: hooks.header?.(answer.header) ?? answer.header, pages }
  }

  private async *stream(pages: AsyncIterable<SyncPage>, signal?: AbortSignal): AsyncGenerator<SyncPage> {
    for await (const page of pages) {
      for (let times = 0; times < (this.hooks.repeat ?? 1); times++) {
        signal?.throwIfAborted()
        if (this.pagesPulled === this.hooks.cutAfterPage)
          throw new CausewayError('DISCONNECTED', 'The stream was cut by the test.')
        this.pagesPulled++
        this.entriesPulled += page.entries.length
        yield page
      }
    }
  }

  async sendEntries(
    tree: TreeId,
    entries: readonly SignedEntry[],
    options: CallOptions = {},
  ): Promise<SendOutcome> {
    options.signal?.throwIfAborted()
    this.sends++
    this.entriesSent += entries.length
    const deliver = async (delivered = entries): Promise<SendOutcome> => {
      const { store, ingest } = this.peer
      const { added, known, refused } = await ingest.page(tree, delivered)
      const { tipsDigest, count } = await store.summary(tree)
      return {
        added: added.length,
        known,
        refused: refused.map(({ id, index, error }) => ({
          id,
          index,
          code: error.code,
          message: error.message,
        })),
        tipsDigest,
        count,
      }
    }
    return this.hooks.send === undefined ? deliver() : this.hooks.send(entries, deliver)
  }
}
