/**
 * What one session holds while it runs: its calls to the remote, the transfer of entries, the figures of the result,
 * and whether the two sides were seen to be equal. The ways to find a difference (session, by-sketch, by-range) work on
 * it.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { SizedPosition } from '../../store/read/reader.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import type { TreeDigest, TreeView } from '../../store/tree-state.ts'
import { shortPrefixDigits } from '../cells.ts'
import type { Ingest } from '../ingest.ts'
import { missingEntries } from '../missing.ts'
import type { Remote, SyncAnswer, SyncRequest, SyncStatus } from '../remote.ts'
import type { SessionResult } from './session-result.ts'
import { checkHeader, Transfer, type TransferOptions } from './transfer.ts'

/** Our side of a session. */
export interface SessionLocal {
  readonly store: TreeReader
  readonly ingest: Ingest
  readonly clock: Clock
}

export class Exchange {
  readonly store: TreeReader
  readonly tree: TreeId
  readonly transfer: Transfer
  // As in SessionResult.
  cells = 0
  storeReads = 0
  equal = false
  settledAt: number | undefined
  private readonly remote: Remote
  private readonly signal: AbortSignal | undefined
  private readonly statuses: SyncStatus[] = []
  private abbreviatedBefore = false

  constructor(local: SessionLocal, remote: Remote, tree: TreeId, options: TransferOptions) {
    this.store = local.store
    this.remote = remote
    this.tree = tree
    this.signal = options.signal
    this.transfer = new Transfer(local, remote, tree, options)
  }

  /** Calls SyncTree and passes the answer to `use`. Releases the pages however `use` ends. */
  async ask<Result>(request: SyncRequest, use: (answer: SyncAnswer) => Promise<Result>): Promise<Result> {
    this.transfer.checkSignal()
    const answer = await this.remote.syncTree(request, { signal: this.signal })
    try {
      this.statuses.push(answer.header.status)
      checkHeader(answer.header)
      return await use(answer)
    } finally {
      await answer.pages[Symbol.asyncIterator]().return?.()
    }
  }

  /**
   * Pulls the entries with these prefixes. Returns the remote's state after that, or undefined if there are no
   * prefixes. If they take several requests, the parents of an entry may come with another request.
   */
  async pullPrefixes(prefixes: readonly string[], partial: boolean): Promise<TreeDigest | undefined> {
    let state: TreeDigest | undefined
    for (let start = 0; start < prefixes.length; start += limits.wantIds) {
      const { tipsDigest, count } = await this.store.summary(this.tree)
      const want = prefixes.slice(start, start + limits.wantIds)
      state = await this.ask({ tree: this.tree, tips: [], tipsDigest, count, want }, async (answer) => {
        await this.transfer.receive(answer, partial || prefixes.length > limits.wantIds)
        return answer.header
      })
    }
    return state
  }

  /**
   * Cuts prefixes to half their length, which nearly always tells ids apart. If somebody has ground ids so that it does
   * not, some entries do not come; so all but the first call in a session return the prefixes whole.
   */
  abbreviate(prefixes: readonly string[]): readonly string[] {
    const short = !this.abbreviatedBefore
    this.abbreviatedBefore = true
    return short ? prefixes.map((prefix) => prefix.slice(0, shortPrefixDigits)) : prefixes
  }

  /**
   * Pushes the entries with these prefixes. Returns the remote's state after that, or undefined if we have none of
   * them.
   */
  async pushPrefixes(
    view: TreeView,
    prefixes: readonly string[],
    partial = false,
  ): Promise<TreeDigest | undefined> {
    const found = await this.store.resolve(this.tree, prefixes, view.snapshot)
    this.storeReads += prefixes.length
    const present: SizedPosition[] = found.filter((entry) => entry !== undefined)
    if (present.length === 0) return undefined
    const { pages, count } = missingEntries(this.store, this.tree, present, 0)
    return this.transfer.push(pages(), count, partial)
  }

  /** Notes that both sides are equal if their digests and counts are. */
  noteIfEqual(ours: TreeView, theirs: TreeDigest | undefined): void {
    if (ours.tipsDigest !== theirs?.tipsDigest || ours.count !== theirs.count) return
    this.equal = true
    this.settledAt = ours.sequence
  }

  /** Returns the figures of the session. */
  async result(): Promise<SessionResult> {
    const { tree, statuses, cells, storeReads, equal, settledAt } = this
    const { received, sent, redundant } = this.transfer
    const { tipsDigest, count } = await this.store.summary(tree)
    return {
      tree,
      received,
      sent,
      roundTrips: statuses.length,
      statuses,
      redundant,
      cells,
      storeReads,
      equal,
      settledAt,
      tipsDigest,
      count,
    }
  }
}
