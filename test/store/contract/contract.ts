/** The contract of an engine, and of a store on it, which runs on each kind of database. */
import { describe } from 'node:test'
import type { Database } from '../../../src/store/database/open.ts'
import { LevelEngine } from '../../../src/store/engine/leveldb/level-engine.ts'
import { DagStore } from '../../../src/store/store.ts'
import type { OnStore } from '../expect.ts'
import { arrivalContract } from './arrival.ts'
import { concurrencyContract } from './concurrency.ts'
import { engineContract } from './engine.ts'
import { readingContract } from './reading.ts'

/** A place for one database, removed when disposed. */
export interface TestPlace extends AsyncDisposable {
  open(): Promise<Database>
}

export function storeContract(name: string, newPlace: () => Promise<TestPlace>): void {
  const on: OnStore = async (test) => {
    await using place = await newPlace()
    const store = await DagStore.open(await place.open())
    try {
      await test(store)
    } finally {
      await store.close()
    }
  }
  describe(`an engine on ${name}`, () => {
    engineContract(async (test) => {
      await using place = await newPlace()
      const db = await place.open()
      try {
        await test(new LevelEngine(db))
      } finally {
        await db.close()
      }
    })
  })
  describe(`a store on ${name}`, () => {
    describe('appends pages: it', () => arrivalContract(on))
    describe('is read: it', () => readingContract(on))
    describe('works concurrently, and survives failures: it', () => concurrencyContract(on))
  })
}
