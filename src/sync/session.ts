/**
 * One session: brings one tree and one remote to the same entries, both ways. It asks with what we have, takes in
 * what comes while it comes, and pushes what the remote lacks. It keeps nothing about the remote: cut anywhere,
 * both stores are valid and the next session needs only the rest.
 */
import { type Clock, cancelled } from '../clock.ts'
import { haveHeights, packHaves } from '../dag/haves.ts'
import { digestTips, type EntryId, idToBytes, type Position, type TreeId } from '../dag/id.ts'
import type { Cells } from '../dag/sketch.ts'
import { joinCells } from '../dag/sketch-peel.ts'
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { DagStore, Found, TreeView } from '../store/store.ts'
import { compareCells, cutForRequest, type Difference, readCells, viewWithSketch } from './cells.ts'
import type { Ingest } from './ingest.ts'
import { findMissing, missingOf } from './missing.ts'
import { askRange, compareSpan } from './ranges.ts'
import type { Remote, SketchPart, SyncAnswer, SyncHeader, SyncRequest, SyncStatus } from './remote.ts'
import { tellTips } from './sample.ts'
import type { SessionResult } from './session-result.ts'
import {
  checkHeader,
  protocol,
  type SessionProgress,
  Transfer,
  type TransferOptions,
  type TreeState,
} from './transfer.ts'

export type { SessionProgress, SessionResult }

export interface SessionOptions extends TransferOptions {
  /**
   * The digest with which a session with this remote last ended equal. Where ours is still that, the first
   * question goes without cells. Only a hint: nothing breaks where it is wrong.
   */
  readonly lastEqual?: string | undefined
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
    return await session.finish()
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
  private readonly local: SessionLocal
  private readonly remote: Remote
  private readonly tree: TreeId
  private readonly options: SessionOptions
  private readonly transfer: Transfer
  private readonly statuses: SyncStatus[] = []
  private cells = 0
  private storeReads = 0
  private equal = false
  private settledAt: number | undefined
  /** Our latest arrival when the last round asked. */
  private askedAt = 0

  constructor(local: SessionLocal, remote: Remote, tree: TreeId, options: SessionOptions) {
    this.local = local
    this.remote = remote
    this.tree = tree
    this.options = options
    this.transfer = new Transfer(local, remote, tree, options)
  }

  async finish(): Promise<SessionResult> {
    const { tree, statuses, cells, storeReads, equal, settledAt } = this
    const { received, sent, redundant } = this.transfer
    const tipsDigest = await this.local.store.tipsDigest(tree)
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
    }
  }

  /**
   * Rounds until both sides are equal, or writers have outrun the session. Other sessions may change either side
   * meanwhile, so a round that moved nothing is tried again, unless both sides began it as they began the one before.
   */
  async run(): Promise<void> {
    const { transfer, options } = this
    const oneWay = options.pull === false || options.push === false
    let stuckAt = ''
    let probe = options.lastEqual !== undefined
    for (let rounds = 0; rounds < limits.sessionRounds; ) {
      const { received, sent } = transfer
      const { done, more, state } = await this.round(probe)
      probe = false
      if (done) return
      const moved = transfer.received > received || transfer.sent > sent
      if (!moved && !more && oneWay) this.settledAt = this.askedAt
      if (this.settledAt !== undefined) return
      if (!moved && state === stuckAt)
        throw protocol('The session makes no progress although both sides differ.')
      stuckAt = moved ? '' : state
      // A large tree may take any number of budgets.
      if (!more || transfer.received === received) rounds++
    }
  }

  /** One question, and what follows from the answer. */
  private async round(probe: boolean): Promise<Round> {
    const request = await this.ask(probe)
    const { tipsDigest, count } = request
    return this.exchange(request, async (answer) => {
      const { header } = answer
      const state = `${tipsDigest} ${header.tipsDigest} ${header.count}`
      if (header.status === 'equal') {
        if (header.tipsDigest !== tipsDigest || count === 0)
          throw protocol('The remote says that both sides are equal, but its digest is another.')
        this.equal = true
        this.settledAt = this.askedAt
        return { done: true, more: false, state }
      }
      const more = await this.transfer.receive(answer)
      if (more) return { done: false, more, state }
      if (header.status === 'delta' || header.status === 'partial') await this.pushAfterDelta(request, header)
      else if (!(await this.pushIfAhead(header))) {
        if (header.status === 'sketch' && header.sketch !== undefined)
          await this.bySketch(header.sketch, header)
        else await this.byRange()
      }
      return { done: this.equal, more, state }
    })
  }

  /** What we have, in few bytes. */
  private async ask(probe: boolean): Promise<SyncRequest> {
    const { store, clock } = this.local
    this.transfer.checkSignal()
    const found = await viewWithSketch(store, this.tree)
    this.askedAt = found?.view.sequence ?? 0
    if (found === undefined) return { tree: this.tree, tips: [], tipsDigest: '', count: 0 }
    const { view, sketch } = found
    await using _ = view
    const { tipsDigest, count } = view
    const tips = tellTips(view.tips, clock.random)
    if (probe && tipsDigest === this.options.lastEqual) {
      const none = new Uint8Array(0)
      return {
        tree: this.tree,
        tips,
        tipsDigest,
        count,
        sketch: { from: 0, cells: none, counts: none, state: tipsDigest },
      }
    }
    const part = cutForRequest(sketch, tipsDigest)
    this.cells += limits.sketchRequestCells
    const heights = haveHeights(view.height)
    const ids = await store.idsAt(this.tree, heights, limits.havesPerHeightIds, view.snapshot)
    this.storeReads += heights.length
    const haves = packHaves(ids.map((level) => level.map(idToBytes)))
    return { tree: this.tree, tips, tipsDigest, count, sketch: part, haves }
  }

  /** One SyncTree exchange; its pages are let go however `use` ends. */
  private async exchange<Result>(
    request: SyncRequest,
    use: (answer: SyncAnswer) => Promise<Result>,
  ): Promise<Result> {
    this.transfer.checkSignal()
    const answer = await this.remote.syncTree(request, { signal: this.options.signal })
    try {
      this.statuses.push(answer.header.status)
      checkHeader(answer.header)
      return await use(answer)
    } finally {
      await answer.pages[Symbol.asyncIterator]().return?.()
    }
  }

  /** The remote has streamed what we lacked: now what it lacks, as it told, or by its tips. */
  private async pushAfterDelta(request: SyncRequest, header: SyncHeader): Promise<void> {
    const { store } = this.local
    await using view = await store.view(this.tree)
    if (view === undefined) return
    if (this.compare(view, header)) return
    if (header.want !== undefined && header.want.length > 0) {
      await this.pushPrefixes(view, header.want)
      return
    }
    // Where it has all our tips, it has all that we had when we asked; the rest came from elsewhere since.
    const records = await store.lookupIn(this.tree, header.tips, view.snapshot)
    const known = header.tips.filter((_, index) => records[index] !== undefined)
    const ours = request.tips.filter((_, index) => header.common[index])
    const whole = known.length === header.tips.length && digestTips(known) === header.tipsDigest
    const theirCount = whole ? header.count : undefined
    const theirTips: EntryId[] = [...new Set([...known, ...ours])]
    const missing = await findMissing(store, view, theirTips, { theirCount })
    this.storeReads += header.tips.length + missing.reads
    this.compare(view, await this.transfer.push(missing.pages(), missing.count))
  }

  /** Where all of the remote's tips are here, we have all that it has: true, and what it lacks was pushed. */
  private async pushIfAhead(header: SyncHeader): Promise<boolean> {
    const { store } = this.local
    if (header.tips.length === 0 || digestTips(header.tips) !== header.tipsDigest) return false
    await using view = await store.view(this.tree)
    if (view === undefined || view.count < header.count) return false
    const records = await store.lookupIn(this.tree, header.tips, view.snapshot)
    this.storeReads += header.tips.length
    if (!records.every((record) => record !== undefined)) return false
    const missing = await findMissing(store, view, header.tips, { theirCount: header.count })
    this.storeReads += missing.reads
    this.compare(view, await this.transfer.push(missing.pages(), missing.count))
    return true
  }

  /** The remote's cells against ours: we know both sides of the difference, push one and ask for the other. */
  private async bySketch(first: SketchPart, header: SyncHeader): Promise<void> {
    const { difference, theirs } = await this.decode(first, header)
    const partial = !difference.complete
    // A probe is answered with few cells: where they do not suffice, the next question brings our own.
    if (partial && theirs.cellCount <= limits.sketchRequestCells) return
    let answered: TreeState | undefined
    for (let start = 0; start < difference.theirs.length; start += limits.wantIds)
      answered = await this.want(difference.theirs.slice(start, start + limits.wantIds), partial)
    await using view = await this.local.store.view(this.tree)
    if (view === undefined) return
    const pushed = await this.pushPrefixes(view, difference.ours, partial)
    if (pushed === undefined) this.compare(view, answered ?? header)
    if (partial && !this.equal) await this.byRange()
  }

  /** Peels the remote's cells, and asks for more of them while they do not suffice. */
  private async decode(
    first: SketchPart,
    header: SyncHeader,
  ): Promise<{ difference: Difference; theirs: Cells }> {
    let part = first
    let state: TreeState = header
    let theirs: Cells | undefined
    for (let trip = 0; ; trip++) {
      if (part.from !== 0 && part.from !== theirs?.cellCount)
        throw protocol(`The remote sent cells from ${part.from} on, which do not follow.`)
      const more = readCells(part, state.count, limits.sketchMaxCells)
      this.cells += more.cellCount
      theirs = theirs === undefined || part.from === 0 ? more : joinCells(theirs, more)
      const sketch = await this.local.store.sketches.of(this.tree)
      if (sketch === undefined) throw protocol('The remote sent cells of a tree that is not here.')
      const difference = compareCells(sketch, theirs)
      const enough =
        difference.complete || theirs.cellCount >= sketch.cellCount || trip === limits.sessionSketchTrips
      // Cells for a mere guess at the size: the next round asks with our own.
      if (enough || theirs.cellCount <= limits.sketchRequestCells) return { difference, theirs }
      const none = new Uint8Array(0)
      const request: SyncRequest = {
        tree: this.tree,
        tips: [],
        tipsDigest: await this.local.store.tipsDigest(this.tree),
        count: sketch.total,
        sketch: { from: theirs.cellCount, cells: none, counts: none, state: part.state },
      }
      const next = await this.exchange(request, async ({ header }) => header)
      if (next.status !== 'sketch' || next.sketch === undefined) return { difference, theirs }
      part = next.sketch
      state = next
    }
  }

  /** Asks for entries by their prefixes; the remote's state then. */
  private async want(prefixes: readonly string[], partial: boolean): Promise<TreeState> {
    const { tipsDigest, count } = await this.local.store.summary(this.tree)
    return this.exchange({ tree: this.tree, tips: [], tipsDigest, count, want: prefixes }, async (answer) => {
      await this.transfer.receive(answer, partial)
      return answer.header
    })
  }

  /** Sends the entries that these prefixes name; undefined where that is none. */
  private async pushPrefixes(
    view: TreeView,
    prefixes: readonly string[],
    partial = false,
  ): Promise<TreeState | undefined> {
    const { store } = this.local
    const found = await store.resolve(this.tree, prefixes, view.snapshot)
    this.storeReads += prefixes.length
    const present: Found[] = found.filter((entry) => entry !== undefined)
    if (present.length === 0) return undefined
    const { pages, count } = missingOf(store, this.tree, present, 0)
    const state = await this.transfer.push(pages(), count, partial)
    this.compare(view, state)
    return state
  }

  /** Compares by ranges, from the root up, and makes each stretch equal before the next. */
  private async byRange(): Promise<void> {
    const { store } = this.local
    let after: Position | undefined
    for (;;) {
      await using view = await store.view(this.tree)
      if (view === undefined) return
      const range = await askRange(store, view, after)
      const request = { tree: this.tree, tips: [], tipsDigest: view.tipsDigest, count: view.count, range }
      const { header, more } = await this.exchange(request, async (answer) => {
        if (answer.header.range === undefined)
          throw protocol('The remote did not answer the question about a range.')
        // What lies beyond our last chunk stands on what the spans name, so it waits for them.
        const { want, push } = await this.spans(view, answer.header)
        for (let start = 0; start < want.length; start += limits.wantIds)
          await this.want(want.slice(start, start + limits.wantIds), true)
        const more = await this.transfer.receive(answer)
        await push()
        return { header: answer.header, more }
      })
      const { through } = header.range!
      if (through === undefined || more) {
        await using now = await store.view(this.tree)
        if (now !== undefined) this.compare(now, header)
        return
      }
      if (
        after !== undefined &&
        (through.height < after.height || (through.height === after.height && through.id <= after.id))
      )
        throw protocol("The remote's answers about ranges do not move forward.")
      after = through
    }
  }

  /** What the spans of an answer ask us to fetch, and a way to send what they show to be missing there. */
  private async spans(
    view: TreeView,
    header: SyncHeader,
  ): Promise<{ want: string[]; push: () => Promise<void> }> {
    const { store } = this.local
    const compared: Awaited<ReturnType<typeof compareSpan>>[] = []
    for (const span of header.range!.spans) {
      compared.push(await compareSpan(store, view, span))
      this.storeReads += span.prefixes.length
    }
    const push = async () => {
      for (const { ours } of compared) await this.transfer.push(ours(), undefined)
    }
    return { want: compared.flatMap(({ want }) => want), push }
  }

  /** Notes that both sides are equal, if these states say so. */
  private compare(ours: TreeView, theirs: TreeState | undefined): boolean {
    if (ours.tipsDigest !== theirs?.tipsDigest || ours.count !== theirs.count) return false
    this.equal = true
    this.settledAt = ours.sequence
    return true
  }
}
