/** Conflicts on the command line: two nodes that write one key see it, wait for each other, and resolve it. */
import { strict as assert } from 'node:assert'
import { after, before, describe, it } from 'node:test'
import { formatId } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import type { Store } from '../../../src/state/api/stores.ts'
import { Sandbox } from '../../kit/command.ts'

interface Key {
  readonly version: string
  readonly value: string
  readonly sum: string | null
  readonly conflictCount: number
  readonly conflicts: readonly { readonly version: string; readonly value: string }[]
}

let box: Sandbox
let tree: string
const written = async (data: string, ...args: string[]) =>
  (await box.json<{ entry: string }>(data, args)).entry

/** Fills the store `s` of a new tree in a data folder, without a process for each write. Returns the tree's id. */
async function fill(data: string, task: (store: Store) => Promise<void>): Promise<string> {
  await using node = await createNode({ data: box.folder(data), background: false })
  const id = await node.createTree('filled')
  await task(node.stores.open(id, 's'))
  return formatId(id)
}

before(async () => {
  box = await Sandbox.create()
  const { ready } = await box.serve('a', '--relay', 'off')
  await box.serve('b', '--relay', 'off')
  tree = (await box.json<{ tree: string }>('a', ['tree', 'create', 'notes', '--public', 'write'])).tree
  const { ticket } = await box.json<{ ticket: string }>('a', ['ticket', tree])
  assert.ok(ready.addresses.length > 0)
  await box.json('b', ['link', ticket])
  await box.json('b', ['sync', tree, ready.addresses[0]!])
})
after(() => box[Symbol.asyncDispose]())

describe('A key that two nodes write at once', () => {
  it('has one value and a conflict at both, until one of them resolves it', async () => {
    // Neither has seen the other's: --replaces of the first version says so, whatever has arrived meanwhile.
    const first = await written('a', 'put', tree, 'notes', 'title', 'Draft')
    await written('b', 'get', tree, 'notes', 'title', '--at', first)
    const [left, right] = await Promise.all([
      written('a', 'put', tree, 'notes', 'title', 'Alice', '--replaces', first),
      written('b', 'put', tree, 'notes', 'title', 'Bob', '--replaces', first),
    ])
    const both = ['--at', left, '--at', right]
    const [a, b] = await Promise.all(
      ['a', 'b'].map((data) => box.json<Key>(data, ['get', tree, 'notes', 'title', ...both])),
    )
    assert.deepEqual(a, b)
    assert.deepEqual([a!.version, a!.conflicts[0]!.version].sort(), [left, right].sort())
    assert.equal(a!.conflictCount, 1)
    const plain = await box.run('b', ['get', tree, 'notes', 'title'])
    assert.deepEqual([plain.code, plain.stdout], [0, `${a!.value}\n`])
    assert.match(
      plain.stderr,
      /^causeway: Beside this value of "title" stands another version: [^\n]*causeway conflicts[^\n]*causeway resolve[^\n]*\n$/,
    )
    const listed = await box.run('b', ['list', tree, 'notes'])
    assert.equal(listed.stdout.trimEnd(), `${'title'.padEnd(24)}  ${a!.value}  (1 conflict)`)
    const shown = (await box.run('b', ['conflicts', tree])).stdout.split('\n')
    assert.equal(shown[0], 'notes  title: 2 versions')
    assert.ok(shown[1]!.startsWith(`  ${a!.version} `) && shown[1]!.endsWith(a!.value), shown[1])
    assert.ok(shown[2]!.startsWith(`  ${a!.conflicts[0]!.version} `), shown[2])
    const { conflicts } = await box.json<{ conflicts: Key[] }>('a', ['conflicts', tree, 'notes', 'ti'])
    assert.deepEqual(conflicts, [a])

    const taken = a!.conflicts[0]!
    const resolved = await box.json<{ entry: string; replaced: string[] }>('b', [
      'resolve',
      ...[tree, 'notes', 'title', '--take', taken.version],
    ])
    assert.deepEqual(resolved.replaced.sort(), [left, right].sort())
    const end = await box.json<Key>('a', ['get', tree, 'notes', 'title', '--at', resolved.entry])
    assert.deepEqual([end.version, end.value, end.conflictCount], [resolved.entry, taken.value, 0])
    assert.equal((await box.run('a', ['conflicts', tree])).stdout, 'No conflicts.\n')
  })

  it('adds what both add', async () => {
    const ids = await Promise.all(
      ['a', 'b', 'a', 'b'].map((data) => written(data, 'add', tree, 'stats', 'n', '5')),
    )
    const at = ids.flatMap((id) => ['--at', id])
    for (const data of ['a', 'b'])
      assert.equal((await box.run(data, ['get', tree, 'stats', 'n', ...at])).stdout, '20\n')
  })

  it('keeps the number of a counter that is taken', async () => {
    const first = await written('a', 'put', tree, 'stats', 'stock', '10')
    const second = await written('a', 'put', tree, 'stats', 'stock', '20', '--replaces', first)
    // It replaces what nobody has put, so it stands beside the second.
    const third = await written('a', 'put', tree, 'stats', 'stock', '30', '--replaces', first)
    await written('a', 'add', tree, 'stats', 'stock', '7')
    const refused = await box.run('a', ['resolve', tree, 'stats', 'stock', '--take', first])
    assert.deepEqual([refused.code, refused.stdout], [2, ''])
    assert.match(refused.stderr, /has no version bafkrei/)
    const resolved = await written('a', 'resolve', tree, 'stats', 'stock', '--take', second)
    const item = await box.json<Key>('a', ['get', tree, 'stats', 'stock'])
    assert.notEqual(second, third)
    assert.deepEqual([item.version, item.value, item.sum, item.conflictCount], [resolved, '27', '27', 0])
  })
})

describe('resolve', () => {
  it('writes nothing without a conflict', async () => {
    const absent = await box.run('a', ['resolve', tree, 'notes', 'absent', 'x'])
    assert.deepEqual([absent.code, absent.stdout], [1, ''])
    assert.match(absent.stderr, /is absent [^\n]*: nothing was written\.\n$/)
    const entry = await written('a', 'put', tree, 'notes', 'single', 'one')
    const single = await box.run('a', ['resolve', tree, 'notes', 'single', 'two'])
    assert.deepEqual([single.code, single.stdout], [1, ''])
    assert.match(single.stderr, new RegExp(`^causeway: [^\\n]*${entry}[^\\n]*nothing was written\\.\\n$`))
    assert.equal((await box.json<Key>('a', ['get', tree, 'notes', 'single'])).version, entry)
  })

  it('takes a value or a version, and not both', async () => {
    const both = await box.run('a', ['resolve', tree, 'notes', 'single', 'x', '--take', tree])
    assert.deepEqual([both.code, both.stdout], [2, ''])
    assert.match(both.stderr, /INVALID_ARGUMENT/)
  })

  it('says that one entry replaces at most 64 versions, and then the rest', async () => {
    const crowded = await fill('c', async (store) => {
      await store.put('k', 'first')
      const replaces = await store.get('k')
      for (let count = 0; count < 65; count++) await store.put('k', `v${count}`, { replaces })
    })
    const some = await box.run('c', ['resolve', crowded, 's', 'k', 'all'])
    const entry = some.stdout.trim()
    assert.match(
      some.stderr,
      new RegExp(`^causeway: 1 other version stands beside it[^\\n]*--take ${entry}\\.\\n$`),
    )
    await written('c', 'resolve', crowded, 's', 'k', '--take', entry)
    const item = await box.json<Key>('c', ['get', crowded, 's', 'k'])
    assert.deepEqual([item.value, item.conflictCount], ['all', 0])
  })
})

describe('--expect', () => {
  it('writes only over what one has seen, and otherwise exits with 5', async () => {
    const expect = (...ids: string[]) => ids.flatMap((id) => ['--expect', id])
    const first = await written('a', 'put', tree, 'cas', 'k', 'one', ...expect('none'))
    const again = await box.run('a', ['put', tree, 'cas', 'k', 'two', ...expect('none')])
    assert.deepEqual([again.code, again.stdout], [5, ''])
    assert.match(again.stderr, /^causeway: [^\n]+ \(CONFLICT\)\n$/)
    const second = await written('a', 'put', tree, 'cas', 'k', 'two', ...expect(first))
    for (const args of [
      ['put', tree, 'cas', 'k', 'three', ...expect(first)],
      ['put', tree, 'cas', 'k', 'three', ...expect(first, second)],
      ['delete', tree, 'cas', 'k', ...expect(first)],
      ['delete', tree, 'cas', 'absent', ...expect(first)],
      ['add', tree, 'cas', 'k', '1', ...expect('none')],
      ['resolve', tree, 'cas', 'k', 'three', ...expect(first)],
    ])
      assert.equal((await box.run('a', args)).code, 5, args.join(' '))
    const item = await box.json<Key>('a', ['get', tree, 'cas', 'k'])
    assert.deepEqual([item.version, item.conflictCount], [second, 0])
    const mixed = await box.run('a', ['put', tree, 'cas', 'k', 'x', ...expect('none', first)])
    assert.equal(mixed.code, 2)
    assert.match(mixed.stderr, /either `none` or the versions/)
  })
})

describe('--at', () => {
  it('waits for the write of another node before it writes', async () => {
    const first = await written('b', 'put', tree, 'order', 'k', 'Bob')
    await written('a', 'put', tree, 'order', 'k', 'Alice', '--at', first)
    const item = await box.json<Key>('a', ['get', tree, 'order', 'k'])
    assert.deepEqual([item.value, item.conflictCount], ['Alice', 0])
  })

  it('fails in one sentence for an entry that does not come', async () => {
    const nowhere = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
    const { code, stdout, stderr } = await box.run('a', ['get', tree, 'notes', 'title', '--at', nowhere])
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, new RegExp(`^causeway: [^\\n]*${nowhere}[^\\n]* \\(NOT_HERE_YET\\)\\n$`))
  })
})
