/** One node at a time owns a database that several processes can open. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { Database } from '../../../src/store/database/open.ts'
import { openMemory } from '../../../src/store/database/open.ts'
import { ownAgain, ownDatabase } from '../../../src/store/database/ownership.ts'
import { Records } from '../../../src/store/database/records.ts'
import { openShared, SharedHost } from '../../kit/shared-level.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const locked = { code: 'STORE_LOCKED' }
const put = (db: Database, key: string) => db.put(Buffer.from(key), Buffer.from('value'))

/** A host, and time for all its clients. */
function shared() {
  const host = new SharedHost()
  const clock = new VirtualClock()
  /** Opens a client as its owner. */
  const own = async (time = clock): Promise<Database> => {
    const db = openShared(host.client())
    await clock.runUntil(ownDatabase(db, time))
    return db
  }
  return { host, clock, own }
}

/** A clock whose timers never run, as in a process that is stopped. */
class StoppedClock extends VirtualClock {
  readonly #clock: VirtualClock
  stopped = false

  constructor(clock: VirtualClock) {
    // Another process has other random numbers.
    super({ seed: 2 })
    this.#clock = clock
  }

  override now = () => this.#clock.now()
  override monotonic = () => this.#clock.monotonic()
  override setTimer(delayMs: number, run: () => void): () => void {
    return this.#clock.setTimer(delayMs, () => {
      if (!this.stopped) run()
    })
  }
}

describe('the owner of a database', () => {
  it('keeps a second one out while it lives, and writes on', async () => {
    const { clock, own } = shared()
    const first = await own()
    await assert.rejects(own(), (error: CausewayError) => {
      assert.equal(error.code, 'STORE_LOCKED')
      assert.deepEqual(error.data, { epoch: 1 })
      return true
    })
    await clock.advance(10 * limits.ownerLeaseMs)
    await assert.rejects(own(), locked)
    await put(first, 'still mine')
  })

  it('lets the next one in at once after it has closed, with the next epoch', async () => {
    const { clock, own } = shared()
    for (let epoch = 1; epoch <= 3; epoch++) {
      const began = clock.monotonic()
      const db = await own()
      assert.equal(clock.monotonic() - began, limits.ownerSettleMs)
      await assert.rejects(own(), (error: CausewayError) => error.data.epoch === epoch)
      await db.close()
    }
  })

  it('loses it after a lease without a sign of life, and then writes nothing, by no way of writing', async () => {
    const { clock, own } = shared()
    const stopped = new StoppedClock(clock)
    const first = await own(stopped)
    const records = await Records.open(first, 'things')
    await records.set('before', { written: true })
    stopped.stopped = true
    const began = clock.monotonic()
    const second = await own()
    assert.equal(clock.monotonic() - began, limits.ownerLeaseMs + limits.ownerSettleMs)
    stopped.stopped = false
    const chain = first.batch()
    chain.put(Buffer.from('chained'), Buffer.from('value'))
    const writes: Promise<unknown>[] = [
      put(first, 'put'),
      first.del(Buffer.from('kept')),
      first.batch([{ type: 'put', key: Buffer.from('listed'), value: Buffer.from('value') }]),
      chain.write(),
      first.clear(),
      records.set('after', { written: true }),
    ]
    for (const write of writes) await assert.rejects(write, locked)
    assert.deepEqual([...(await Records.open(second, 'things')).values()], [{ written: true }])
    await put(second, 'mine')
    for (const key of ['put', 'listed', 'chained'])
      assert.equal(await second.get(Buffer.from(key)), undefined)
    // Closing the loser does not release what is the other's.
    await first.close()
    await assert.rejects(own(), locked)
    await put(second, 'still mine')
  })

  it('does not acknowledge a batch that came too late, and the new owner hears of it', async () => {
    const { host, clock, own } = shared()
    const stopped = new StoppedClock(clock)
    const first = await own(stopped)
    let arrive = () => {}
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve
    })
    host.onWrite = () => arrived
    const late = assert.rejects(put(first, 'late'), locked)
    host.onWrite = async () => {}
    stopped.stopped = true
    const second = await own()
    await put(second, 'mine')
    arrive()
    await late
    await clock.advance(limits.ownerLeaseMs)
    await assert.rejects(put(second, 'more'), locked)
    // Opened again, it is the owner of all that is there.
    await second.close()
    await second.open()
    await clock.runUntil(ownAgain(second))
    await put(second, 'more')
  })

  it('is one of two that claim it at once', async () => {
    const { host, clock } = shared()
    const claims = [0, 1].map(() => ownDatabase(openShared(host.client()), clock))
    const results = await clock.runUntil(Promise.allSettled(claims))
    assert.deepEqual(results!.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  })

  it('is one of two, of which one was stopped between its look and its claim', async () => {
    const { host, clock, own } = shared()
    const ask = host.client()
    let go = () => {}
    const stopped = new Promise<void>((resolve) => {
      go = resolve
    })
    const late = openShared(async (request) => {
      const answer = await ask(request)
      if (request.type === 'get') await stopped
      return answer
    })
    const claim = ownDatabase(late, clock)
    const first = await own()
    await put(first, 'mine')
    go()
    await clock.runUntil(claim)
    await put(late, 'mine now')
    await assert.rejects(put(first, 'still mine'), locked)
  })

  it('may be stopped by a machine that sleeps: it looks again before it writes', async () => {
    const { clock, own } = shared()
    const first = await own()
    // The monotonic clock stands still while a machine sleeps.
    clock.skewMs += limits.ownerLeaseMs
    await put(first, 'awake')
  })

  it('passes a damaged record after a lease', async () => {
    const { host, own } = shared()
    await host.level.put(Buffer.from('!database-owner!'), Buffer.from('{"own'))
    await put(await own(), 'mine')
  })

  it('is one node of a process too, also on a database that no other process can open', async () => {
    const db = await openMemory()
    const clock = new VirtualClock()
    await ownDatabase(db, clock)
    await assert.rejects(ownDatabase(db, clock), locked)
    await put(db, 'open still')
    assert.equal(clock.pendingTimers, 0)
    await db.close()
    await db.open()
    await ownDatabase(db, clock)
    await db.close()
  })
})
