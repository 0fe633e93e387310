/**
 * Keeps LevelDB from writing on after a write that failed. A full disk leaves half a record in its log, and whatever
 * is written behind that, even flushed and acknowledged, is dropped without a word at the next start. So once a
 * write has failed, every other one fails too until the database was closed and opened, which begins a new log.
 */
import type { ClassicLevel } from 'classic-level'

const writes = ['_put', '_del', '_batch', '_clear'] as const
type Write = (...args: unknown[]) => Promise<unknown>
type Chained = { _write: Write }

/** Guards all writes, those of sublevels too, since they all end at these methods of the database or at a chained batch's. */
export function fenceWrites(db: ClassicLevel<Buffer, Buffer>): void {
  const methods = db as unknown as Record<(typeof writes)[number], Write> & { _chainedBatch(): Chained }
  let failure: unknown
  const guarded =
    (write: Write): Write =>
    async (...args) => {
      if (failure !== undefined) throw failure
      let result: unknown
      try {
        result = await write(...args)
      } catch (error) {
        failure ??= error
        throw error
      }
      // Written at the same time as one that failed, so perhaps behind it.
      if (failure !== undefined) throw failure
      return result
    }
  for (const name of writes) methods[name] = guarded(methods[name].bind(db))
  const chain = methods._chainedBatch.bind(db)
  methods._chainedBatch = () => {
    const batch = chain()
    batch._write = guarded(batch._write.bind(batch))
    return batch
  }
  db.on('open', () => {
    failure = undefined
  })
}
