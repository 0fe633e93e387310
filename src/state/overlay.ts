/** Writes that are not in the database yet, and reads through them: so a batch is worked out in steps and written once. */
import type { Database } from '../store/database/open.ts'
import type { BatchOperation } from '../store/engine/engine.ts'
import type { Range } from './rows.ts'

/** How many rows a search for the first one reads at a time. */
const rowsAtOnce = 64

export class Overlay {
  private readonly db: Database
  private readonly writes = new Map<string, { readonly key: Buffer; readonly value: Buffer | undefined }>()
  private readonly unread: BatchOperation[] = []

  constructor(db: Database) {
    this.db = db
  }

  put(key: Buffer, value: Buffer): void {
    this.writes.set(key.toString('latin1'), { key, value })
  }

  del(key: Buffer): void {
    this.writes.set(key.toString('latin1'), { key, value: undefined })
  }

  /** Adds a write of a row that is not read through the overlay. */
  add(operation: BatchOperation): void {
    this.unread.push(operation)
  }

  async get(key: Buffer): Promise<Buffer | undefined> {
    const written = this.writes.get(key.toString('latin1'))
    return written === undefined ? this.db.get(key) : written.value
  }

  /** Returns the first row of a range, or undefined if there is none. */
  async first({ gte, lt }: Range): Promise<[Buffer, Buffer] | undefined> {
    let least: [Buffer, Buffer] | undefined
    for (const { key, value } of this.writes.values())
      if (value !== undefined && Buffer.compare(key, gte) >= 0 && Buffer.compare(key, lt) < 0)
        if (least === undefined || Buffer.compare(key, least[0]) < 0) least = [key, value]
    const iterator = this.db.iterator({ gte, lt })
    try {
      // Ends with the range, or at the first row that no write has replaced.
      for (;;) {
        const rows = await iterator.nextv(rowsAtOnce)
        if (rows.length === 0) return least
        for (const [key, value] of rows) {
          if (this.writes.has(key.toString('latin1'))) continue
          return least === undefined || Buffer.compare(key, least[0]) < 0 ? [key, value] : least
        }
      }
    } finally {
      await iterator.close()
    }
  }

  operations(): BatchOperation[] {
    for (const { key, value } of this.writes.values())
      this.unread.push(value === undefined ? { type: 'del', key } : { type: 'put', key, value })
    this.writes.clear()
    return this.unread
  }
}
