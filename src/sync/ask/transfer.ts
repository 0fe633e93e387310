/**
 * Moves the entries of a session, both ways: takes in pages as they arrive, and sends pages of what the remote lacks, a
 * bounded number of each in flight. It counts what crossed, and fails at the first sign of a lie.
 */
import { type Clock, cancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { entryBytes } from '../../dag/entry.ts'
import type { TreeId } from '../../dag/id.ts'
import type { StoredEntry } from '../../store/read/reader.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import type { TreeDigest } from '../../store/tree-state.ts'
import type { Ingest } from '../ingest.ts'
import { pieces } from '../pieces.ts'
import type { Remote, SendOutcome, SyncAnswer, SyncHeader, SyncPage } from '../remote.ts'
import { Pace } from './pace.ts'
import { Pipeline } from './pipeline.ts'

/** How far a session has come, in entries. */
export interface SessionProgress {
  readonly received: number
  /** How many will be received in all, as far as the remote has announced them. */
  readonly expected: number
  readonly sent: number
  /** How many will be sent in all, as far as we know. */
  readonly toSend: number
}

export interface TransferOptions {
  /** Ends the session; entries received so far stay. */
  readonly signal?: AbortSignal | undefined
  /** Called after every page. */
  readonly onProgress?: ((progress: SessionProgress) => void) | undefined
  /** False: the session takes no entries from the remote. */
  readonly pull?: boolean
  /** False: the session sends no entries to the remote. */
  readonly push?: boolean
}

export class Transfer {
  /** Entries received that were new here. */
  received = 0
  /** Entries sent that were new at the remote. */
  sent = 0
  /** Entries that crossed the wire although the other side had them. */
  redundant = 0
  private readonly store: TreeReader
  private readonly ingest: Ingest
  private readonly clock: Clock
  private readonly pace = new Pace()
  private readonly remote: Remote
  private readonly tree: TreeId
  private readonly options: TransferOptions
  private expected = 0
  private toSend = 0

  constructor(
    local: { store: TreeReader; ingest: Ingest; clock: Clock },
    remote: Remote,
    tree: TreeId,
    options: TransferOptions,
  ) {
    this.store = local.store
    this.ingest = local.ingest
    this.clock = local.clock
    this.remote = remote
    this.tree = tree
    this.options = options
  }

  /** Throws CANCELLED, or the signal's reason, once the signal has fired. */
  checkSignal(): void {
    if (this.options.signal?.aborted) throw cancelled(this.options.signal)
  }

  /**
   * Takes in the pages of an answer as they arrive. Returns true if the remote has more. With `partial`, the ids were
   * recovered one by one, so an entry that lacks a parent is left for later; otherwise it is a fault of the remote.
   */
  async receive(answer: SyncAnswer, partial = false): Promise<boolean> {
    if (this.options.pull === false) return false
    this.expected = this.received + answer.header.entries
    const { entries, count } = answer.header
    using _ = this.store.sketches.expect(this.tree, Math.max(entries, count))
    const pipeline = new Pipeline(limits.sessionPagesTakenIn)
    const redundantBefore = this.redundant
    let ended = false
    let more = false
    try {
      for await (const page of answer.pages) {
        if (ended) throw protocolError('The remote sent a page after its last one.')
        more = page.more
        ended = page.more || page.entries.length === 0
        await pipeline.add(() => this.receivePage(page, redundantBefore, partial))
        // A page that waited here unstored would be one more to cross again after a cut.
        await pipeline.room()
        this.checkSignal()
      }
    } finally {
      await pipeline.settle()
    }
    await pipeline.drain()
    return more
  }

  private async receivePage(page: SyncPage, redundantBefore: number, partial: boolean): Promise<void> {
    const { added, known, refused } = await this.ingest.page(this.tree, page.entries).catch((error) => {
      if (error instanceof CausewayError && error.code === 'LIMIT_EXCEEDED')
        throw protocolError(`The remote sent a page that is too large: ${error.message}`, {}, error)
      throw error
    })
    this.received += added.length
    this.redundant += known
    this.report()
    const refusal = refused.find(({ error }) => !partial || error.code !== 'ENTRY_MISSING_PARENT')
    if (refusal !== undefined)
      throw protocolError(
        `The remote sent an entry that is not valid: ${refusal.error.message}`,
        { entry: refusal.id, code: refusal.error.code },
        refusal.error,
      )
    // Each entry may come once, so at most as many as we have are known already. This also bounds the stream.
    if (this.redundant - redundantBefore > (this.store.tree(this.tree)?.count ?? 0))
      throw protocolError('The remote keeps sending entries that we have already.')
  }

  /**
   * Sends pages of entries. Returns the remote's state after the last one, or undefined if none was sent. `partial` is
   * as in `receive`.
   */
  async push(
    pages: AsyncGenerator<StoredEntry[]>,
    count: number | undefined,
    partial = false,
  ): Promise<TreeDigest | undefined> {
    if (this.options.push === false) {
      await pages.return(undefined)
      return undefined
    }
    this.toSend = this.sent + (count ?? 0)
    const pipeline = new Pipeline(limits.sessionPagesInFlight)
    let earlierPages = Promise.resolve()
    let state: TreeDigest | undefined
    try {
      for await (const page of pages)
        for (const entries of pieces(page, storedBytes, () => this.pace.pageBytes)) {
          const before = earlierPages
          const send = () => {
            const sending = this.sendPage(entries, before, partial).then((outcome) => {
              // Answers may overtake each other. The state with the greatest count is the latest.
              if (state === undefined || outcome.count >= state.count) state = outcome
            })
            earlierPages = sending.catch(() => {})
            return sending
          }
          await pipeline.add(send, () => this.pace.pagesInFlight)
          this.checkSignal()
        }
    } finally {
      await pipeline.settle()
    }
    await pipeline.drain()
    return state
  }

  /**
   * Sends a page. Several are in flight and may arrive out of order, so entries that came too early go again after
   * `before`.
   */
  private async sendPage(
    entries: readonly StoredEntry[],
    before: Promise<void>,
    partial: boolean,
  ): Promise<SendOutcome> {
    const outcome = await this.sendOnce(entries)
    checkOutcome(outcome, true)
    const earlyIndexes = new Set(outcome.refused.map(({ index }) => index))
    if (earlyIndexes.size === 0) return outcome
    await before
    const retry = await this.sendOnce(entries.filter((_, index) => earlyIndexes.has(index)))
    checkOutcome(retry, partial)
    return retry
  }

  /** Makes one SendEntries call and counts what it moved. */
  private async sendOnce(entries: readonly StoredEntry[]): Promise<SendOutcome> {
    const bytes = entries.reduce((sum, entry) => sum + storedBytes(entry), 0)
    const signed = entries.map((entry) => entry.signed)
    const ids = entries.map(({ id }) => id)
    const outcome = await this.pace.time(bytes, this.clock, () =>
      this.remote.sendEntries(this.tree, signed, { signal: this.options.signal, ids }),
    )
    const reported = outcome.added + outcome.known + outcome.refused.length
    if (reported > entries.length)
      throw protocolError(`The remote was sent ${entries.length} entries and reports on ${reported}.`)
    this.sent += outcome.added
    this.redundant += outcome.known
    this.report()
    return outcome
  }

  private report(): void {
    const { received, sent } = this
    this.options.onProgress?.({
      received,
      expected: Math.max(this.expected, received),
      sent,
      toSend: Math.max(this.toSend, sent),
    })
  }
}

function storedBytes({ signed }: StoredEntry): number {
  return entryBytes(signed)
}

/** Throws the remote's reason if it refused an entry. With `partial`, a missing parent is no reason. */
function checkOutcome({ refused }: SendOutcome, partial: boolean): void {
  const refusal = refused.find(({ code }) => !partial || code !== 'ENTRY_MISSING_PARENT')
  if (refusal !== undefined)
    throw new CausewayError(refusal.code, `The remote refused an entry: ${refusal.message}`, {
      data: { entry: refusal.id },
    })
}

/** Throws PROTOCOL if a header is past its bounds. */
export function checkHeader({ tips, want = [] }: SyncHeader): void {
  if (tips.length > limits.answerTips)
    throw protocolError(`An answer has at most ${limits.answerTips} tips, got ${tips.length}.`)
  if (want.length > limits.wantIds)
    throw protocolError(`An answer wants at most ${limits.wantIds} entries, got ${want.length}.`)
}

/** Returns the error of a remote that broke the protocol or lied. */
export function protocolError(
  message: string,
  data: Record<string, string> = {},
  cause?: unknown,
): CausewayError {
  return new CausewayError('PROTOCOL', message, { data, cause })
}
