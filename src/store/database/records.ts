/**
 * A small durable map beside the DAG. All of it is in memory, and every change is one write; writes go one after
 * another. `put` and `del` return operations for another batch, so that a record can change together with entries. A
 * record ends with a checksum of its key and its value. One whose checksum is wrong is never used: it is dropped when the
 * map is opened, and noted as damage.
 */

import { KeyedQueue } from '../../base/keyed-queue.ts'
import { limits } from '../../base/limits.ts'
import { DamageNotes } from '../damage/damage-notes.ts'
import type { BatchOperation } from '../engine/engine.ts'
import { checksumBytes, isSealed, seal, seedOfKey } from './checksum.ts'
import { storeError } from './errors.ts'
import type { Database } from './open.ts'

type Snapshot = ReturnType<Database['snapshot']>

/** A map by text keys, whose values are stored as JSON. */
export class Records<Value extends object> {
  private readonly db: Database
  private readonly sublevel
  private readonly all = new Map<string, Value>()
  private readonly queue = new KeyedQueue<''>()
  /** The keys of the damaged records that were dropped at the opening, as far as the keys are whole. */
  dropped: readonly string[] = []

  private constructor(db: Database, name: string) {
    this.db = db
    this.sublevel = db.sublevel<Buffer, Buffer>(name, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  }

  /** Reads the map with this name, and drops its damaged records. Throws STORE_CORRUPT if it cannot be read. */
  static async open<Value extends object>(db: Database, name: string): Promise<Records<Value>> {
    const records = new Records<Value>(db, name)
    const damaged: Buffer[] = []
    try {
      for await (const [key, value] of records.sublevel.iterator())
        if (isSealed(value, seedOfKey(key))) records.all.set(key.toString(), decode<Value>(value))
        else damaged.push(key)
    } catch (error) {
      throw storeError(error, `The records of ${name} could not be read`)
    }
    if (damaged.length > 0) {
      const deletions = damaged.map(
        (key): BatchOperation => ({ type: 'del', key, sublevel: records.sublevel }),
      )
      await (await DamageNotes.of(db)).dropRecords(name, damaged, deletions)
      records.dropped = damaged.map((key) => key.toString())
    }
    return records
  }

  get size(): number {
    return this.all.size
  }

  get(key: string): Value | undefined {
    return this.all.get(key)
  }

  values(): IterableIterator<Value> {
    return this.all.values()
  }

  entries(): IterableIterator<[string, Value]> {
    return this.all.entries()
  }

  /** Returns the operation that writes a record. Call `keep` once its batch is written. */
  put(key: string, value: Value): BatchOperation {
    const bytes = Buffer.from(key)
    return { type: 'put', key: this.keyOf(bytes), value: encode(value, seedOfKey(bytes)) }
  }

  /** Sets a record in memory only. */
  keep(key: string, value: Value): void {
    this.all.set(key, value)
  }

  /** Returns the operation that removes a record. Call `forget` once its batch is written. */
  del(key: string): BatchOperation {
    return { type: 'del', key: this.keyOf(Buffer.from(key)) }
  }

  /** Returns the key in the database itself: an operation in a sublevel costs it three times as much. */
  private keyOf(key: Buffer): Buffer {
    return this.sublevel.prefixKey(key, 'buffer') as Buffer
  }

  /** Removes a record in memory only. */
  forget(key: string): void {
    this.all.delete(key)
  }

  /** Writes one record. With `sync` it survives a power failure too, which what a person enters must. */
  set(key: string, value: Value, { sync = false } = {}): Promise<void> {
    return this.write([this.put(key, value)], sync, () => this.all.set(key, value))
  }

  /** Writes a record as it is in memory after `keep` or `forget`. */
  store(key: string): Promise<void> {
    const value = this.all.get(key)
    return this.write([value === undefined ? this.del(key) : this.put(key, value)], false, () => {})
  }

  /** Removes records, all of them or none. */
  delete(keys: readonly string[]): Promise<void> {
    const operations = keys.map((key) => this.del(key))
    return this.write(operations, false, () => {
      for (const key of keys) this.all.delete(key)
    })
  }

  /**
   * Removes the records for which `matches` is true, those whose writing is under way included. Deletes
   * `limits.removalEntries` at a time, so a kill may leave some.
   */
  deleteWhere(matches: (key: string, value: Value) => boolean): Promise<void> {
    return this.queue.run('', async () => {
      const keys = Array.from(this.all).flatMap(([key, value]) => (matches(key, value) ? [key] : []))
      // Ends with the list of keys.
      while (keys.length > 0) {
        const some = keys.splice(-limits.removalEntries)
        try {
          await this.db.batch(some.map((key) => this.del(key)))
        } catch (error) {
          throw storeError(error, 'Records could not be removed')
        }
        for (const key of some) this.all.delete(key)
      }
    })
  }

  /** Writes operations, all of them or none, and then calls `onWritten`. */
  write(operations: readonly BatchOperation[], sync: boolean, onWritten: () => void): Promise<void> {
    return this.queue.run('', async () => {
      try {
        await this.db.batch(operations as BatchOperation[], { sync } as object)
      } catch (error) {
        throw storeError(error, 'A record could not be written')
      }
      onWritten()
    })
  }
}

/** Returns the records of a map as a snapshot has them, without the damaged ones. */
export async function readRecords(
  db: Database,
  name: string,
  snapshot: Snapshot,
): Promise<[string, object][]> {
  const sublevel = db.sublevel<Buffer, Buffer>(name, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  try {
    const rows = await sublevel.iterator({ snapshot } as object).all()
    return rows.flatMap(([key, value]) =>
      isSealed(value, seedOfKey(key)) ? [[key.toString(), decode<object>(value)] as [string, object]] : [],
    )
  } catch (error) {
    throw storeError(error, `The records of ${name} could not be read`)
  }
}

function encode(value: object, seed: number): Buffer {
  const text = JSON.stringify(value)
  const length = Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafe(length + checksumBytes)
  bytes.write(text, 0)
  return seal(bytes, seed)
}

function decode<Value>(value: Buffer): Value {
  return JSON.parse(value.toString('utf8', 0, value.length - checksumBytes)) as Value
}
