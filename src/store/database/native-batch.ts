/**
 * Writes lists of operations to LevelDB with one call an operation. For a list the binding asks each operation for each of
 * its properties by name, which is a fifth of what storing an entry costs the main thread; a batch of the binding takes
 * two buffers in one call. classic-level frees the memory of such a batch only when V8 collects it, so a few are emptied
 * and used again.
 */
import type { ClassicLevel } from 'classic-level'

/** An operation as abstract-level passes it on: its key and value are what is written. */
interface Operation {
  readonly type: 'put' | 'del'
  readonly key: Buffer
  readonly value: Buffer
}

/** The methods in which those of a chained batch end. */
interface NativeBatch {
  _put(key: Buffer, value: Buffer): void
  _del(key: Buffer): void
  _clear(): void
  _write(options: { sync: boolean }): Promise<void>
}

interface Level {
  _batch(operations: readonly Operation[], options: { sync?: boolean }): Promise<void>
  _chainedBatch(): NativeBatch
}

/** Two trees that are written at once need one each. */
const mostKept = 2

/** Lets all lists that are written to a database go through batches that are used again. Call it before `fenceWrites`. */
export function reuseBatches(db: ClassicLevel<Buffer, Buffer>): void {
  const level = db as unknown as Level
  const create = level._chainedBatch.bind(db)
  let kept: NativeBatch[] = []
  // A batch belongs to one opening.
  db.on('open', () => {
    kept = []
  })
  level._batch = async (operations, { sync = false }) => {
    const spare = kept
    const batch = spare.pop() ?? create()
    try {
      for (const { type, key, value } of operations)
        if (type === 'put') batch._put(key, value)
        else batch._del(key)
      await batch._write({ sync })
    } finally {
      batch._clear()
      if (spare.length < mostKept) spare.push(batch)
    }
  }
}
