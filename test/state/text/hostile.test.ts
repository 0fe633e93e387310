/**
 * Items that no editor makes: with neighbours anywhere, in updates that overlap and come in any order. None of them breaks
 * a document, and a document that gets them one by one shows the same pieces as one that is made of all of them.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as Y from 'yjs'
import { limits } from '../../../src/base/limits.ts'
import type { EntryId } from '../../../src/dag/id.ts'
import { Composer, type RankedUpdate } from '../../../src/state/text/composer.ts'
import { encodeUpdate, readUpdate, retryWaiting } from '../../../src/state/text/update.ts'
import { below, type Prng, prng } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'

const runs = Number(process.env.TEXT_RUNS ?? 300)
const clients = [5, 6, 7]

/** An update with its place, not read yet: what is read is used up when it is applied. */
interface Sent extends Omit<RankedUpdate, 'read'> {
  readonly client: number
  readonly bytes: Uint8Array
}

const place = (number: number) => ({ id: String(number).padStart(64, '0') as EntryId, index: 0 })

function readAll(sent: readonly Sent[]): RankedUpdate[] {
  return sent.flatMap(({ client, bytes, ...rank }) => {
    const read = readUpdate(Y, bytes, client)
    return read === undefined ? [] : [{ ...rank, read }]
  })
}

function content(random: Prng) {
  const roll = random()
  if (roll < 0.6) return new Y.ContentString('abcdefg🌍'.slice(below(random, 3), 4 + below(random, 5)))
  if (roll < 0.75) return new Y.ContentDeleted(1 + below(random, 4))
  return roll < 0.9 ? new Y.ContentFormat('bold', { on: 1 }) : new Y.ContentEmbed({ a: 1 })
}

function randomUpdates(random: Prng): Sent[] {
  const next = new Map<number, number>()
  const anyone = () => clients[below(random, clients.length)]!
  const name = () => (random() < 0.35 ? null : Y.createID(anyone(), below(random, 8)))
  return Array.from({ length: 2 + below(random, 10) }, (_, number) => {
    const client = anyone()
    let clock = Math.max(0, (next.get(client) ?? 0) - (random() < 0.15 ? below(random, 3) : 0))
    const items = Array.from({ length: 1 + below(random, 3) }, () => {
      const [left, right] = [name(), name()]
      const parent = left === null && right === null ? ('text' as never) : null
      const id = Y.createID(client, clock)
      const item = new Y.Item(id, null, left, null, right, parent, null, content(random))
      clock += item.length
      return item
    })
    next.set(client, Math.max(clock, next.get(client) ?? 0))
    const deleted = [{ from: below(random, 6), to: 7 + below(random, 3) }]
    const deletes = new Map(random() < 0.4 ? [[anyone(), deleted]] : [])
    const bytes = encodeUpdate(Y, new Map([[client, items]]), deletes)
    return { ...place(number), client, bytes, isVoid: random() < 0.2, height: below(random, 5) }
  })
}

/** A document with what composes its updates. */
class Shown {
  readonly doc = new Y.Doc()
  readonly composer = new Composer(Y)

  constructor(sent: readonly Sent[] = []) {
    this.doc.getText('text')
    this.add(sent)
  }

  /** Returns false if a new document is needed. */
  add(sent: readonly Sent[]): boolean {
    const update = this.composer.add(readAll(sent))
    if (update === undefined) return false
    Y.applyUpdate(this.doc, update)
    retryWaiting(Y, this.doc, undefined)
    return true
  }

  get text(): string {
    return this.doc.getText('text').toString()
  }
}

const pieces = (text: string) => [...text].sort().join('')

describe('hostile items', () => {
  it(`break no document, and show the same pieces in every order (${runs})`, () => {
    let length = 0
    for (let seed = 1; seed <= runs; seed++) {
      const random = prng(seed)
      const sent = randomUpdates(random)
      const whole = new Shown(sent)
      let shown = new Shown()
      const given: Sent[] = []
      for (const each of [...sent].sort(() => random() - 0.5)) {
        given.push(each)
        if (!shown.add([each])) shown = new Shown(given)
      }
      assert.equal(pieces(shown.text), pieces(whole.text), `seed ${seed}`)
      length += whole.text.length
    }
    assert.ok(length > runs / 2, `${length}`)
  })

  const update = (number: number, items: Y.Item[], ranges: [number, number][]): Sent => {
    const deletes = ranges.map(([from, to]) => ({ from, to }))
    const bytes = encodeUpdate(
      Y,
      new Map(items.length > 0 ? [[5, items]] : []),
      new Map(deletes.length > 0 ? [[5, deletes]] : []),
    )
    return { ...place(number), client: 5, bytes, isVoid: false, height: number }
  }
  const typed = (clock: number, text: string) => {
    const left = clock === 0 ? null : Y.createID(5, clock - 1)
    const parent = clock === 0 ? ('text' as never) : null
    return new Y.Item(Y.createID(5, clock), null, left, null, null, parent, null, new Y.ContentString(text))
  }

  it('are deleted by ranges that overlap, also if they come later', () => {
    const shown = new Shown([update(1, [], [[7, 10]]), update(2, [], [[3, 9]])])
    shown.add([update(0, [typed(0, '0123456789ab')], [])])
    assert.equal(shown.text, '012ab')
  })

  it('are tried again while they wait, up to a bound', () => {
    const waiting = new Shown([update(1, [typed(3, 'def')], [])])
    const before = waiting.doc.store.pendingStructs
    assert.ok(before !== null)
    {
      using _ = limited({ textWaitingBytes: before.update.length - 1 })
      retryWaiting(Y, waiting.doc, undefined)
      assert.equal(waiting.doc.store.pendingStructs, before)
    }
    retryWaiting(Y, waiting.doc, undefined)
    assert.notEqual(waiting.doc.store.pendingStructs, before)
    assert.ok(limits.textWaitingBytes > before.update.length)
    waiting.add([update(0, [typed(0, 'abc')], [])])
    assert.equal(waiting.text, 'abcdef')
  })
})
