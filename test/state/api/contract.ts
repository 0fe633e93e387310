/**
 * What a program's stores do, on whatever node they lie: values, conflicts, conditions, batches, tokens and watches. Every
 * implementation of `StoreCalls` runs it.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import type { EntryId, TreeId } from '../../../src/dag/id.ts'
import type { Stores } from '../../../src/state/api/stores.ts'
import { collect, pieces, seededBytes } from '../../kit/blobs.ts'

/** Stores to check, with a tree that has no keys and that their caller may write to. */
export interface CheckedStores extends AsyncDisposable {
  readonly stores: Stores
  readonly tree: TreeId
}

export interface ContractOptions {
  /** How often each of ten writers increments one key by a condition. */
  readonly increments: number
}

export const all = async <Item>(from: AsyncIterable<Item>): Promise<Item[]> => {
  const items: Item[] = []
  for await (const item of from) items.push(item)
  return items
}

export function storesContract(
  name: string,
  start: () => Promise<CheckedStores>,
  { increments }: ContractOptions,
): void {
  describe(name, () => {
    it('puts, gets, lists and deletes typed values', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const notes = stores.open(tree, 'notes')
      await notes.put('a/title', 'Hello')
      await notes.put('a/size', { width: 3 })
      await notes.put('b', Uint8Array.of(1, 2))
      assert.equal((await notes.get('a/title'))?.value, 'Hello')
      assert.deepEqual((await notes.get('a/size'))?.value, { width: 3 })
      assert.deepEqual((await notes.get('b'))?.value, Uint8Array.of(1, 2))
      assert.equal(await notes.get('c'), undefined)
      assert.deepEqual(
        (await all(notes.list({ prefix: 'a/' }))).map(({ key }) => key),
        ['a/size', 'a/title'],
      )
      await notes.delete('a/title')
      assert.equal(await notes.get('a/title'), undefined)
      assert.deepEqual(await all(stores.names(tree)), ['notes'])
      const past = await all(notes.history('a/title'))
      assert.deepEqual(
        past.map(({ action, standing, value }) => [action, standing, value]),
        [
          ['delete', 'change', new Uint8Array(0)],
          ['put', 'replaced', 'Hello'],
        ],
      )
    })

    it('puts and gets streams: short ones as values, long ones as blobs', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const files = stores.open(tree, 'files')
      const bytes = seededBytes(2 * limits.blobChunkBytes + 5)
      const steps: number[] = []
      const options = { type: 'image/png', onProgress: (stored: number) => void steps.push(stored) }
      const at = await files.putStream('long', pieces(bytes), options)
      assert.equal(steps.at(-1), bytes.length)
      const found = await files.getStream('long', { at })
      assert.deepEqual(
        [found!.size, found!.item.type, found!.item.value],
        [bytes.length, 'image/png', new Uint8Array(0)],
      )
      assert.equal(found!.item.blob!.size, bytes.length)
      assert.ok((await collect(found!.stream)).equals(bytes))
      const range = { offset: limits.blobChunkBytes - 1, length: 3 }
      const part = await files.getStream('long', range)
      assert.ok((await collect(part!.stream)).equals(bytes.subarray(range.offset, range.offset + 3)))
      assert.deepEqual(
        (await all(files.list())).map(({ key, blob }) => [key, blob?.size]),
        [['long', bytes.length]],
      )
      await files.putStream('short', new Blob(['short']).stream(), { type: 'text/plain' })
      const short = await files.get('short')
      assert.deepEqual([short!.value, short!.blob], ['short', undefined])
      const end = await files.getStream('short', { offset: 3 })
      assert.equal((await collect(end!.stream)).toString(), 'rt')
      await files.putStream('none', [])
      assert.deepEqual(await collect((await files.getStream('none'))!.stream), Buffer.alloc(0))
      assert.equal(await files.getStream('absent'), undefined)
      const cut = new AbortController()
      async function* endless() {
        for (;;) yield new Uint8Array(limits.blobChunkBytes)
      }
      const cutOptions = { signal: cut.signal, onProgress: () => cut.abort() }
      await assert.rejects(files.putStream('cut', endless(), cutOptions), { name: 'AbortError' })
      assert.equal(await files.get('cut'), undefined)
      await assert.rejects(files.putStream('odd', ['text'] as never), { code: 'INVALID_ARGUMENT' })
    })

    it('lets puts of one key at once follow each other', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const notes = stores.open(tree, 'notes')
      await Promise.all([
        notes.put('a', 'one'),
        stores.write(tree, (batch) => batch.put('notes', 'b', 'two').put('notes', 'a', 'two')),
        notes.put('b', 'three'),
        notes.put('a', 'four'),
      ])
      for (const [key, value] of [
        ['a', 'four'],
        ['b', 'three'],
      ] as const) {
        const item = await notes.get(key)
        assert.deepEqual([item!.value, item!.conflictCount], [value, 0])
      }
    })

    it('writes under a condition, and counts what is added', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const notes = stores.open(tree, 'notes')
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
        (await all(notes.conflicts())).map(({ key }) => key),
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

    it('adds to the versions that were seen, also to those of a key that nothing was put to', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const store = stores.open(tree, 's')
      await store.add('n', 1)
      const seen = (await store.get('n'))!
      await store.add('n', 2, { replaces: seen })
      await store.add('n', 3, { expect: (await store.get('n'))! })
      assert.equal((await store.get('n'))!.sum, 6n)
      await store.put('n', 10, { expect: (await store.get('n'))! })
      const put = (await store.get('n'))!
      await store.add('n', 4, { replaces: put })
      await store.add('n', 5, { replaces: seen })
      assert.equal((await store.get('n'))!.sum, 14n)
      await store.delete('n', { replaces: put })
      await store.add('n', 7, { expect: null })
      assert.equal((await store.get('n'))!.sum, 7n)
    })

    it('increments a key by a condition, from ten writers at once', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const store = stores.open(tree, 's')
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
          for (let count = 0; count < increments; count++) await increment()
        }),
      )
      assert.equal((await store.get('n'))!.value, 10 * increments)
      assert.ok(conflicts > 0)
    })

    it('changes several stores in one entry, and is watched from any point', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const notes = stores.open(tree, 'notes')
      await notes.put('a/1', 'one')
      const ended = new AbortController()
      const seen: [string, unknown][] = []
      const watching = (async () => {
        for await (const { items, synced } of notes.watch({ prefix: 'a/', signal: ended.signal })) {
          for (const item of items) seen.push([item.key, item.version && item.value])
          if (items.length === 0 && synced) seen.push(['synced', undefined])
          if (seen.length === 3)
            await stores.write(tree, (batch) =>
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
      assert.equal((await stores.open(tree, 'stats').get('n'))!.sum, 1n)
    })

    it('pages through names, lists and histories', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const keys = Array.from({ length: 1_005 }, (_, index) => `k/${String(index).padStart(5, '0')}`)
      await stores.write(tree, (batch) => {
        for (const key of keys.slice(0, 1_000)) batch.put('many', key, key)
      })
      await stores.write(tree, (batch) => {
        for (const key of keys.slice(1_000)) batch.put('many', key, key)
        for (let index = 0; index < 1_004; index++) batch.put(`s${index}`, 'a', 1)
      })
      const many = stores.open(tree, 'many')
      assert.deepEqual(
        (await all(many.list({ prefix: 'k/' }))).map(({ value }) => value),
        keys,
      )
      assert.equal((await all(stores.names(tree))).length, 1_005)
      for (let index = 0; index < 103; index++) await many.add('n', 1)
      const past = await all(many.history('n'))
      assert.deepEqual(
        past.map(({ action, added }) => [action, added]),
        Array.from({ length: 103 }, () => ['add', 1n]),
      )
      assert.equal(new Set(past.map(({ version }) => version)).size, 103)
    })

    it('is watched for changes alone, without the keys that are there', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const notes = stores.open(tree, 'notes')
      await notes.put('a/1', 'one')
      const ended = new AbortController()
      const told: unknown[] = []
      for await (const { items, synced } of notes.watch({ changesOnly: true, signal: ended.signal })) {
        for (const item of items) told.push(item.version && item.value)
        if (synced && told.length === 0 && items.length === 0) await notes.put('a/2', 'two')
        if (told.length > 0) ended.abort()
      }
      assert.deepEqual(told, ['two'])
    })

    it('reads large values page by page, in histories and watches too', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const large = stores.open(tree, 'large')
      const value = (index: number) => new Uint8Array(65_000).fill(index)
      for (let turn = 0; turn < 8; turn++)
        await stores.write(tree, (batch) => {
          for (let index = 0; index < 12; index++) batch.put('large', `k${index}`, value(index))
        })
      for (let count = 0; count < 72; count++) await large.put('k0', value(count))
      assert.equal((await all(large.history('k0'))).length, 80)
      assert.deepEqual((await all(large.list())).length, 12)
      const ended = new AbortController()
      let keys = 0
      for await (const { items, synced } of large.watch({ signal: ended.signal })) {
        keys += items.length
        if (synced) ended.abort()
      }
      assert.equal(keys, 12)
    })

    it('expects keys that it does not change, and carries changes of other kinds', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const store = stores.open(tree, 's')
      await store.put('lock', 'open')
      const lock = (await store.get('lock'))!
      const write = () =>
        stores.write(tree, (batch) =>
          batch
            .expect('s', 'lock', lock)
            .expect('s', 'absent', null)
            .put('s', 'a', 'b')
            .change({ store: 'log', kind: 'note', payload: Uint8Array.of(1) }),
        )
      const at = await write()
      assert.equal((await store.get('a', { at }))!.version, at[0])
      await store.put('lock', 'shut')
      await assert.rejects(write(), { code: 'CONFLICT' })
    })

    it('says what is wrong with an argument', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const store = stores.open(tree, 's')
      const missing = 'ab'.repeat(32) as TreeId
      const wrong: [string, () => Promise<unknown>][] = [
        ['INVALID_ARGUMENT', () => store.put('', 'v')],
        ['INVALID_ARGUMENT', () => store.get('a\0b')],
        ['LIMIT_EXCEEDED', () => store.put('k'.repeat(513), 'v')],
        ['LIMIT_EXCEEDED', () => store.put('k', new Uint8Array(65_537))],
        ['INVALID_ARGUMENT', () => store.put('k', 'v', { type: 'é' })],
        ['INVALID_ARGUMENT', () => store.add('n', 0.5)],
        ['INVALID_ARGUMENT', () => store.add('n', 2 ** 52)],
        ['ENTRY_CHANGES', () => stores.write(tree, () => {})],
        ['ENTRY_CHANGES', () => stores.open(tree, '_policy').put('a', 'b')],
        ['LIMIT_EXCEEDED', () => store.get('a', { at: Array.from({ length: 33 }, () => missing) })],
        ['NOT_HERE_YET', () => store.get('a', { at: [missing], waitMs: 0 })],
        ['UNKNOWN_TREE', () => stores.open(missing, 's').get('a')],
        ['UNKNOWN_TREE', () => stores.open(missing, 's').put('a', 'b')],
        [
          'UNKNOWN_TREE',
          () => all(stores.open(missing, 's').watch({ signal: new AbortController().signal })),
        ],
      ]
      for (const [index, [code, call]] of wrong.entries())
        await assert.rejects(call(), { code }, `case ${index}`)
      assert.equal(await store.get('k'), undefined)
    })

    it('ends reads and watches by their signal', async () => {
      await using checked = await start()
      const { stores, tree } = checked
      const store = stores.open(tree, 's')
      const missing = 'ab'.repeat(32) as EntryId
      const stop = new AbortController()
      const reading = store.get('a', { at: [missing], waitMs: 30_000, signal: stop.signal })
      const watching = all(store.watch({ signal: stop.signal }))
      await store.put('a', 1)
      stop.abort()
      await assert.rejects(reading, { code: 'CANCELLED' })
      await watching
      assert.deepEqual(await all(store.watch({ signal: stop.signal })), [])
    })
  })
}
