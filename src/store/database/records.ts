/**
 * A small durable map beside the DAG: all of it in memory, every change in one write. Its writes go one after
 * another, and `put` gives an operation for somebody else's batch, so that a record can change together with entries.
 */

import { KeyedQueue } from '../../base/keyed-queue.ts'
import type { BatchOperation } from '../page.ts'
import { storeError } from './errors.ts'
import type { Database } from './open.ts'

export class Records<Value extends object> {
  private readonly db: Database
  private readonly sublevel
  private readonly all = new Map<string, Value>()
  private readonly queue = new KeyedQueue<''>()

  private constructor(db: Database, name: string) {
    this.db = db
    this.sublevel = db.sublevel<Buffer, Buffer>(name, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  }

  /** Reads the map of that name; STORE_CORRUPT when a record cannot be read. */
  static async open<Value extends object>(db: Database, name: string): Promise<Records<Value>> {
    const records = new Records<Value>(db, name)
    try {
      for await (const [key, value] of records.sublevel.iterator())
        records.all.set(key.toString(), JSON.parse(value.toString()) as Value)
    } catch (error) {
      throw storeError(error, `The records of ${name} could not be read`)
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

  /** The operation that writes a record; `keep` shows it once the batch is written. */
  put(key: string, value: Value): BatchOperation {
    return {
      type: 'put',
      key: Buffer.from(key),
      value: Buffer.from(JSON.stringify(value)),
      sublevel: this.sublevel,
    }
  }

  keep(key: string, value: Value): void {
    this.all.set(key, value)
  }

  /** The operation that removes a record; `forget` hides it once the batch is written. */
  del(key: string): BatchOperation {
    return { type: 'del', key: Buffer.from(key), sublevel: this.sublevel }
  }

  forget(key: string): void {
    this.all.delete(key)
  }

  /** Writes one record; `sync`: it survives a power failure too, as what a person states must. */
  set(key: string, value: Value, { sync = false } = {}): Promise<void> {
    return this.write([this.put(key, value)], sync, () => this.all.set(key, value))
  }

  /** Brings the disk up to what `keep` and `forget` have shown of a record. */
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

  /** Writes operations, all of them or none, and calls `done` then. */
  write(operations: readonly BatchOperation[], sync: boolean, done: () => void): Promise<void> {
    return this.queue.run('', async () => {
      try {
        await this.db.batch(operations as BatchOperation[], { sync } as object)
      } catch (error) {
        throw storeError(error, 'A record could not be written')
      }
      done()
    })
  }
}
