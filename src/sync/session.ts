/**
 * One session: brings one tree and one remote to the same entries, both ways. It asks with what we have, takes in
 * what comes while it comes, and pushes what the remote lacks. It keeps nothing about the remote: cut anywhere,
 * both stores are valid and the next session needs only the rest.
 */
import type { Clock } from '../clock.ts'
import type { EntryId, TreeId } from '../dag/id.ts'
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { DagStore, TreeView } from '../store/store.ts'
import type { Ingest } from './ingest.ts'
import { findMissing } from './missing.ts'
import { Pipeline } from './pipeline.ts'
import type { Remote, SyncAnswer, SyncStatus } from './remote.ts'
import { sample } from './sample.ts'

export interface SessionProgress {
  readonly received: number
  /** How many will be received in all, as far as the remote has said. */
  readonly expected: number
  readonly sent: number
  readonly toSend: number
}

export interface SessionResult {
  readonly tree: TreeId
  /** Entries that were new here. */
  received: number
  /** Entries that were new there. */
  sent: number
  /** SyncTree exchanges. */
  roundTrips: number
  /** How the remote answered each of them. */
  readonly statuses: SyncStatus[]
  /** Entries that crossed the wire although the other side had them. */
  redundant: number
  /** Reads of our store that finding the difference took. */
  storeReads: number
  /** Whether both sides had the same entries at the end. */
  equal: boolean
  /**
   * Our latest arrival when the session had done what it was to do: both sides were equal or, in a session of one
   * direction, that one was complete. Undefined where writers have outrun it.
   */
  settledAt: number | undefined
}

export interface SessionOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: SessionProgress) => void) | undefined
  /** False: takes nothing from the remote. */
  readonly pull?: boolean
  /** False: gives nothing to the remote. */
  readonly push?: boolean
}

export interface SessionLocal {
  readonly store: DagStore
  readonly ingest: Ingest
  readonly clock: Clock
}

/** Runs a session to its end. Errors: the remote's own, PROTOCOL when it sends what is not valid, CANCELLED. */
export async function runSession(
  local: SessionLocal,
  remote: Remote,
  tree: TreeId,
  options: SessionOptions = {},
): Promise<SessionResult> {
  const run = new Run(local, remote, tree, options)
  for (let round = 0; round < limits.sessionRounds; round++) if (await run.round()) break
  return run.result
}

class Run {
  readonly result: SessionResult
  private readonly local: SessionLocal
  private readonly remote: Remote
  private readonly tree: TreeId
  private readonly options: SessionOptions
  private expected = 0
  private toSend = 0

  constructor(local: SessionLocal, remote: Remote, tree: TreeId, options: SessionOptions) {
    this.local = local
    this.remote = remote
    this.tree = tree
    this.options = options
    this.result = {
      tree,
      received: 0,
      sent: 0,
      roundTrips: 0,
      statuses: [],
      redundant: 0,
      storeReads: 0,
      equal: false,
      settledAt: undefined,
    }
  }

  /** One exchange and the push that follows from it; true when there is nothing left to do. */
  async round(): Promise<boolean> {
    const { store, clock } = this.local
    const { result, options } = this
    const before = { received: result.received, sent: result.sent }
    const { tips, tipsDigest, count, sequence } = await store.summary(this.tree)
    const request = {
      tree: this.tree,
      tips: sample(tips, limits.requestTips, clock.random),
      tipsDigest,
      count,
      // Of what is not taken the remote need not send much.
      ...(options.pull === false && { budgetBytes: 1 }),
    }
    result.roundTrips++
    const answer = await this.remote.syncTree(request, { signal: this.options.signal })
    const { header } = answer
    result.statuses.push(header.status)
    if (header.status === 'equal') {
      if (header.tipsDigest !== request.tipsDigest)
        throw new CausewayError(
          'PROTOCOL',
          'The remote says that both sides are equal, but its digest is another.',
        )
      this.equal(sequence)
      return true
    }
    let more = false
    if (options.pull === false) await answer.pages[Symbol.asyncIterator]().return?.()
    else more = await this.receive(answer)
    if (more) return this.progressed(before)

    await using view = await store.view(this.tree)
    if (view === undefined) return true
    if (view.tipsDigest === header.tipsDigest && view.count === header.count) {
      this.equal(view.sequence)
      return true
    }
    if (options.push !== false) await this.push(view, header.tips)
    if (options.push === false || options.pull === false) {
      result.settledAt ??= view.sequence
      return true
    }
    return result.equal || this.progressed(before)
  }

  private equal(sequence: number): void {
    this.result.equal = true
    this.result.settledAt = sequence
  }

  /** False: another round is worth it. A round that moved nothing would be repeated for ever. */
  private progressed(before: { received: number; sent: number }): boolean {
    if (this.result.received > before.received || this.result.sent > before.sent) return false
    throw new CausewayError('PROTOCOL', 'The session made no progress although both sides differ.')
  }

  /** Takes in the pages as they come; true when the remote has more. */
  private async receive(answer: SyncAnswer): Promise<boolean> {
    const { ingest } = this.local
    const { result, options } = this
    this.expected = result.received + answer.header.entries
    const pipeline = new Pipeline(limits.sessionPagesInFlight)
    let more = false
    try {
      for await (const page of answer.pages) {
        more = page.more
        await pipeline.add(async () => {
          const outcome = await ingest.page(this.tree, page.entries)
          const [refused] = outcome.refused
          if (refused !== undefined)
            throw new CausewayError(
              'PROTOCOL',
              `The remote sent an entry that is not valid: ${refused.error.message}`,
              {
                data: { entry: refused.id, code: refused.error.code },
                cause: refused.error,
              },
            )
          result.received += outcome.added.length
          result.redundant += outcome.known
          this.report()
        })
        options.signal?.throwIfAborted()
      }
    } finally {
      await pipeline.settle()
    }
    await pipeline.drain()
    return more
  }

  /** Sends what the remote lacks, given its tips. */
  private async push(view: TreeView, theirTips: readonly EntryId[]): Promise<void> {
    const { store } = this.local
    const { result, options } = this
    const records = await store.lookupIn(this.tree, theirTips, view.snapshot)
    const known = theirTips.filter((_, index) => records[index] !== undefined)
    const missing = await findMissing(store, view, known)
    result.storeReads += theirTips.length + missing.reads
    this.toSend = missing.count ?? 0
    const pipeline = new Pipeline(limits.sessionPagesInFlight)
    try {
      for await (const page of missing.pages()) {
        await pipeline.add(async () => {
          const outcome = await this.remote.sendEntries(
            this.tree,
            page.map((entry) => entry.signed),
            { signal: options.signal },
          )
          result.sent += outcome.added
          result.redundant += outcome.known
          const [refused] = outcome.refused
          if (refused !== undefined)
            throw new CausewayError(refused.code, `The remote refused an entry: ${refused.message}`, {
              data: { entry: refused.id },
            })
          if (outcome.tipsDigest === view.tipsDigest && outcome.count === view.count)
            this.equal(view.sequence)
          this.report()
        })
        options.signal?.throwIfAborted()
      }
    } finally {
      await pipeline.settle()
    }
    await pipeline.drain()
  }

  private report(): void {
    const { received, sent } = this.result
    this.options.onProgress?.({
      received,
      expected: Math.max(this.expected, received),
      sent,
      toSend: Math.max(this.toSend, sent),
    })
  }
}
