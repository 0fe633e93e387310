/** Steps in where a store writes its pages or reads arrivals: to see, count or fail what a database would otherwise do. */
import type { DagStore } from '../../src/store/store.ts'

type Write = (options: { sync: boolean }) => Promise<void>
type Batch = (...args: unknown[]) => Promise<void>

/** Lets `step` do every page's write from now on; it may call `write`, or throw in its place. The result ends that. */
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

/** Counts the looks at the arrivals from now on, by which sketches are rebuilt. */
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
