/** The commands on keys as a user runs them, through a running node and on a folder. */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { formatId } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import { Sandbox } from '../../kit/command.ts'

/** What its history says of it. */
interface Past {
  readonly action: string
  readonly state: string
  readonly replaces: readonly string[]
}

interface Key {
  readonly store: string
  readonly key: string
  readonly version: string | null
  readonly value?: string
  readonly base64?: string
  readonly type: string
  readonly sum: string | null
  readonly author: string
  readonly conflictCount: number
}

const noSuch = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

for (const running of [false, true])
  describe(`Keys ${running ? 'through a running node' : 'on a folder'}`, () => {
    let box: Sandbox
    let tree: string
    let peer: string
    const written = async (...args: string[]) => (await box.json<{ entry: string }>('a', args)).entry
    before(async () => {
      box = await Sandbox.create()
      if (running) await box.serve('a')
      tree = (await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])).tree
      peer = (await box.json<{ peer: string }>('a', ['id'])).peer
    })
    after(() => box[Symbol.asyncDispose]())

    it('are put, read, listed and deleted', async () => {
      const entry = await written('put', tree, 'notes', 'a/title', 'Hello')
      const read = await box.run('a', ['get', tree, 'notes', 'a/title'])
      assert.deepEqual(read, { code: 0, stdout: 'Hello\n', stderr: '' })
      const shown = await box.json<Key>('a', ['get', tree, 'notes', 'a/title', '--at', entry])
      assert.deepEqual(
        { ...shown, createdAt: null },
        {
          ...{ store: 'notes', key: 'a/title', version: entry, value: 'Hello', type: 'text/plain' },
          ...{ sum: null, author: peer, createdAt: null, conflictCount: 0, conflicts: [] },
        },
      )
      await written('put', tree, 'notes', 'a/size', '{"width":3}', '--type', 'application/json')
      await written('put', tree, 'notes', 'b', '')
      const list = await box.run('a', ['list', tree, 'notes'])
      assert.deepEqual(
        list.stdout.split('\n').map((line) => line.split(/ {2,}/)),
        [['a/size', '{"width":3}'], ['a/title', 'Hello'], ['b', '""'], ['']],
      )
      const some = await box.json<{ items: Key[] }>('a', ['list', tree, 'notes', 'a/', '--limit', '1'])
      assert.deepEqual(
        some.items.map(({ key, value }) => [key, value]),
        [['a/size', '{"width":3}']],
      )
      const stores = await box.run('a', ['stores', tree])
      assert.equal(stores.stdout, 'notes\n')
      const deleted = await written('delete', tree, 'notes', 'a/title')
      const gone = await box.run('a', ['get', tree, 'notes', 'a/title', '--at', deleted])
      assert.deepEqual([gone.code, gone.stdout], [1, ''])
      assert.equal(gone.stderr, 'causeway: The key "a/title" is absent in the store "notes".\n')
    })

    it('have a history', async () => {
      const first = await written('put', tree, 'past', 'k', 'one')
      const second = await written('put', tree, 'past', 'k', 'two')
      await written('delete', tree, 'past', 'k')
      const { versions } = await box.json<{ versions: (Key & Past)[] }>('a', ['history', tree, 'past', 'k'])
      assert.deepEqual(
        versions.map(({ action, state, value, replaces }) => [action, state, value, replaces]),
        [
          ['delete', 'change', undefined, [second]],
          ['put', 'replaced', 'two', [first]],
          ['put', 'replaced', 'one', []],
        ],
      )
      const lines = (await box.run('a', ['history', tree, 'past', 'k', '--limit', '2'])).stdout.split('\n')
      assert.match(lines[0]!, / change +delete$/)
      assert.match(lines[1]!, / replaced +two$/)
      assert.deepEqual(lines.slice(2), [''])
    })

    it('count what is added', async () => {
      await written('add', tree, 'stats', 'visits')
      await written('add', tree, 'stats', 'visits', '41')
      await written('add', tree, 'stats', 'visits', '-2')
      const counter = await box.run('a', ['get', tree, 'stats', 'visits'])
      assert.deepEqual(counter, { code: 0, stdout: '40\n', stderr: '' })
      assert.equal((await box.json<Key>('a', ['get', tree, 'stats', 'visits'])).sum, '40')
      assert.match((await box.run('a', ['list', tree, 'stats'])).stdout, /^visits +40\n$/)
      assert.match((await box.run('a', ['history', tree, 'stats', 'visits'])).stdout, / change +add -2\n/)
      // A number that is put is a counter too, and a text to which is added stays a text.
      await written('put', tree, 'stats', 'stock', '10')
      await written('add', tree, 'stats', 'stock', '5')
      assert.equal((await box.run('a', ['get', tree, 'stats', 'stock'])).stdout, '15\n')
      assert.equal((await box.run('a', ['get', tree, 'stats', 'stock', '--raw'])).stdout, '10')
      assert.match((await box.run('a', ['history', tree, 'stats', 'stock'])).stdout, / head +10, now 15\n$/)
      await written('put', tree, 'stats', 'name', 'Ann')
      const none = await box.run('a', ['get', tree, 'stats', 'name', '--number'])
      assert.deepEqual([none.code, none.stdout], [1, ''])
      assert.match(none.stderr, /^causeway: The value of the key "name" is no number[^\n]*\n$/)
      await written('add', tree, 'stats', 'name', '3')
      assert.equal((await box.run('a', ['get', tree, 'stats', 'name'])).stdout, 'Ann\n')
      assert.equal((await box.run('a', ['get', tree, 'stats', 'name', '--number'])).stdout, '3\n')
    })

    it('that are absent are reported in one sentence, with exit code 1', async () => {
      const doc = await box.run('a', ['get', tree, 'none', 'k', '--json'])
      assert.deepEqual([doc.code, doc.stderr], [1, ''])
      assert.deepEqual(JSON.parse(doc.stdout), { store: 'none', key: 'k', version: null })
      const deleted = await box.run('a', ['delete', tree, 'none', 'k'])
      assert.deepEqual([deleted.code, deleted.stdout], [1, ''])
      assert.match(deleted.stderr, /^causeway: The key "k" is absent [^\n]*: nothing was written\.\n$/)
      assert.equal((await box.run('a', ['list', tree, 'none'])).stdout, 'The store "none" has no keys.\n')
      assert.deepEqual(await box.json('a', ['list', tree, 'none']), { items: [] })
      assert.equal((await box.run('a', ['conflicts', tree])).stdout, 'No conflicts.\n')
      assert.match((await box.run('a', ['history', tree, 'none', 'k'])).stdout, /^No entry has changed/)
    })

    it('of a tree that is not here are reported so', async () => {
      const calls = [
        ['put', noSuch, 's', 'k', 'v'],
        ['list', noSuch, 's', '--json'],
        ['conflicts', noSuch],
      ]
      for (const args of calls) {
        const { code, stdout, stderr } = await box.run('a', args)
        assert.deepEqual([code, stdout], [1, ''], args.join(' '))
        assert.match(stderr, /^causeway: [^\n]+ \(UNKNOWN_TREE\)\n$/)
      }
    })
  })

describe('A list of many keys', () => {
  it('is read page by page to its end', async () => {
    await using box = await Sandbox.create()
    // 20 values of 60,000 bytes do not fit into one page.
    const value = 'x'.repeat(60_000)
    const keys = Array.from({ length: 20 }, (_, index) => `k${String(index).padStart(2, '0')}`)
    let tree = ''
    {
      await using node = await createNode({ data: box.folder('a'), background: false })
      const id = await node.createTree('many')
      for (const key of keys) await node.stores.open(id, 's').put(key, value)
      tree = formatId(id)
    }
    const { items } = await box.json<{ items: Key[] }>('a', ['list', tree, 's'])
    assert.deepEqual(
      items.map(({ key, value: text }) => [key, text!.length]),
      keys.map((key) => [key, 60_000]),
    )
  })
})
