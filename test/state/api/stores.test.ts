/** A program's store: values, conflicts, conditions, batches, tokens and watches, on nodes in memory. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createNode } from '../../../src/node/node.ts'

const first = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const all: Item[] = []
  for await (const item of items) all.push(item)
  return all
}

describe('a store', () => {
  it('puts, gets, lists and deletes typed values', async () => {
    await using node = await createNode({})
    const tree = await node.createTree('t')
    const notes = node.stores.open(tree, 'notes')
    await notes.put('a/title', 'Hello')
    await notes.put('a/size', { width: 3 })
    await notes.put('b', Uint8Array.of(1, 2))
    assert.equal((await notes.get('a/title'))?.value, 'Hello')
    assert.deepEqual((await notes.get('a/size'))?.value, { width: 3 })
    assert.deepEqual((await notes.get('b'))?.value, Uint8Array.of(1, 2))
    assert.equal(await notes.get('c'), undefined)
    assert.deepEqual(
      (await first(notes.list({ prefix: 'a/' }))).map(({ key }) => key),
      ['a/size', 'a/title'],
    )
    await notes.delete('a/title')
    assert.equal(await notes.get('a/title'), undefined)
    assert.deepEqual(await first(node.stores.names(tree)), ['notes'])
    const past = await first(notes.history('a/title'))
    assert.deepEqual(
      past.map(({ standing, value }) => [standing, value]),
      [
        ['deleted', new Uint8Array(0)],
        ['replaced', 'Hello'],
      ],
    )
  })

  it('writes under a condition, and counts what is added', async () => {
    await using node = await createNode({})
    const tree = await node.createTree('t')
    const notes = node.stores.open(tree, 'notes')
    await notes.put('a', 'one', { expect: null })
    await assert.rejects(notes.put('a', 'two', { expect: null }), { code: 'CONFLICT' })
    const seen = await notes.get('a')
    await notes.put('a', 'two', { expect: seen! })
    await assert.rejects(notes.put('a', 'three', { expect: seen! }), { code: 'CONFLICT' })
    await notes.put('a', 'three', { replaces: seen! })
    const item = await notes.get('a')
    assert.equal(item!.value, 'three')
    assert.deepEqual(
      item!.conflicts.map(({ value }) => value),
      ['two'],
    )
    assert.deepEqual(
      (await first(notes.conflicts())).map(({ key }) => key),
      ['a'],
    )
    await notes.put('a', 'four', { replaces: item! })
    assert.equal((await notes.get('a'))!.conflictCount, 0)

    await Promise.all(Array.from({ length: 50 }, () => notes.add('n', 2)))
    assert.equal((await notes.get('n'))!.sum, 100n)
    await notes.delete('n')
    assert.equal(await notes.get('n'), undefined)
    await notes.add('n', 5)
    await notes.add('n', -1)
    assert.equal((await notes.get('n'))!.sum, 4n)
  })

  it('increments 1,000 times by a condition, from ten writers at once', async () => {
    await using node = await createNode({})
    const tree = await node.createTree('t')
    const store = node.stores.open(tree, 's')
    let conflicts = 0
    const increment = async () => {
      for (;;) {
        const item = await store.get('n')
        try {
          await store.put('n', Number(item?.value ?? 0) + 1, { expect: item ?? null })
          return
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'CONFLICT')
          conflicts++
        }
      }
    }
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let count = 0; count < 100; count++) await increment()
      }),
    )
    assert.equal((await store.get('n'))!.value, 1_000)
    assert.ok(conflicts > 0)
  })

  it('changes several stores in one entry, and is watched from any point', async () => {
    await using node = await createNode({})
    const tree = await node.createTree('t')
    const notes = node.stores.open(tree, 'notes')
    await notes.put('a/1', 'one')
    const ended = new AbortController()
    const seen: [string, unknown][] = []
    const watching = (async () => {
      for await (const { items, synced } of notes.watch({ prefix: 'a/', signal: ended.signal })) {
        for (const item of items) seen.push([item.key, item.version && item.value])
        if (items.length === 0 && synced) seen.push(['synced', undefined])
        if (seen.length === 3)
          await node.stores.write(tree, (batch) =>
            batch
              .put('notes', 'a/2', 'two')
              .put('notes', 'b', 'no')
              .delete('notes', 'a/1')
              .add('stats', 'n', 1),
          )
        if (seen.length >= 5) ended.abort()
      }
    })()
    await notes.put('a/0', 'zero')
    await watching
    assert.deepEqual(seen.slice(0, 3), [
      ['a/1', 'one'],
      ['synced', undefined],
      ['a/0', 'zero'],
    ])
    assert.deepEqual(seen.slice(3).sort(), [
      ['a/1', undefined],
      ['a/2', 'two'],
    ])
    assert.equal((await node.stores.open(tree, 'stats').get('n'))!.sum, 1n)
  })
})
