/**
 * One session: brings one tree and one remote to the same entries, both ways. It asks with what we have, takes in
 * what comes while it comes, and pushes what the remote lacks. It keeps nothing about the remote: cut anywhere,
 * both stores are valid and the next session needs only the rest.
 */
import { type Clock, cancelled } from '../clock.ts'
import type { SignedEntry } from '../dag/entry.ts'
import type { TreeId } from '../dag/id.ts'
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { DagStore, TreeView } from '../store/store.ts'
import type { Ingest } from './ingest.ts'
import { findMissing } from './missing.ts'
import { Pipeline } from './pipeline.ts'
import type { Remote, SendOutcome, SyncAnswer, SyncHeader, SyncPage, SyncStatus } from './remote.ts'
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
}

export interface SessionOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: SessionProgress) => void) | undefined
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
  try {
    const session = new Session(local, remote, tree, options)
    await session.run()
    return session.result
  } catch (error) {
    throw options.signal?.aborted ? cancelled(options.signal) : CausewayError.from(error)
  }
}

/** How a round left things. */
interface Round {
  readonly done: boolean
  /** The remote's budget ended its answer. */
  readonly more: boolean
  /** Names what both sides had when it began. */
  readonly state: string
}

class Session {
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
    }
  }

  /**
   * Rounds until both sides are equal, or writers have outrun the session. Other sessions may change either side
   * meanwhile, so a round that moved nothing is tried again, unless both sides began it as they began the one before.
   */
  async run(): Promise<void> {
    const { result } = this
    let stuckAt = ''
    for (let rounds = 0; rounds < limits.sessionRounds; ) {
      const { received, sent } = result
      const { done, more, state } = await this.round()
      if (done) return
      const moved = result.received > received || result.sent > sent
      if (!moved && state === stuckAt)
        throw protocol('The session makes no progress although both sides differ.')
      stuckAt = moved ? '' : state
      // A large tree may take any number of budgets.
      if (!more || result.received === received) rounds++
    }
  }

  /** One exchange and the push that follows from it. */
  private async round(): Promise<Round> {
    const { store, clock } = this.local
    const { result, options } = this
    this.checkSignal()
    const { tips, tipsDigest, count } = await store.summary(this.tree)
    const request = {
      tree: this.tree,
      tips: sample(tips, limits.requestTips, clock.random),
      tipsDigest,
      count,
    }
    result.roundTrips++
    const answer = await this.remote.syncTree(request, { signal: options.signal })
    const { header } = answer
    const state = `${tipsDigest} ${header.tipsDigest} ${header.count}`
    let more: boolean
    try {
      result.statuses.push(header.status)
      checkHeader(header)
      if (header.status === 'equal') {
        if (header.tipsDigest !== tipsDigest || count === 0)
          throw protocol('The remote says that both sides are equal, but its digest is another.')
        result.equal = true
        return { done: true, more: false, state }
      }
      more = await this.receive(answer)
    } finally {
      await answer.pages[Symbol.asyncIterator]().return?.()
    }
    if (more) return { done: false, more, state }

    await using view = await store.view(this.tree)
    if (view === undefined) return { done: false, more, state }
    if (view.tipsDigest === header.tipsDigest && view.count === header.count) result.equal = true
    else await this.push(view, header)
    return { done: result.equal, more, state }
  }

  /** Takes in the pages as they come; true when the remote has more. */
  private async receive(answer: SyncAnswer): Promise<boolean> {
    this.expected = this.result.received + answer.header.entries
    const pipeline = new Pipeline(limits.sessionPagesInFlight)
    const redundantBefore = this.result.redundant
    let ended = false
    let more = false
    try {
      for await (const page of answer.pages) {
        if (ended) throw protocol('The remote sent a page after its last one.')
        more = page.more
        ended = page.more || page.entries.length === 0
        await pipeline.add(() => this.receivePage(page, redundantBefore))
        this.checkSignal()
      }
    } finally {
      await pipeline.settle()
    }
    await pipeline.drain()
    return more
  }

  private async receivePage(page: SyncPage, redundantBefore: number): Promise<void> {
    const { store, ingest } = this.local
    const { result } = this
    const { added, known, refused } = await ingest.page(this.tree, page.entries).catch((error) => {
      if (error instanceof CausewayError && error.code === 'LIMIT_EXCEEDED')
        throw protocol(`The remote sent a page that is too large: ${error.message}`, {}, error)
      throw error
    })
    result.received += added.length
    result.redundant += known
    this.report()
    const [bad] = refused
    if (bad !== undefined)
      throw protocol(
        `The remote sent an entry that is not valid: ${bad.error.message}`,
        { entry: bad.id, code: bad.error.code },
        bad.error,
      )
    // Each entry comes at most once, so what is known is at most all that is here; else the stream need never end.
    if (result.redundant - redundantBefore > (store.tree(this.tree)?.count ?? 0))
      throw protocol('The remote sends the same entries again and again.')
  }

  /** Sends what the remote lacks, given its tips. */
  private async push(view: TreeView, header: SyncHeader): Promise<void> {
    const { store } = this.local
    const { result } = this
    const records = await store.lookupIn(this.tree, header.tips, view.snapshot)
    const known = header.tips.filter((_, index) => records[index] !== undefined)
    // Where all its tips are told and here, all its entries are, and the counts tell how many it lacks.
    const whole = known.length === header.tips.length && header.tips.length < limits.answerTips
    const missing = await findMissing(store, view, known, whole ? header.count : undefined)
    result.storeReads += header.tips.length + missing.reads
    this.toSend = result.sent + (missing.count ?? 0)
    const pipeline = new Pipeline(limits.sessionPagesInFlight)
    let earlier = Promise.resolve()
    try {
      for await (const page of missing.pages()) {
        const entries = page.map((entry) => entry.signed)
        const before = earlier
        await pipeline.add(() => {
          const sending = this.sendPage(view, entries, before)
          earlier = sending.catch(() => {})
          return sending
        })
        this.checkSignal()
      }
    } finally {
      await pipeline.settle()
    }
    await pipeline.drain()
  }

  /** Pages are under way together and may arrive out of order: one that came too early goes again after the others. */
  private async sendPage(
    view: TreeView,
    entries: readonly SignedEntry[],
    before: Promise<void>,
  ): Promise<void> {
    let outcome = await this.sendOnce(view, entries)
    if (outcome.refused.some(({ code }) => code === 'ENTRY_MISSING_PARENT')) {
      await before
      outcome = await this.sendOnce(view, entries)
    }
    const [refused] = outcome.refused
    if (refused !== undefined)
      throw new CausewayError(refused.code, `The remote refused an entry: ${refused.message}`, {
        data: { entry: refused.id },
      })
  }

  private async sendOnce(view: TreeView, entries: readonly SignedEntry[]): Promise<SendOutcome> {
    const { result, options } = this
    const outcome = await this.remote.sendEntries(this.tree, entries, { signal: options.signal })
    if (outcome.added + outcome.known + outcome.refused.length > entries.length)
      throw protocol('The remote tells of more entries than were sent.')
    result.sent += outcome.added
    result.redundant += outcome.known
    if (outcome.tipsDigest === view.tipsDigest && outcome.count === view.count) result.equal = true
    this.report()
    return outcome
  }

  private checkSignal(): void {
    if (this.options.signal?.aborted) throw cancelled(this.options.signal)
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

function checkHeader(header: SyncHeader): void {
  if (header.tips.length > limits.answerTips)
    throw protocol(`The remote told ${header.tips.length} tips, at most ${limits.answerTips} were asked for.`)
}

function protocol(message: string, data: Record<string, string> = {}, cause?: unknown): CausewayError {
  return new CausewayError('PROTOCOL', message, { data, cause })
}
