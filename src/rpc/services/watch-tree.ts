/**
 * TreeService's WatchTree: streams a tree's entries as they arrive, until the caller leaves or may no longer read the
 * tree, or the node stops.
 */
import type { ServiceImpl } from '@connectrpc/connect'
import type { Entry, EntryView, TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { decodeBody } from '../../dag/body.ts'
import { policyStore } from '../../dag/entry.ts'
import type { Position, TreeId } from '../../dag/id.ts'
import type { DagStore } from '../../store/store.ts'
import { pieces } from '../../sync/pieces.ts'
import { callerKey, stoppingKey } from '../caller.ts'
import { readCount } from '../convert.ts'
import { changesOneOf, readStores, readView, writeEntry } from '../convert-entry.ts'
import { loadKey } from '../server/load.ts'
import { expectTree, type ReadableTrees } from './expect-tree.ts'

export function createTreeWatch(
  parts: ReadableTrees & { readonly clock: Clock },
): Pick<ServiceImpl<typeof TreeService>, 'watchTree'> {
  const { store, access, clock } = parts
  return {
    async *watchTree(request, context) {
      const { values } = context
      const caller = values.get(callerKey)
      const tree = await expectTree(parts, request.tree, caller)
      const filter = { ...request, view: readView(request.view), stores: readStores(request.stores) }
      let after = readCount(request.afterSequence, 'after_sequence')
      const ended = AbortSignal.any([context.signal, values.get(stoppingKey)])
      const work = <Result>(piece: () => Promise<Result>) => values.get(loadKey).work(ended, piece)
      let sentAt = clock.monotonic()
      for await (const changed of changes(store, tree, clock, ended, () => sentAt)) {
        // The change may have taken the caller's right, and a watch that is cut off says so.
        await access.read(tree, caller)
        if (!changed) {
          yield { entries: [], sequence: BigInt(after) }
          sentAt = clock.monotonic()
        }
        // Ends when everything that has arrived is sent.
        for (;;) {
          const pages = await work(() => nextPages(store, tree, after))
          if (pages.length === 0) break
          for (const page of pages) {
            // Nothing is yielded while other stores' entries are passed over, so only this shows that the caller left.
            if (ended.aborted) return
            const message = await work(() => readPage(store, tree, page, filter))
            // Asked again for each message, since a slow caller takes its time.
            await access.read(tree, caller)
            after = page.at(-1)!.sequence
            const { entries, policyChanged } = message
            // What is for other stores passes in silence, though in no longer one than is promised.
            const silent = filter.stores !== undefined && entries.length === 0 && !policyChanged
            if (silent && clock.monotonic() - sentAt < limits.signOfLifeMs) continue
            yield { ...message, sequence: BigInt(after) }
            sentAt = clock.monotonic()
          }
        }
      }
    },
  }
}

type Arrival = Position & { readonly sequence: number }

/** Returns the next arrivals, cut into what one message may carry; none if everything was sent. */
async function nextPages(store: DagStore, tree: TreeId, after: number): Promise<Arrival[][]> {
  const arrivals = await store.arrivals(tree, after, limits.watchEntries)
  const records = await store.lookup(arrivals.map(({ id }) => id))
  const sized = arrivals.map((arrival, index) => ({ ...arrival, size: records[index]?.size ?? 0 }))
  return [
    ...pieces(
      sized,
      ({ size }) => size,
      () => limits.pageBytes,
    ),
  ]
}

/** What a watch shows. */
interface Filter {
  readonly includeVoid: boolean
  readonly view: EntryView
  readonly stores: ReadonlySet<string> | undefined
}

async function readPage(store: DagStore, tree: TreeId, page: readonly Arrival[], filter: Filter) {
  const [stored, voids] = await Promise.all([store.read(tree, page), store.voidAmong(tree, page)])
  const entries: Entry[] = []
  const sequences: bigint[] = []
  let policyChanged = false
  for (const [index, entry] of stored.entries()) {
    const body = decodeBody(entry.signed.body)
    const isVoid = voids.has(entry.id)
    policyChanged ||= body.changes.some(({ store }) => store === policyStore)
    if ((isVoid && !filter.includeVoid) || !changesOneOf(body, filter.stores)) continue
    entries.push(writeEntry(entry, isVoid, filter.view, body))
    sequences.push(BigInt(page[index]!.sequence))
  }
  return { entries, sequences, policyChanged }
}

/**
 * Yields true immediately and then whenever the tree has changed (changes are coalesced), and false for a sign of life,
 * limits.signOfLifeMs after `sentAt`, when the last message was sent, until the signal fires.
 */
async function* changes(
  store: DagStore,
  tree: TreeId,
  clock: Clock,
  ended: AbortSignal,
  sentAt: () => number,
): AsyncGenerator<boolean> {
  let changed = true
  let wake = () => {}
  const stop = store.subscribe((which) => {
    if (which !== tree) return
    changed = true
    wake()
  })
  const onAbort = () => wake()
  ended.addEventListener('abort', onAbort)
  try {
    // Ends with the call. Each turn yields a change, or waits for one or for the time of a sign of life.
    while (!ended.aborted) {
      if (changed) {
        changed = false
        yield true
        continue
      }
      let silent = false
      await new Promise<void>((resolve) => {
        const cancelTimer = clock.setTimer(sentAt() + limits.signOfLifeMs - clock.monotonic(), () => {
          silent = true
          wake()
        })
        wake = () => {
          cancelTimer()
          resolve()
        }
      })
      if (silent && !changed && !ended.aborted) yield false
    }
  } finally {
    stop()
    ended.removeEventListener('abort', onAbort)
  }
}
