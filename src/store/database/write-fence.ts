/**
 * Stops LevelDB from writing after a failed write. A full disk leaves half a record in its log, and the next start
 * silently drops everything written after that, even if it was flushed and acknowledged. So once a write has failed,
 * every other write fails too, until the database has been closed and opened, which begins a new log.
 */
import type { ClassicLevel } from 'classic-level'

const writes = ['_put', '_del', '_batch', '_clear'] as const
type Write = (...args: unknown[]) => Promise<unknown>
type Chained = { _write: Write }

/**
 * Fences all writes, those of sublevels too: every write ends in one of these methods or in that of a chained batch.
 */
export function fenceWrites(db: ClassicLevel<Buffer, Buffer>): void {
  const methods = db as unknown as Record<(typeof writes)[number], Write> & { _chainedBatch(): Chained }
  let failure: unknown
  const fenced =
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
      // Another write failed at the same time, so this one may lie after it in the log.
      if (failure !== undefined) throw failure
      return result
    }
  for (const name of writes) methods[name] = fenced(methods[name].bind(db))
  const chain = methods._chainedBatch.bind(db)
  methods._chainedBatch = () => {
    const batch = chain()
    batch._write = fenced(batch._write.bind(batch))
    return batch
  }
  db.on('open', () => {
    failure = undefined
  })
}
