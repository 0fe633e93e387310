/** `causeway app`: makes a key, keeps or prints its seed once, shows and revokes its rights; a token proves it. */
import { strict as assert } from 'node:assert'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { createIdentity } from '../../../src/dag/identity.ts'
import { Sandbox } from '../../kit/command.ts'

interface AppDocument {
  readonly name: string
  readonly peer: string
  readonly rights: { tree: string; permission: string }[]
  readonly seed?: string
  readonly key?: string
}

const peerOf = (seed: string) => createIdentity(new Uint8Array(Buffer.from(seed.trim(), 'hex'))).peer

describe('causeway app', () => {
  it('makes a key with just these rights, whose token the node takes until it is revoked', async () => {
    await using box = await Sandbox.create()
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const file = box.folder('billing.key')
    const args = ['app', 'add', 'billing', '--tree', tree, '--permission', 'write', '--key', file]
    const added = await box.json<AppDocument>('a', args)
    assert.deepEqual(
      [added.rights, added.seed, added.key],
      [[{ tree, permission: 'write' }], undefined, file],
    )
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    assert.equal(peerOf(await readFile(file, 'utf8')), added.peer)
    // Again, as after a cut: the key in the file is the same one.
    assert.equal((await box.json<AppDocument>('a', args)).peer, added.peer)
    assert.equal((await box.run('a', args)).stdout, `${added.peer}\n`)
    const { ready } = await box.serve('a')
    const { peer: audience } = await box.json<{ peer: string }>('a', ['id'])
    const list = async () => {
      // The application's own machine: it has the file, and no node.
      const { token } = await box.json<{ token: string }>('nothing', [
        ...['token', '--key', file, '--audience', audience],
      ])
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
      const url = `${ready.addresses[0]}/causeway.v1.TreeService/ListTrees`
      const answer = await fetch(url, { method: 'POST', headers, body: '{}' })
      return ((await answer.json()) as { trees?: object[] }).trees?.length ?? 0
    }
    assert.equal(await list(), 1)
    const { apps } = await box.json<{ apps: AppDocument[] }>('a', ['app', 'list'])
    assert.deepEqual(
      apps.map(({ name, peer, rights }) => [name, peer, rights]),
      [['billing', added.peer, [{ tree, permission: 'write' }]]],
    )
    const revoked = await box.json<{ trees: string[] }>('a', ['app', 'revoke', 'billing'])
    assert.deepEqual(revoked.trees, [tree])
    assert.equal(await list(), 0)
    assert.equal((await box.run('a', ['app', 'list'])).stdout, 'No application keys.\n')
  })

  it('prints the seed once without a file, and takes a key that the application made', async () => {
    await using box = await Sandbox.create()
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const printed = await box.run('a', ['app', 'add', 'one', '--tree', tree])
    assert.match(printed.stdout, /^[0-9a-f]{64}\n$/)
    const own = createIdentity().peer
    const named = await box.run('a', ['app', 'add', 'two', '--tree', tree, '--peer', own])
    assert.equal(named.stdout, `${own}\n`)
    const listed = await box.run('a', ['app', 'list'])
    assert.ok(
      listed.stdout.includes(peerOf(printed.stdout)) && !listed.stdout.includes(printed.stdout.trim()),
    )
    assert.match(listed.stdout, new RegExp(`${own} {2}two\\n {2}${tree} {2}read`))
  })

  it('refuses another key under a name, a file that is no key, and two keys at once', async () => {
    await using box = await Sandbox.create()
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const add = (...args: string[]) => box.run('a', ['app', 'add', 'one', '--tree', tree, ...args])
    assert.equal((await add()).code, 0)
    assert.match((await add()).stderr, /revoke it first.*\(ALREADY_EXISTS\)/)
    const file = box.folder('other.key')
    await writeFile(file, 'something of mine\n')
    assert.match((await add('--key', file)).stderr, /is no key.*\(INVALID_ARGUMENT\)/)
    assert.equal(await readFile(file, 'utf8'), 'something of mine\n')
    assert.equal((await add('--key', file, '--peer', createIdentity().peer)).code, 2)
    assert.equal((await box.run('a', ['app', 'add', 'three'])).code, 2)
    assert.match((await box.run('a', ['app', 'revoke', 'nobody'])).stderr, /UNKNOWN_PEER/)
    assert.match((await box.run('a', ['token', '--key', box.folder('none')])).stderr, /There is no key/)
  })
})
