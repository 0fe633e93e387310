/** The fair queue: places are bounded, callers take turns, places rest, and a caller that leaves is forgotten. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { FairQueue } from '../../../src/rpc/server/fair-queue.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const never = new AbortController().signal

function open(places: number, rest: (tookMs: number) => number = () => 0) {
  const clock = new VirtualClock()
  const queue = new FairQueue({ clock, places, rest })
  const began: string[] = []
  const ends: (() => void)[] = []
  const ask = (caller: string, signal = never) =>
    queue.run(caller, signal, () => {
      began.push(caller)
      return new Promise<void>((resolve) => ends.push(resolve))
    })
  /** Ends the work that has run longest. */
  const end = async () => {
    ends.shift()!()
    await clock.settle()
  }
  return { clock, queue, began, ask, end }
}

it('gives places by turns of callers, not of calls', async () => {
  const { queue, began, ask, end, clock } = open(2)
  for (const caller of ['a', 'a', 'a', 'a', 'b', 'c', 'b']) void ask(caller)
  await clock.settle()
  assert.deepEqual(began, ['a', 'a'])
  assert.equal(queue.length, 5)
  for (let count = 0; count < 5; count++) await end()
  assert.deepEqual(began, ['a', 'a', 'a', 'b', 'c', 'a', 'b'])
  assert.equal(queue.length, 0)
})

it('lets a place rest after work', async () => {
  const { began, ask, end, clock } = open(1, (tookMs) => 2 * tookMs)
  void ask('a')
  void ask('b')
  await clock.advance(100)
  await end()
  await clock.advance(199)
  assert.deepEqual(began, ['a'])
  await clock.advance(1)
  assert.deepEqual(began, ['a', 'b'])
})

it('passes a place on even if the work fails', async () => {
  const { queue, clock } = open(1)
  const failing = queue.run('a', never, async () => {
    throw new Error('work')
  })
  const after = queue.run('b', never, async () => 'done')
  await assert.rejects(failing, /work/)
  assert.equal(await clock.runUntil(after), 'done')
})

it('forgets a caller that leaves while it waits', async () => {
  const { began, ask, end, clock } = open(1)
  void ask('a')
  const call = new AbortController()
  const waiting = ask('b', call.signal)
  void ask('c')
  waiting.catch(() => {})
  call.abort(new Error('left'))
  await assert.rejects(waiting, /left/)
  await assert.rejects(ask('d', call.signal), /left/)
  await end()
  await end()
  assert.deepEqual(began, ['a', 'c'])
  await clock.settle()
  // The place is free again.
  void ask('e')
  await clock.settle()
  assert.deepEqual(began, ['a', 'c', 'e'])
})
