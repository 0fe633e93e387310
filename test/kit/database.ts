/** Intercepts a store's page writes and arrival reads, to observe, count or fail them. */
import type { DagStore } from '../../src/store/store.ts'

type Write = (options: { sync: boolean }) => Promise<void>
type Batch = (...args: unknown[]) => Promise<void>

/**
 * From now on `step` does every page write: it may call `write`, or throw instead. Returns a function that ends this.
 */
export function interceptWrites(
  store: DagStore,
  step: (write: () => Promise<void>, options: { sync: boolean }) => Promise<void>,
): () => void {
  const { db } = store
  const batch = db.batch
  db.batch = ((...args: [unknown?]) => {
    // A list is written as it is, a chained batch by `write`.
    if (args.length > 0) return step(() => (batch as Batch).apply(db, args), { sync: false })
    const chained = (batch as Batch).call(db) as unknown as { write: Write }
    const write = chained.write.bind(chained)
    chained.write = (options) => step(() => write(options), options)
    return chained
  }) as never
  return () => {
    db.batch = batch
  }
}

/** Counts reads of the arrivals from now on, which rebuild sketches. */
export function replays(store: DagStore): { count: number } {
  const looks = { count: 0 }
  const arrivals = store.arrivals.bind(store)
  Object.assign(store, {
    arrivals: (...args: Parameters<typeof arrivals>) => {
      looks.count++
      return arrivals(...args)
    },
  })
  return looks
}
