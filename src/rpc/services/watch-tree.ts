/** TreeService's WatchTree: streams a tree's entries as they arrive, until the caller leaves or the node stops. */
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import type { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { policyStore } from '../../dag/entry.ts'
import { type TreeId, unknownTree } from '../../dag/id.ts'
import type { DagStore } from '../../store/store.ts'
import { pieces } from '../../sync/pieces.ts'
import { stoppingKey } from '../caller.ts'
import { readCount, readId, writeEntry } from '../convert.ts'

/** Reads the id of a tree in the store. Throws INVALID_ARGUMENT for a malformed id, UNKNOWN_TREE for an unknown one. */
export function expectTree(store: DagStore, bytes: Uint8Array): TreeId {
  const tree = readId(bytes, 'tree')
  if (store.tree(tree) === undefined) throw unknownTree(tree)
  return tree
}

export function createTreeWatch({
  store,
  clock,
}: {
  readonly store: DagStore
  readonly clock: Clock
}): Pick<ServiceImpl<typeof TreeService>, 'watchTree'> {
  return {
    async *watchTree(request, context) {
      const tree = expectTree(store, request.tree)
      let after = readCount(request.afterSequence, 'after_sequence')
      let sentAt = clock.monotonic()
      for await (const changed of changes(store, tree, clock, context, () => sentAt)) {
        if (!changed) {
          yield { entries: [], sequence: BigInt(after) }
          sentAt = clock.monotonic()
        }
        // Ends when everything that has arrived is sent.
        for (;;) {
          const arrivals = await store.arrivals(tree, after, limits.watchEntries)
          if (arrivals.length === 0) break
          const records = await store.lookup(arrivals.map(({ id }) => id))
          const sized = arrivals.map((arrival, index) => ({ ...arrival, size: records[index]?.size ?? 0 }))
          const sizeOf = ({ size }: { size: number }) => size
          for (const page of pieces(sized, sizeOf, () => limits.pageBytes)) {
            after = page.at(-1)!.sequence
            const [entries, voids] = await Promise.all([store.read(tree, page), store.voidAmong(tree, page)])
            const messages = entries.map((entry) => writeEntry(entry, voids.has(entry.id)))
            yield {
              entries: request.includeVoid ? messages : messages.filter(({ isVoid }) => !isVoid),
              sequence: BigInt(after),
              policyChanged: messages.some(({ body }) =>
                body!.changes.some(({ store }) => store === policyStore),
              ),
            }
            sentAt = clock.monotonic()
          }
        }
      }
    },
  }
}

/**
 * Yields true immediately and then whenever the tree has changed (changes are coalesced), and false for a sign of life,
 * limits.signOfLifeMs after `sentAt`, when the last message was sent. Ends with the call, or when the node stops.
 */
async function* changes(
  store: DagStore,
  tree: TreeId,
  clock: Clock,
  { signal, values }: HandlerContext,
  sentAt: () => number,
): AsyncGenerator<boolean> {
  const ended = AbortSignal.any([signal, values.get(stoppingKey)])
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
