/** Reading ahead of a watch: events that come while the reader is busy are joined, within bounds and in order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { limits } from '../../src/base/limits.ts'
import { readAhead } from '../../src/dispatcher/read-ahead.ts'
import type { WatchEvent } from '../../src/sync/answer/tree-watch.ts'
import type { WatchMessage } from '../../src/sync/answer/watch.ts'
import { TreeBuilder } from '../kit/entries.ts'

const [one, other] = [new TreeBuilder({ seed: 1 }), new TreeBuilder({ seed: 2 })]
for (const tree of [one, other]) tree.chain(tree.root, limits.inlineEntries + 10)

function event({ root, entries }: TreeBuilder, index: number): WatchEvent {
  const { id, signed } = entries[index]!
  return {
    tree: root.id,
    tipsDigest: `${index}`,
    count: index + 1,
    cursor: index + 1,
    entries: [signed],
    tips: [id],
  }
}

/** Reads like a slow reader: asks for each message only when everything that can be read ahead was. */
async function takeSlowly(
  messages: Iterable<WatchEvent | undefined>,
  taken = { count: 0 },
): Promise<(WatchEvent | undefined)[]> {
  async function* counted() {
    for (const message of messages) {
      taken.count++
      yield message
    }
  }
  const result: (WatchEvent | undefined)[] = []
  for await (const message of readAhead(counted())) {
    result.push(message as WatchEvent | undefined)
    for (let turns = 0; turns < 5; turns++) await turn()
  }
  return result
}

test('events of one tree that come while the reader is busy become one event', async () => {
  const events = Array.from({ length: 5 }, (_, index) => event(one, index))
  const [first, rest, ...none] = await takeSlowly(events)
  assert.deepEqual(first, events[0])
  assert.deepEqual(rest, { ...events[4]!, entries: events.slice(1).flatMap(({ entries }) => entries) })
  assert.deepEqual(none, [])
})

test('an event of another tree and a sign of life are not joined across', async () => {
  const messages = [undefined, event(one, 0), event(other, 0), event(other, 1), event(one, 1), undefined]
  const taken = await takeSlowly(messages)
  assert.deepEqual(
    taken.map((message) => message && [message.tree === one.root.id, message.entries.length]),
    [undefined, [true, 1], [false, 2], [true, 1], undefined],
  )
})

test('news of addresses are not joined with anything', async () => {
  const news = { addressesChanged: [one.root.id] }
  const messages: WatchMessage[] = [event(one, 0), news, news, event(one, 1), event(one, 2)]
  const taken = await takeSlowly(messages as WatchEvent[])
  assert.deepEqual(taken.slice(1, 3), [news, news])
  assert.deepEqual(taken.length, 4)
})

test('no joined event is larger than an event may be', async () => {
  const count = limits.inlineEntries + 10
  const taken = await takeSlowly(Array.from({ length: count }, (_, index) => event(one, index)))
  const sizes = taken.map((message) => message!.entries.length)
  assert.equal(
    sizes.reduce((sum, size) => sum + size),
    count,
  )
  assert.ok(sizes.length > 2 && Math.max(...sizes) <= limits.inlineEntries)
  for (const message of taken)
    assert.ok(message!.entries.reduce((sum, { body }) => sum + body.length + 64, 0) <= limits.inlineBytes)
})

test('a busy reader holds up the source', async () => {
  const taken = { count: 0 }
  const alternating = Array.from({ length: 100 }, (_, index) => event(index % 2 ? one : other, index >> 1))
  async function* counted() {
    for (const message of alternating) {
      taken.count++
      yield message
    }
  }
  const messages = readAhead(counted())
  await messages.next()
  for (let turns = 0; turns < 20; turns++) await turn()
  assert.ok(taken.count <= limits.watchAhead + 1, `${taken.count} messages were taken.`)
  await messages.return(undefined)
})

test('a failure comes after the messages before it', async () => {
  async function* failing() {
    yield event(one, 0)
    yield event(other, 0)
    throw new Error('lost')
  }
  const messages = readAhead(failing())
  await messages.next()
  await turn()
  assert.equal((await messages.next()).value!.tree, other.root.id)
  await assert.rejects(messages.next(), /lost/)
})
