/** Fetching many chunks from several peers at the same time: whatever each of them does, what they have comes in order. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { limits } from '../../../src/base/limits.ts'
import type { FetchedChunk } from '../../../src/state/blobs/blobs.ts'
import { fetchSideBySide } from '../../../src/state/blobs/side-by-side.ts'
import { below, prng } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'

const never = new AbortController().signal
const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index)

/** A peer that sends what it has, after some turns of the event loop for each chunk. */
interface Peer {
  readonly name: string
  readonly lacks?: readonly number[]
  readonly turns?: number
  /** Turns that a call takes to end after its last chunk. */
  readonly lateTurns?: number
  readonly asked: number[]
}

const peer = (name: string, more: Partial<Peer> = {}): Peer => ({ name, asked: [], ...more })

async function* run(
  { lacks = [], turns = 1, lateTurns = 0, asked }: Peer,
  numbers: readonly number[],
  signal: AbortSignal,
) {
  for (const number of numbers) {
    asked.push(number)
    for (let turn = 0; turn < turns; turn++) {
      await setImmediate()
      signal.throwIfAborted()
    }
    if (lacks.includes(number)) return
    yield { number, data: Uint8Array.of(number) } satisfies FetchedChunk
  }
  for (let turn = 0; turn < lateTurns; turn++) await setImmediate()
}

async function* each(peers: readonly Peer[]) {
  for (const one of peers) {
    await setImmediate()
    yield one
  }
}

/** Fetches, and returns the numbers that came, those that did not, and the most that were sent ahead of their turn. */
async function fetchAll(peers: readonly Peer[], count: number) {
  const numbers = numbersTo(count)
  const chunks = fetchSideBySide({ numbers, peers: () => each(peers), run }, never)
  const came: number[] = []
  let ahead = 0
  for (;;) {
    const { done, value } = await chunks.next()
    if (done) return { came, left: value, ahead }
    came.push(value.number)
    ahead = Math.max(ahead, peers.reduce((sum, { asked }) => sum + asked.length, 0) - came.length)
  }
}

describe('chunks from several peers', () => {
  it('come from all of them, in order, and few ahead of their turn', async () => {
    using _ = limited({ chunksPerShare: 2, blobPeersAtOnce: 3 })
    const peers = [peer('slow', { turns: 9 }), peer('fast'), peer('other', { turns: 2 }), peer('fourth')]
    const { came, left, ahead } = await fetchAll(peers, 101)
    assert.deepEqual([came, left], [numbersTo(101), []])
    for (const { name, asked } of peers) assert.equal(asked.length > 0, name !== 'fourth', name)
    assert.ok(peers[1]!.asked.length > peers[0]!.asked.length, 'the fast one sends more')
    assert.ok(ahead <= (limits.blobPeersAtOnce + 2) * limits.chunksPerShare, `${ahead}`)
  })

  it('come on from peers whose calls end after their chunks were told', async () => {
    using _ = limited({ chunksPerShare: 2 })
    const peers = [peer('a', { lateTurns: 3 }), peer('b', { lateTurns: 5 })]
    const { came, left } = await fetchAll(peers, 40)
    assert.deepEqual([came, left], [numbersTo(40), []])
    for (const { name, asked } of peers) assert.ok(asked.length > 4, name)
  })

  it('are told as far as they come, with the rest that nobody has sent', async () => {
    using _ = limited({ chunksPerShare: 2 })
    const { came, left } = await fetchAll([peer('a', { lacks: [5] }), peer('b', { lacks: [5] })], 20)
    assert.deepEqual(came, [0, 1, 2, 3, 4])
    assert.ok(left.includes(5) && left.every((number) => number >= 5))
    assert.deepEqual(await fetchAll([], 20), { came: [], left: numbersTo(20), ahead: 0 })
  })

  it('are complete, or told as left, whatever peers lack', async () => {
    using _ = limited({ chunksPerShare: 3 })
    const random = prng(11)
    for (let turn = 0; turn < 60; turn++) {
      const count = 1 + below(random, 40)
      const peers = Array.from({ length: below(random, 5) }, (_, index) =>
        peer(`${index}`, {
          turns: below(random, 4),
          lacks: numbersTo(count).filter(() => random() < 0.1),
        }),
      )
      const { came, left } = await fetchAll(peers, count)
      assert.deepEqual(came, numbersTo(came.length))
      const sent = new Set(peers.flatMap(({ asked, lacks = [] }) => asked.filter((n) => !lacks.includes(n))))
      for (const number of numbersTo(count)) {
        const isLeft = left.includes(number)
        assert.ok(isLeft || sent.has(number) || came.includes(number), `${number} is told or left`)
        if (came.includes(number)) assert.ok(!isLeft)
      }
    }
  })

  it('throw what is no fault of a peer, and end all when their reader leaves', async () => {
    using _ = limited({ chunksPerShare: 2 })
    const failing = fetchSideBySide(
      {
        numbers: numbersTo(20),
        peers: () => each([peer('a'), peer('b')]),
        async *run(one, numbers, signal) {
          yield* run(one, numbers, signal)
          if (numbers.includes(5)) throw new Error('no room')
        },
      },
      never,
    )
    await assert.rejects(async () => {
      for await (const _ of failing);
    }, /no room/)
    const signals: AbortSignal[] = []
    const left = fetchSideBySide(
      {
        numbers: numbersTo(20),
        peers: () => each([peer('a'), peer('b')]),
        run(one, numbers, signal) {
          signals.push(signal)
          return run(one, numbers, signal)
        },
      },
      never,
    )
    for await (const { number } of left) if (number === 3) break
    assert.ok(signals.length > 1 && signals.every(({ aborted }) => aborted))
    const cut = new AbortController()
    const reading = fetchSideBySide(
      { numbers: numbersTo(20), peers: () => each([peer('a', { turns: 1_000_000 })]), run },
      cut.signal,
    )
    const first = reading.next()
    await setImmediate()
    cut.abort()
    await assert.rejects(first, { name: 'AbortError' })
  })
})
