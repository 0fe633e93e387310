/** Peers are found by seeds: who is dialled when, whom the node keeps, and two nodes that meet by nothing else. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import { createNode } from '../../../src/node/node.ts'
import { SeedSearch } from '../../../src/node/reach/seed-search.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { tempFolder } from '../../kit/peers.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const [self, ada, bob] = [testIdentity(1).peer, testIdentity(2).peer, testIdentity(3).peer]

/** A search whose seeds yield `there`, where these peers are. */
function search(there: Map<string, PeerId | undefined>) {
  const clock = new VirtualClock()
  const connected = new Set<PeerId>()
  const [dialled, found, problems]: [string[], [PeerId, readonly string[]][], string[]] = [[], [], []]
  const failed = new Map<string, CausewayError>()
  const made = new SeedSearch({
    ...{ self, clock, isConnected: (peer) => connected.has(peer) },
    seeds: { resolve: async () => ({ addresses: [...there.keys()], failed: new Map(failed) }) },
    peers: {
      async found(peer, { addresses }) {
        found.push([peer, addresses])
      },
    },
    async whoIs(address) {
      dialled.push(address)
      const peer = there.get(address)
      if (peer === undefined) throw new CausewayError('UNREACHABLE', 'Nobody is there.')
      return peer
    },
    onError: ({ message }) => problems.push(message),
  })
  const taken = (list: unknown[]) => list.splice(0)
  return { clock, connected, dialled, found, problems, failed, made, taken }
}

describe('A search by seeds', () => {
  it('asks who is at each address, skips itself and who is connected, and follows what changes', async () => {
    const there = new Map<string, PeerId | undefined>([
      ...([
        ['http://me', self],
        ['http://a', ada],
      ] as const),
      ...([
        ['http://a2', ada],
        ['http://none', undefined],
      ] as const),
    ])
    const { clock, connected, dialled, found, made, taken } = search(there)
    made.start()
    await clock.advance(0)
    assert.deepEqual(taken(dialled), ['http://me', 'http://a', 'http://a2', 'http://none'])
    assert.deepEqual(taken(found), [[ada, ['http://a', 'http://a2']]])
    connected.add(ada)
    await clock.advance(limits.seedIntervalMs)
    assert.deepEqual(taken(dialled), ['http://none'])
    connected.clear()
    there.set('http://a', bob)
    there.delete('http://a2')
    taken(found)
    await clock.advance(limits.seedIntervalMs)
    assert.deepEqual(taken(dialled).toSorted(), ['http://a', 'http://none'])
    assert.deepEqual(taken(found), [[bob, ['http://a']]])
    made.stop()
    assert.equal(clock.pendingTimers, 0)
  })

  it('looks again soon after a failure, but not without a pause', async () => {
    const { clock, dialled, made, taken } = search(new Map([['http://a', undefined]]))
    made.start()
    await clock.advance(1_000)
    for (let index = 0; index < 5; index++) made.soon()
    assert.equal(taken(dialled).length, 1)
    await clock.advance(limits.seedPauseMs - 1_000)
    assert.equal(taken(dialled).length, 1)
    await clock.advance(limits.seedIntervalMs - 1)
    assert.equal(taken(dialled).length, 0)
    made.stop()
  })

  it('dials a bounded number at once, and comes to all of them', async () => {
    using _ = limited({ seedDials: 2 })
    const there = new Map(Array.from({ length: 5 }, (_, index) => [`http://${index}`, undefined]))
    const { clock, dialled, made, taken } = search(there)
    made.start()
    await clock.advance(0)
    assert.equal(dialled.length, 2)
    await clock.advance(2 * limits.seedPauseMs)
    assert.deepEqual(new Set(taken(dialled).slice(0, 5)), new Set(there.keys()))
    made.stop()
  })

  it('reports a seed that yields nothing once, and again only after it worked', async () => {
    const { clock, problems, failed, made, taken } = search(new Map())
    const error = new CausewayError('UNREACHABLE', 'No such name.')
    failed.set('dns+srv:a', error)
    made.start()
    await clock.advance(3 * limits.seedIntervalMs)
    assert.deepEqual(taken(problems), ['No such name.'])
    failed.clear()
    await clock.advance(limits.seedIntervalMs)
    failed.set('dns+srv:a', error)
    await clock.advance(limits.seedIntervalMs)
    assert.equal(problems.length, 1)
    made.stop()
  })
})

describe('A node with seeds', () => {
  const http = { host: '127.0.0.1', port: 0 }

  it('meets whom a policy names, keeps nothing of strangers, and is ready before', async () => {
    using _ = limited({ seedIntervalMs: 50, seedPauseMs: 50 })
    await using folder = await tempFolder()
    const path = join(folder.path, 'seeds')
    await using alice = await createNode({ http })
    await using stranger = await createNode({ http })
    await using bob = await createNode({ http, seeds: [`file:${path}`] })
    for (const node of [alice, bob, stranger]) await node.listen()
    const tree = await alice.createTree('notes')
    await alice.grant(tree, bob.peer, Permission.WRITE)
    await bob.sync(tree, alice.createTicket(tree))
    await alice.commit(tree, [{ store: 'log', kind: 'add', payload: new Uint8Array(1) }])
    assert.deepEqual([bob.peers.list(), bob.store.tree(tree)?.count], [[], 2])
    const arrived = once(bob, 'entries')
    await writeFile(path, [stranger, bob, alice].map((node) => node.addresses()[0]).join('\n'))
    await arrived
    assert.equal(bob.store.tree(tree)?.count, 3)
    const [entry, ...others] = bob.peers.list()
    assert.deepEqual([entry?.peer, others], [alice.peer, []])
    assert.equal(entry!.addresses[0]!.source, 'SEED')
  })

  it('refuses a seed that is none', async () => {
    await assert.rejects(createNode({ seeds: ['http://a:1'] }), { code: 'INVALID_ARGUMENT' })
  })
})
