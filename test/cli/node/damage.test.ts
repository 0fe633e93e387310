/**
 * The command on a store whose log of LevelDB has a flipped byte: the node runs and says what is damaged, the damaged tree
 * is set aside, another one goes on, a peer that syncs gets an answer, and a repair with a sync makes both equal.
 */
import assert from 'node:assert/strict'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { parseId } from '../../../src/dag/id.ts'
import { createNode } from '../../../src/node/node.ts'
import { Sandbox } from '../../kit/command.ts'

interface Problems {
  readonly ok: boolean
  readonly problems: readonly { entry?: string; code: string; message: string }[]
}

/** Makes a tree of many small commits, of which the sandbox's other folder has all. Returns the text forms of two trees. */
async function prepare(sandbox: Sandbox): Promise<{ tree: string; other: string }> {
  const { tree } = await sandbox.json<{ tree: string }>('a', ['tree', 'create', 'lines', '--public', 'write'])
  const { tree: other } = await sandbox.json<{ tree: string }>('a', ['tree', 'create', 'other'])
  const id = parseId(tree)
  const payload = (text: string) => [{ store: 'text', kind: '', payload: new TextEncoder().encode(text) }]
  const node = await createNode({
    data: sandbox.folder('a'),
    http: { host: '127.0.0.1', port: 0 },
    background: false,
  })
  for (let index = 0; index < 250; index++) await node.commit(id, payload(`line ${index} ${'x'.repeat(200)}`))
  await node.listen()
  const peer = await createNode({ data: sandbox.folder('b'), background: false })
  await peer.sync(id, node.addresses()[0]!)
  await peer.close()
  await node.close()
  return { tree, other }
}

/** Flips a bit in the middle of the log of a node's store. */
async function flipLog(folder: string): Promise<void> {
  const store = join(folder, 'store')
  const name = (await readdir(store)).find((file) => file.endsWith('.log'))!
  const bytes = await readFile(join(store, name))
  bytes[40_000]! ^= 1
  await writeFile(join(store, name), bytes)
}

describe('a node with a hole in its store', () => {
  it('runs, says so, serves the rest, and is whole after a repair and a sync', async () => {
    await using sandbox = await Sandbox.create()
    const { tree, other } = await prepare(sandbox)
    await flipLog(sandbox.folder('a'))
    const served = await sandbox.serve('a', '--http', '127.0.0.1:0')
    let stderr = ''
    served.child.stderr!.on('data', (chunk) => (stderr += chunk))
    const [address] = served.ready.addresses
    // A peer that syncs gets an answer, and the node stays alive.
    const sync = await sandbox.run('b', ['sync', tree, address!])
    assert.equal(sync.code, 1)
    assert.match(sync.stderr, /STORE_CORRUPT/)
    assert.equal(await (await fetch(`${address}/healthz`)).text(), 'ok\n')
    const { damage } = await sandbox.json<{ damage: { tree?: string; message: string }[] }>('a', ['status'])
    assert.ok(damage.some(({ message }) => /LevelDB: .*dropping \d+ bytes/.test(message)))
    assert.ok(damage.some((each) => each.tree === tree))
    const text = await sandbox.run('a', ['status'])
    assert.match(text.stdout, /^damaged: LevelDB/)
    const verified = await sandbox.run('a', ['verify', tree, '--json'])
    assert.equal(verified.code, 1)
    const { problems } = JSON.parse(verified.stdout) as Problems
    assert.ok(problems.some(({ message }) => /is not stored|is missing/.test(message)))
    const commit = await sandbox.run('a', ['commit', tree, '--store', 'text'], 'more')
    assert.match(commit.stderr, /causeway repair bafkrei/)
    await sandbox.json('a', ['commit', other, '--store', 'text'], 'goes on')
    const list = await sandbox.json<{ trees: { tree: string; damage?: string }[] }>('a', ['tree', 'list'])
    assert.deepEqual(
      list.trees.map((each) => [each.tree, each.damage !== undefined]).sort(),
      [
        [tree, true],
        [other, false],
      ].sort(),
    )
    // Through the running node.
    const { trees } = await sandbox.json<{ trees: { kept: number; problems: unknown[] }[] }>('a', [
      'repair',
      tree,
    ])
    assert.ok(trees[0]!.problems.length > 0)
    assert.ok(trees[0]!.kept > 0 && trees[0]!.kept < 251)
    const healed = await sandbox.json<{ equal: boolean }>('b', ['sync', tree, address!])
    assert.equal(healed.equal, true)
    const again = await sandbox.json<Problems & { checked: number }>('a', ['verify', tree])
    assert.deepEqual([again.ok, again.checked], [true, 251])
    // What LevelDB said stays until the whole store was repaired.
    assert.equal((await sandbox.json<{ damage: unknown[] }>('a', ['status'])).damage.length > 0, true)
    await sandbox.json('a', ['repair'])
    assert.deepEqual((await sandbox.json<{ damage: unknown[] }>('a', ['status'])).damage, [])
    served.child.kill('SIGTERM')
    assert.deepEqual(await served.closed, [0, null])
    const log = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { level: string; code?: string })
    const errors = log.filter(({ level }) => level === 'error').map(({ code }) => code)
    assert.deepEqual(
      errors.filter((code) => code !== 'STORE_CORRUPT'),
      [],
    )
  })

  it('is not replaced by an empty one if CURRENT is missing, and can be repaired', async () => {
    await using sandbox = await Sandbox.create()
    const { tree } = await prepare(sandbox)
    await rm(join(sandbox.folder('a'), 'store', 'CURRENT'))
    const list = await sandbox.run('a', ['tree', 'list'])
    assert.equal(list.code, 1)
    assert.match(list.stderr, /CURRENT is missing.*causeway repair.*STORE_CORRUPT/)
    const repair = await sandbox.run('a', ['repair'])
    assert.equal(repair.code, 0, repair.stderr)
    assert.match(repair.stdout, /is sound, with 251 entries/)
    assert.equal((await sandbox.json<Problems>('a', ['verify', tree])).ok, true)
  })
})
