/** The contract of a store, which runs on each kind of database. */
import { describe } from 'node:test'
import type { Database } from '../../src/store/database/open.ts'
import { DagStore } from '../../src/store/store.ts'

import { arrivalContract } from './contract-arrival.ts'
import { concurrencyContract } from './contract-concurrency.ts'
import { readingContract } from './contract-reading.ts'
import type { OnStore } from './expect.ts'

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
  describe(`a store on ${name}`, () => {
    describe('appends pages: it', () => arrivalContract(on))
    describe('is read: it', () => readingContract(on))
    describe('works concurrently, and survives failures: it', () => concurrencyContract(on))
  })
}
