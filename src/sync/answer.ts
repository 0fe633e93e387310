/**
 * The answering side of SyncTree: says what this store has, finds what the asker lacks, and streams it in pages,
 * parents first. Reads no faster than the asker takes, and keeps nothing when it is done.
 */
import { entryBytes } from '../dag/entry.ts'
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { DagStore, StoredEntry, TreeView } from '../store/store.ts'
import { findMissing } from './missing.ts'
import type { SyncAnswer, SyncHeader, SyncPage, SyncRequest } from './remote.ts'
import { sample } from './sample.ts'

/** Answers one request. Dispose the answer in any case, since its pages hold a snapshot until they end. */
export async function answerSync(
  store: DagStore,
  request: SyncRequest,
  random: () => number,
): Promise<SyncAnswer & AsyncDisposable> {
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
      return opened({ ...state, status: 'equal', tips: [], common: [], entries: 0 }, noPages(), view)
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
    return opened(header, paged(missing.pages(), request.budgetBytes || Number.POSITIVE_INFINITY), view)
  } catch (error) {
    await view[Symbol.asyncDispose]()
    throw error
  }
}

/** The answer with its snapshot. A generator that never began skips its own `finally`, so the end is seen here. */
function opened(
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

/** Pages of the wire until the budget is spent. */
async function* paged(pages: AsyncGenerator<StoredEntry[]>, budgetBytes: number): AsyncGenerator<SyncPage> {
  let spent = 0
  for await (const page of pages) {
    for (const { signed } of page) spent += entryBytes(signed)
    const more = spent >= budgetBytes
    yield { entries: page.map((entry) => entry.signed), more }
    if (more) return
  }
}
