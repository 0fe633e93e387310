/**
 * The answering side of SyncTree: says what our store has, finds what the asker lacks in the cheapest way that the
 * request allows, and streams it in pages, parents first. It reads no faster than the asker takes the pages, and keeps
 * nothing afterwards. docs/protocol.md specifies the ways.
 */

import { CausewayError } from '../../base/errors.ts'
import { KeyedQueue } from '../../base/keyed-queue.ts'
import { limits } from '../../base/limits.ts'
import { unpackHaves } from '../../dag/difference/haves.ts'
import type { Sketch } from '../../dag/difference/sketch.ts'
import { chooseAnswer, furtherCells, havesWalkBudget } from '../../dag/difference/sketch-estimate.ts'
import { entryBytes } from '../../dag/entry.ts'
import { bytesToHex } from '../../dag/hex.ts'
import { digestTips, type EntryId, unknownTree } from '../../dag/id.ts'
import type { SizedPosition, StoredEntry } from '../../store/read/reader.ts'
import type { TreeReader } from '../../store/read/tree-reader.ts'
import type { TreeView } from '../../store/tree-state.ts'
import {
  compareCells,
  cutForAnswer,
  type Difference,
  prefixDigits,
  readCells,
  readCounts,
  viewWithSketch,
} from '../cells.ts'
import { findMissing, type MissingEntries, missingEntries, walkMissing } from '../missing.ts'
import { Collector } from '../pieces.ts'
import { allPrefixes, answerRange, outlineAfter } from '../ranges.ts'
import type { SketchPart, SyncAnswer, SyncHeader, SyncPage, SyncRequest } from '../remote.ts'
import { sample, sampleTips } from '../sample.ts'
import { findTail } from './tail.ts'

/** The fields that one way of answering adds to the header, and the entries that it streams. */
interface AnswerParts extends Partial<SyncHeader> {
  readonly status: SyncHeader['status']
  readonly missing?: MissingEntries
}

/** Orders the scans of each tree in each store: a scan reads much, so one runs at a time. */
const scanQueues = new WeakMap<TreeReader, KeyedQueue<string>>()

/**
 * Answers one SyncTree request from a store. The caller checks first whether the asker may read the tree. Returns the
 * header and pages that are read from a snapshot as they are taken; dispose the answer in every case, since it holds
 * the snapshot. `random` returns numbers in [0, 1) and chooses the tips that the answer names. Rejects with
 * UNKNOWN_TREE if the store does not have the tree, LIMIT_EXCEEDED if the request is past a limit, and PROTOCOL if its
 * sketch, haves or chunks are malformed.
 */
export async function answerSync(
  store: TreeReader,
  request: SyncRequest,
  random: () => number,
): Promise<SyncAnswer & AsyncDisposable> {
  checkRequest(request)
  // A request without cells is answered without ours, which may not be in memory.
  const current = request.sketch
    ? await viewWithSketch(store, request.tree)
    : { view: await store.view(request.tree), sketch: undefined }
  if (current?.view === undefined) throw unknownTree(request.tree)
  const { view, sketch } = current
  try {
    const builder = new AnswerBuilder(store, view, sketch, request, random)
    const { missing, ...headerPart } = await builder.build()
    const header: SyncHeader = {
      tips: [],
      common: [],
      entries: missing?.count ?? 0,
      ...headerPart,
      tipsDigest: view.tipsDigest,
      count: view.count,
    }
    const budgetBytes = request.budgetBytes || Number.POSITIVE_INFINITY
    return withSnapshot(
      header,
      missing === undefined ? noPages() : cutPages(missing.pages(), budgetBytes),
      view,
    )
  } catch (error) {
    await view[Symbol.asyncDispose]()
    throw error
  }
}

/** Throws if a request is past its limits or its haves are malformed. */
function checkRequest({ tips, want, range, haves }: SyncRequest): void {
  const check = (what: string, length: number, max: number) => {
    if (length > max)
      throw new CausewayError('LIMIT_EXCEEDED', `A request has at most ${max} ${what}, got ${length}.`)
  }
  check('tips', tips.length, limits.requestTips)
  check('wanted ids', want?.length ?? 0, limits.wantIds)
  check('chunks', range?.chunks.length ?? 0, limits.rangeChunks)
  if (haves !== undefined) unpackHaves(haves)
}

/** Chooses the way to answer one request. */
class AnswerBuilder {
  private readonly store: TreeReader
  private readonly view: TreeView
  /** The sketch of the view's entries; undefined if the request has no sketch. */
  private sketch: Sketch | undefined
  private readonly request: SyncRequest
  private readonly random: () => number

  constructor(
    store: TreeReader,
    view: TreeView,
    sketch: Sketch | undefined,
    request: SyncRequest,
    random: () => number,
  ) {
    this.store = store
    this.view = view
    this.sketch = sketch
    this.request = request
    this.random = random
  }

  /** Returns the answer in the first way that applies, in the order of docs/protocol.md. */
  async build(): Promise<AnswerParts> {
    const { store, view, request } = this
    if (request.want !== undefined && request.want.length > 0) return this.wantedEntries(request.want)
    if (request.range !== undefined) return this.range()
    if (request.tipsDigest === view.tipsDigest && request.count === view.count) return { status: 'equal' }
    if (request.tips.length === 0 && request.sketch === undefined)
      return {
        status: 'delta',
        tips: this.tips(),
        missing: await findMissing(store, view, []),
      }
    if (request.sketch !== undefined && request.sketch.from > 0) return this.furtherCells(request.sketch)

    // Pages may be stored during the awaits below, but the cells must be those of the view's entries.
    if (request.sketch !== undefined) this.sketch = this.sketch!.frozen()
    const records = await store.lookupIn(view.tree, request.tips, view.snapshot)
    const common = records.map((record) => record !== undefined)
    const commonTips = request.tips.filter((_, index) => common[index])
    // If all of their tips are here, so are all of their entries, and the counts show how many they lack.
    const allTipsCommon =
      commonTips.length === request.tips.length && digestTips(commonTips) === request.tipsDigest
    const theirCount = allTipsCommon ? request.count : undefined
    if (request.sketch === undefined) {
      const missing = await findMissing(store, view, commonTips, { theirCount })
      return { status: 'delta', tips: sample(view.tips, limits.answerTips, this.random), common, missing }
    }
    if (allTipsCommon) {
      const lackCount = Math.max(0, view.count - request.count)
      const walkReads = Math.min(limits.walkReads, 4 * lackCount + limits.walkReadsBase)
      const { found, reads } = await walkMissing(store, view, commonTips, { theirCount, walkReads })
      if (found !== undefined)
        return {
          status: 'delta',
          common,
          missing: missingEntries(store, view.tree, found, reads),
        }
    }
    return this.bySketch(request.sketch, common, commonTips, theirCount)
  }

  /**
   * Answers by the asker's cells if they decode, else by ours for the asker to decode, or says that neither is enough.
   */
  private async bySketch(
    part: SketchPart,
    common: boolean[],
    commonTips: EntryId[],
    theirCount: number | undefined,
  ): Promise<AnswerParts> {
    const { store, view, request } = this
    const sketch = this.sketch!
    // A probe has no cells: the asker decodes ours.
    if (part.cells.length === 0)
      return { tips: this.tips(), ...this.cells(0, limits.sketchRequestCells, common) }
    const theirs = readCells(part, request.count, limits.sketchRequestMaxCells)
    const difference = compareCells(sketch, theirs, readCounts(part, theirs))
    const decoded = await this.tryDecode(difference, common)
    if (decoded !== undefined) return { status: 'delta', common, ...decoded }

    const surplus = view.count - request.count
    // The difference is little more than the surplus, so perhaps the asker just lacks our last entries.
    if (difference.estimate < 2 * surplus) {
      const missing = await this.inTurn(() => findTail(store, view, sketch, theirs))
      if (missing !== undefined) return { status: 'delta', common, missing }
    }
    const estimate = theirCount === undefined ? difference.estimate : Math.max(0, view.count - theirCount)
    // If all of their tips are here, a walk has just failed, and haves would not shorten it.
    const candidates = theirCount === undefined ? await this.findCandidates(estimate, commonTips) : undefined
    const choice = chooseAnswer({
      estimatedDifference: estimate,
      counts: difference.counts,
      tried: theirs.cellCount,
      surplus,
      candidates: candidates?.length,
      averageEntryBytes: store.tree(view.tree)!.bytes / view.count,
      sketchCells: sketch.cellCount,
      ids: view.count,
    })
    if (choice.kind === 'HAVES')
      return {
        status: 'delta',
        tips: view.tips,
        common,
        missing: missingEntries(store, view.tree, candidates!, candidates!.length),
      }
    if (choice.kind === 'SKETCH') return this.cells(0, choice.cells, common)
    if (choice.kind === 'IDS') return this.allIds(common)
    // The difference is past the sketch, but all of their tips are here, so a sweep is exact.
    if (theirCount !== undefined) {
      const missing = await findMissing(store, view, commonTips, { theirCount, walkReads: 0 })
      return { status: 'delta', tips: this.tips(), common, missing }
    }
    return { status: 'range', tips: this.tips(), common }
  }

  /**
   * Returns what a decode shows, if it is complete, all ids resolve, and the asker's tips that we lack are among them;
   * otherwise undefined.
   */
  private async tryDecode(
    difference: Difference,
    common: boolean[],
  ): Promise<Pick<AnswerParts, 'missing' | 'want'> | undefined> {
    const { store, view, request } = this
    if (!difference.complete) return undefined
    const theirs = new Set(difference.theirs)
    if (request.tips.some((tip, index) => !common[index] && !theirs.has(tip.slice(0, prefixDigits))))
      return undefined
    const found = await store.resolve(view.tree, difference.ours, view.snapshot)
    if (!found.every((entry) => entry !== undefined)) return undefined
    return { missing: missingEntries(store, view.tree, found, found.length), want: difference.theirs }
  }

  /**
   * Returns what the asker may lack by its tips and haves, or undefined if there are no haves that we know, a walk
   * would cost too much, or our tips are many.
   */
  private async findCandidates(
    estimate: number,
    commonTips: EntryId[],
  ): Promise<SizedPosition[] | undefined> {
    const { store, view, request } = this
    if (request.haves === undefined || request.haves.length === 0 || view.tips.length > limits.requestTips)
      return undefined
    const prefixes = unpackHaves(request.haves).map(bytesToHex)
    const haves = await store.resolve(view.tree, prefixes, view.snapshot)
    const commonIds = [...commonTips, ...haves.flatMap((entry) => entry?.id ?? [])]
    if (commonIds.length === 0) return undefined
    const walkReads = Math.min(limits.walkReads, havesWalkBudget(estimate))
    return (await walkMissing(store, view, [...new Set(commonIds)], { walkReads })).found
  }

  /** Answers with our cells [from, to). */
  private cells(from: number, to: number, common: boolean[]): AnswerParts {
    const sketch = cutForAnswer(this.sketch!, from, to, this.view.tipsDigest)
    return { status: 'sketch', common, sketch }
  }

  /** Answers with the cells after those that did not decode; with those from 0 if our tree has changed since. */
  private furtherCells({ from, state }: SketchPart): AnswerParts {
    if (from >= this.sketch!.cellCount) return { status: 'range' }
    return this.cells(state === this.view.tipsDigest ? from : 0, furtherCells(from), [])
  }

  /** Answers with the prefixes of all our ids, for the asker to compare. */
  private async allIds(common: boolean[]): Promise<AnswerParts> {
    const prefixes = await allPrefixes(this.store, this.view)
    const range = { spans: [{ after: undefined, through: undefined, prefixes }], through: undefined }
    return { status: 'range', common, range }
  }

  /** Answers with those of the wanted entries that we have. */
  private async wantedEntries(want: readonly string[]): Promise<AnswerParts> {
    const { store, view } = this
    const found = await store.resolve(view.tree, want, view.snapshot)
    const entries = found.filter((entry) => entry !== undefined)
    return { status: 'partial', missing: missingEntries(store, view.tree, entries, want.length) }
  }

  private range(): Promise<AnswerParts> {
    const { store, view, request } = this
    return this.inTurn(async () => {
      const { answer, tailAfter } = await answerRange(store, view, request.range!)
      if (tailAfter === 'none') return { status: 'range', range: answer }
      const { outline = false, through } = request.range!
      if (outline)
        return { status: 'range', range: { ...answer, ...(await outlineAfter(store, view, tailAfter)) } }
      const pages = () => store.scan(view.tree, { after: tailAfter, through, snapshot: view.snapshot })
      return { status: 'range', range: answer, missing: { count: undefined, reads: 0, pages } }
    })
  }

  /** Runs a scan after the earlier scans of the same tree. */
  private inTurn<Result>(scan: () => Promise<Result>): Promise<Result> {
    const queue = scanQueues.get(this.store) ?? new KeyedQueue()
    scanQueues.set(this.store, queue)
    return queue.run(this.view.tree, scan)
  }

  private tips(): readonly EntryId[] {
    return sampleTips(this.view.tips, this.random)
  }
}

/**
 * Returns the answer, which disposes the view when its pages end. This cannot be in the generator, which skips its
 * `finally` if it was never started.
 */
function withSnapshot(
  header: SyncHeader,
  source: AsyncGenerator<SyncPage>,
  view: TreeView,
): SyncAnswer & AsyncDisposable {
  const close = async () => {
    try {
      await source.return(undefined)
    } finally {
      await view[Symbol.asyncDispose]()
    }
  }
  const pages: AsyncIterableIterator<SyncPage> = {
    async next() {
      try {
        const step = await source.next()
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
  return { header, pages, [Symbol.asyncDispose]: close }
}

async function* noPages(): AsyncGenerator<SyncPage> {}

/** Cuts what the store reads into full pages of the wire, until the budget is spent. */
async function* cutPages(
  pages: AsyncGenerator<StoredEntry[]>,
  budgetBytes: number,
): AsyncGenerator<SyncPage> {
  const collector = new Collector<StoredEntry>(
    ({ signed }) => entryBytes(signed),
    () => limits.answerPageBytes,
  )
  let sentBytes = 0
  const next = (): SyncPage => {
    sentBytes += collector.bytes
    const stored = collector.take()
    return {
      entries: stored.map(({ signed }) => signed),
      ids: stored.map(({ id }) => id),
      more: sentBytes >= budgetBytes,
    }
  }
  for await (const page of pages)
    for (const entry of page) {
      if (collector.isFullFor(entry)) {
        const piece = next()
        yield piece
        if (piece.more) return
      }
      collector.add(entry)
    }
  if (collector.bytes > 0) yield next()
}
