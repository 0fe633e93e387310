/**
 * The answering side of SyncTree: says what this store has, finds what the asker lacks, and streams it in pages,
 * parents first. Reads no faster than the asker takes, and keeps nothing when it is done.
 */
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { DagStore, StoredEntry, TreeView } from '../store/store.ts'
import { findMissing } from './missing.ts'
import type { SyncAnswer, SyncHeader, SyncPage, SyncRequest } from './remote.ts'
import { sample } from './sample.ts'

/** Answers one request. The pages must be read to the end or returned, since they hold a snapshot. */
export async function answerSync(
  store: DagStore,
  request: SyncRequest,
  random: () => number,
): Promise<SyncAnswer> {
  if (request.tips.length > limits.requestTips)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A request has at most ${limits.requestTips} tips, got ${request.tips.length}.`,
    )
  const view = await store.view(request.tree)
  if (view === undefined)
    throw new CausewayError('UNKNOWN_TREE', `The tree ${request.tree} is not here.`, {
      data: { tree: request.tree },
    })
  try {
    const state = { tipsDigest: view.tipsDigest, count: view.count }
    if (request.tipsDigest === view.tipsDigest && request.count === view.count) {
      await view[Symbol.asyncDispose]()
      return { header: { ...state, status: 'equal', tips: [], common: [], entries: 0 }, pages: noPages() }
    }
    const records = await store.lookupIn(request.tree, request.tips, view.snapshot)
    const known = request.tips.filter((_, index) => records[index] !== undefined)
    // Where all their tips are here, all their entries are, and the counts tell how many they lack.
    const theirCount =
      known.length === request.tips.length && request.tips.length < limits.requestTips
        ? request.count
        : undefined
    const missing = await findMissing(store, view, known, theirCount)
    const header: SyncHeader = {
      ...state,
      status: 'delta',
      tips: sample(view.tips, limits.answerTips, random),
      common: request.tips.map((_, index) => records[index] !== undefined),
      entries: missing.count ?? 0,
    }
    return { header, pages: paged(view, missing.pages(), request.budgetBytes || Number.POSITIVE_INFINITY) }
  } catch (error) {
    await view[Symbol.asyncDispose]()
    throw error
  }
}

async function* noPages(): AsyncGenerator<SyncPage> {}

/** Pages of the wire until the budget is spent; frees the snapshot at the end, however that comes. */
async function* paged(
  view: TreeView,
  pages: AsyncGenerator<StoredEntry[]>,
  budgetBytes: number,
): AsyncGenerator<SyncPage> {
  try {
    let spent = 0
    for await (const page of pages) {
      for (const { signed } of page) spent += signed.body.length + signed.signature.length
      const more = spent >= budgetBytes
      yield { entries: page.map((entry) => entry.signed), more }
      if (more) return
    }
  } finally {
    await pages.return(undefined)
    await view[Symbol.asyncDispose]()
  }
}
