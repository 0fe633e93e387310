/** `causeway grant`, `revoke` and `policy`, and their effect on the commits of two nodes. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { Sandbox } from '../../kit/command.ts'

interface Policy {
  readonly public: string
  readonly own: string
  readonly keys: { peer: string; permission: string; name: string; revoked: boolean }[]
}

describe('The policy commands', () => {
  it('let a friend write, and revoke that for later entries', async () => {
    await using box = await Sandbox.create()
    const { peer: friend } = await box.json<{ peer: string }>('b', ['id'])
    const { tree } = await box.json<{ tree: string }>('a', ['tree', 'create', 'notes'])
    const { ready } = await box.serve('a')
    const [address] = ready.addresses
    const sync = () => box.run('b', ['sync', tree, address!])
    const commit = (data: string, text: string) => box.run(data, ['commit', tree, '--store', 'log'], text)
    const payloads = async (data: string, ...more: string[]) => {
      const { entries } = await box.json<{
        entries: { void: boolean; changes: { store: string; payload: string }[] }[]
      }>(data, ['log', tree, ...more])
      return entries
        .filter(({ changes }) => changes[0]?.store === 'log')
        .map((entry) => `${Buffer.from(entry.changes[0]!.payload, 'base64')}${entry.void ? ' (void)' : ''}`)
    }

    await box.json('a', ['grant', tree, friend, 'write', '--name', 'Bea'])
    assert.equal((await sync()).code, 0)
    assert.match((await box.run('b', ['grant', tree, friend, 'admin'])).stderr, /ask an admin.*\(FORBIDDEN\)/)
    assert.equal((await commit('b', 'one')).code, 0)
    assert.equal((await sync()).code, 0)

    const { lastAccepted } = await box.json<{ lastAccepted: string[] }>('a', ['revoke', tree, friend])
    assert.equal(lastAccepted.length, 1)
    // The friend has not received the revocation. It can still write but not sync; others may carry its entries.
    assert.equal((await commit('b', 'late')).code, 0)
    assert.match((await sync()).stderr, /UNKNOWN_TREE/)
    const policy = await box.json<Policy>('a', ['policy', tree, '--public', 'read'])
    assert.deepEqual([policy.public, policy.own], ['read', 'admin'])
    const bea = policy.keys.find(({ peer }) => peer === friend)
    assert.deepEqual(bea, { peer: friend, permission: 'none', name: 'Bea', revoked: true })
    // Everybody may read now, the friend too. Its late entry is sent along, and is void on both nodes.
    assert.equal((await sync()).code, 0)
    assert.deepEqual(await payloads('b'), ['one'])
    assert.deepEqual(await payloads('a', '--void'), ['late (void)', 'one'])
    const refused = await commit('b', 'later')
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /may not write.*causeway grant.*\(FORBIDDEN\)/)
  })
})
