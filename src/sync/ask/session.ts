/**
 * Runs one session, which brings us and a remote to the same entries of one tree. It asks with what we have, takes in
 * pages as they arrive, and pushes what the remote lacks. It keeps nothing about the remote: cut anywhere, it leaves
 * both stores valid, and the next session needs only the rest.
 */

import { cancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { haveHeights, packHaves } from '../../dag/difference/haves.ts'
import { digestTips, type EntryId, idToBytes, type TreeId } from '../../dag/id.ts'
import type { TreeDigest } from '../../store/tree-state.ts'
import { cutForRequest, viewWithSketch } from '../cells.ts'
import { findMissing } from '../missing.ts'
import type { RangeAnswer, Remote, SyncAnswer, SyncHeader, SyncRequest } from '../remote.ts'
import { sampleTips } from '../sample.ts'
import { byRange, checkSpanIds, useRange } from './by-range.ts'
import { bySketch } from './by-sketch.ts'
import { Exchange, type SessionLocal } from './exchange.ts'
import type { SessionResult } from './session-result.ts'
import { protocolError, type SessionProgress, type TransferOptions } from './transfer.ts'

export type { SessionLocal, SessionProgress, SessionResult }

export interface SessionOptions extends TransferOptions {
  /**
   * What both sides had when a session with this remote last ended equal. If we have the same now, the first request
   * has no cells. It is only a hint: if it is wrong, the session takes longer and nothing breaks.
   */
  readonly lastEqual?: TreeDigest | undefined
}

/**
 * Syncs a tree with a remote: pulls the entries that we lack, the first ones too, and pushes those that the remote
 * lacks. Returns what the session did. It ends when both sides have the same entries or, in one direction only, when
 * nothing is left to move; if writers outrun it, it ends after `limits.sessionRounds` rounds. If it fails, the entries
 * received so far stay. Rejects with PROTOCOL if the remote breaks the protocol, with CANCELLED or the signal's own
 * error once the signal fires, and otherwise with the error of the remote or the store.
 */
export async function runSession(
  local: SessionLocal,
  remote: Remote,
  tree: TreeId,
  options: SessionOptions = {},
): Promise<SessionResult> {
  try {
    const session = new Session(local, remote, tree, options)
    await session.run()
    return await session.exchange.result()
  } catch (error) {
    throw options.signal?.aborted ? cancelled(options.signal) : CausewayError.from(error)
  }
}

/** How a round ended. */
interface Round {
  /** Whether both sides are equal. */
  readonly done: boolean
  /** Whether the remote's answer ended with its budget. */
  readonly more: boolean
  /** Identifies what both sides had at its start: our tips digest, the remote's, and its count. */
  readonly state: string
}

class Session {
  readonly exchange: Exchange
  private readonly local: SessionLocal
  private readonly tree: TreeId
  private readonly options: SessionOptions
  /** Our latest arrival at the request of the last round. */
  private askedAt = 0

  constructor(local: SessionLocal, remote: Remote, tree: TreeId, options: SessionOptions) {
    this.local = local
    this.tree = tree
    this.options = options
    this.exchange = new Exchange(local, remote, tree, options)
  }

  /**
   * Runs rounds until both sides are equal or writers have outrun the session. Other sessions may change either side in
   * between, so a round that moved nothing is repeated, unless the round before it began from the same state.
   */
  async run(): Promise<void> {
    const { exchange, options } = this
    const { transfer } = exchange
    const oneWay = options.pull === false || options.push === false
    let stuckAt = ''
    let probe = options.lastEqual !== undefined
    for (let rounds = 0; rounds < limits.sessionRounds; ) {
      const { received, sent } = transfer
      const { done, more, state } = await this.round(probe)
      probe = false
      if (done) return
      const madeProgress = transfer.received > received || transfer.sent > sent
      if (!madeProgress && !more && oneWay) exchange.settledAt = this.askedAt
      if (exchange.settledAt !== undefined) return
      if (!madeProgress && state === stuckAt)
        throw protocolError('The session makes no progress although both sides differ.')
      stuckAt = madeProgress ? '' : state
      // A large tree may take any number of budgets, each of which brings entries.
      if (!more || transfer.received === received) rounds++
    }
  }

  /** Makes one request and does what its answer calls for. */
  private async round(probe: boolean): Promise<Round> {
    const { exchange } = this
    const request = await this.buildRequest(probe)
    const { tipsDigest, count } = request
    return exchange.ask(request, async (answer) => {
      const { header } = answer
      const state = `${tipsDigest} ${header.tipsDigest} ${header.count}`
      if (header.status === 'equal') {
        if (header.tipsDigest !== tipsDigest || header.count !== count || count === 0)
          throw protocolError(
            'The remote says that both sides are equal, but digests and counts do not show it.',
          )
        exchange.equal = true
        exchange.settledAt = this.askedAt
        return { done: true, more: false, state }
      }
      // The pages of an answer about ranges wait for the entries that its spans name.
      const more = header.range === undefined && (await exchange.transfer.receive(answer))
      if (more) return { done: false, more, state }
      if (header.status === 'delta' || header.status === 'partial') await this.pushAfterDelta(request, header)
      else if (!(await this.pushIfAhead(header))) {
        if (header.status === 'sketch' && header.sketch !== undefined)
          await bySketch(exchange, header.sketch, header, request.sketch?.cells.length === 0)
        else if (header.range !== undefined) await this.byIds(answer, header.range)
        else await byRange(exchange)
      }
      return { done: exchange.equal, more, state }
    })
  }

  /**
   * Builds the round's request: what we have, in few bytes. A `probe` has no cells if we still have what both sides had
   * when last equal.
   */
  private async buildRequest(probe: boolean): Promise<SyncRequest> {
    const { exchange, tree } = this
    const { store, clock } = this.local
    const { lastEqual } = this.options
    exchange.transfer.checkSignal()
    const current = await viewWithSketch(store, tree)
    this.askedAt = current?.view.sequence ?? 0
    if (current === undefined) return { tree, tips: [], tipsDigest: '', count: 0 }
    const { view, sketch } = current
    await using _ = view
    const { tipsDigest, count } = view
    const tips = sampleTips(view.tips, clock.random)
    if (probe && tipsDigest === lastEqual?.tipsDigest) {
      const none = new Uint8Array(0)
      return {
        tree,
        tips,
        tipsDigest,
        count,
        sketch: { from: 0, cells: none, counts: none, state: tipsDigest },
      }
    }
    // Counts help little if we have hardly changed: the cells decode, or the remote's count shows how much it changed.
    const changedLittle = lastEqual !== undefined && count - lastEqual.count <= limits.sketchRequestDecodes
    const part = cutForRequest(sketch, tipsDigest, !changedLittle)
    exchange.cells += limits.sketchRequestCells
    const heights = haveHeights(view.height)
    const { ids, reads } = await store.landmarks.at(view, heights, limits.havesPerHeightIds)
    exchange.storeReads += reads
    const haves = packHaves(ids.map((level) => level.map(idToBytes)))
    return { tree, tips, tipsDigest, count, sketch: part, haves }
  }

  /**
   * Pushes what the remote lacks, after it streamed what we lacked: the entries that it names, or those that its tips
   * do not cover.
   */
  private async pushAfterDelta(request: SyncRequest, header: SyncHeader): Promise<void> {
    const { exchange, tree } = this
    const { store, transfer } = exchange
    await using view = await store.view(tree)
    if (view === undefined) return
    exchange.noteIfEqual(view, header)
    if (exchange.equal) return
    if (header.want !== undefined && header.want.length > 0) {
      exchange.noteIfEqual(view, await exchange.pushPrefixes(view, header.want))
      return
    }
    // If it has all of our tips, it has all that we had when we asked; what else is missing has come here since.
    const records = await store.lookupIn(tree, header.tips, view.snapshot)
    const theirTipsHere = header.tips.filter((_, index) => records[index] !== undefined)
    const ourTipsThere = request.tips.filter((_, index) => header.common[index])
    const allTipsHere =
      theirTipsHere.length === header.tips.length && digestTips(theirTipsHere) === header.tipsDigest
    const theirCount = allTipsHere ? header.count : undefined
    const theirTips: EntryId[] = [...new Set([...theirTipsHere, ...ourTipsThere])]
    const missing = await findMissing(store, view, theirTips, { theirCount })
    exchange.storeReads += header.tips.length + missing.reads
    exchange.noteIfEqual(view, await transfer.push(missing.pages(), missing.count))
  }

  /**
   * Pushes what the remote lacks and returns true if we have all of its tips, and so all of its entries; else returns
   * false.
   */
  private async pushIfAhead(header: SyncHeader): Promise<boolean> {
    const { exchange, tree } = this
    const { store, transfer } = exchange
    if (header.tips.length === 0 || digestTips(header.tips) !== header.tipsDigest) return false
    await using view = await store.view(tree)
    if (view === undefined || view.count < header.count) return false
    const records = await store.lookupIn(tree, header.tips, view.snapshot)
    exchange.storeReads += header.tips.length
    if (!records.every((record) => record !== undefined)) return false
    const missing = await findMissing(store, view, header.tips, { theirCount: header.count })
    exchange.storeReads += missing.reads
    exchange.noteIfEqual(view, await transfer.push(missing.pages(), missing.count))
    return true
  }

  /** Uses an answer that names all of the remote's ids, since cells would have cost more. */
  private async byIds(answer: SyncAnswer, range: RangeAnswer): Promise<void> {
    const { exchange, tree } = this
    await using view = await exchange.store.view(tree)
    if (view === undefined) throw protocolError('The remote sent ids of a tree that we do not have.')
    if (range.spans.length > 1)
      throw protocolError(`The remote had to name all of its ids in one span, got ${range.spans.length}.`)
    checkSpanIds(range.spans)
    const through = await useRange(exchange, view, answer, range)
    if (through !== undefined)
      throw protocolError('The remote had to name all of its ids, but named only some.')
  }
}
