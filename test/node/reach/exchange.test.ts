/** Peers tell each other where they are: what is told to whom, what is believed, and what heals by it. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { readRecord, signRecord } from '../../../src/find/record.ts'
import { createNode, type Node } from '../../../src/node/node.ts'
import { AddressExchange } from '../../../src/node/reach/exchange.ts'
import { OwnRecord } from '../../../src/node/reach/own-record.ts'
import { RecordKeeper } from '../../../src/node/reach/record-keeper.ts'
import { AddressRecords } from '../../../src/peer/address-records.ts'
import { PeerBook } from '../../../src/peer/book.ts'
import { openMemory } from '../../../src/store/database/open.ts'
import { createHttpTransport } from '../../../src/transport/http.ts'
import { formatTicket, loadIroh } from '../../../src/transport/iroh/binding.ts'
import { createIrohTransport } from '../../../src/transport/iroh/iroh.ts'
import { TransportManager } from '../../../src/transport/manager.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { tempFolder } from '../../kit/peers.ts'

const [self, ada, bob] = [testIdentity(1), testIdentity(2), testIdentity(3)]
const publicTree = 'e'.repeat(64) as TreeId
const farAway = '8.8.4.4:1000'

/** An exchange that knows Ada and Bob; Ada is in its book. */
async function desk() {
  const transports = new TransportManager()
  const advertise = ['http://node.example:1']
  const http = createHttpTransport({ listen: { host: '127.0.0.1', port: 0 }, advertise })
  transports.register(http)
  transports.register(createIrohTransport({ identity: self, relay: 'off' }), { dialOnly: true })
  await transports.acceptConnections(() => {})
  const book = await PeerBook.open(await openMemory(), systemClock)
  await book.add(ada.peer)
  const onNew: string[] = []
  const records = await AddressRecords.open(await openMemory(), systemClock, () => false)
  const addresses = (near: boolean) =>
    near ? transports.getAllServerAddresses() : transports.getFarAddresses()
  const own = new OwnRecord({ identity: self, clock: systemClock, addresses })
  const parts = { self: self.peer, clock: systemClock, transports, book, records, own }
  const keeper = new RecordKeeper({ ...parts, onNew: (peer) => onNew.push(peer) })
  let tells = 0
  const exchange = new AddressExchange({
    ...{ ...parts, keeper, rights: { mayRead: async (tree) => tree === publicTree } },
    members: {
      answer: async () => ({ records: [], more: false }),
      take: async () => [],
      learned: (peer) => keeper.settle(peer),
    },
    isKnown: (peer) => peer === ada.peer || peer === bob.peer,
    tellAll: () => tells++,
  })
  const told = (addresses: string[], sequence = Date.now()) =>
    signRecord(ada, { sequence, ttlSeconds: 60, near: true, addresses })
  const known = () => book.get(ada.peer)!.addresses.map(({ address }) => address)
  const close = () => {
    exchange.stop()
    return transports.close()
  }
  return { exchange, own, book, told, known, onNew, tells: () => tells, [Symbol.asyncDispose]: close }
}

describe('A peer', () => {
  it('is told the public addresses, from its own network all of them, and a stranger none', async () => {
    await using all = await desk()
    const addresses = async (peer: typeof ada.peer | undefined, from: string) => {
      const { own, observed } = await all.exchange.answer(peer, {}, from)
      return [own && (await readRecord(own)).addresses, observed]
    }
    assert.deepEqual(await addresses(ada.peer, farAway), [['http://node.example:1'], farAway])
    const [near] = (await addresses(ada.peer, '127.0.0.1:9')) as [string[]]
    assert.equal(near.length, 2)
    assert.deepEqual(await addresses(testIdentity(9).peer, farAway), [undefined, farAway])
    assert.deepEqual(await addresses(undefined, 'relay'), [undefined, ''])
    // Who reads a public tree has found the node already.
    const ask = { tree: publicTree, known: [], news: [], limit: 1 }
    for (const peer of [undefined, testIdentity(9).peer])
      assert.deepEqual(Object.keys(await all.exchange.answer(peer, { ask }, farAway)), ['own', 'observed'])
    const hidden = { ...ask, tree: 'a'.repeat(64) as TreeId }
    assert.deepEqual(await all.exchange.answer(undefined, { ask: hidden }, farAway), { observed: farAway })
  })

  it('is shown a later record of its key, and of ours takes one for the last', async () => {
    await using all = await desk()
    const [old, now] = [all.told([], 5), all.told(['http://8.8.8.8:80'], 6)]
    await all.exchange.answer(ada.peer, { own: now }, farAway)
    assert.deepEqual((await all.exchange.answer(ada.peer, { own: now }, farAway)).records, [])
    const [shown] = (await all.exchange.answer(ada.peer, { own: old }, farAway)).records!
    assert.deepEqual(Buffer.from(shown!.record), Buffer.from(now.record))
    const ahead = Date.now() + 3_600_000
    const mine = signRecord(self, { sequence: ahead, ttlSeconds: 60, near: false, addresses: [] })
    const from = { remoteAddress: farAway, quic: false }
    for (let twice = 0; twice < 2; twice++)
      await all.exchange.took(ada.peer, { observed: '', records: [mine] }, from)
    assert.equal(all.tells(), 1)
    assert.equal((await readRecord(all.exchange.recordFor(farAway))).sequence, ahead + 1)
  })

  it('that tells nothing new costs no write', async () => {
    await using all = await desk()
    const own = all.told(['http://8.8.8.8:80'])
    await all.exchange.answer(ada.peer, { own }, farAway)
    const entry = all.book.get(ada.peer)
    await all.exchange.answer(ada.peer, { own }, farAway)
    await all.exchange.settle(ada.peer)
    assert.equal(all.book.get(ada.peer), entry)
  })

  it('cannot point the node at others: this machine, private networks, secrets of a cloud', async () => {
    await using all = await desk()
    const iroh = await loadIroh()
    const endpoint = (peer: typeof ada.peer, direct: string[]) =>
      `iroh:${formatTicket(iroh, peer, { direct })}`
    const bad = [
      ...['http://127.0.0.1:80', 'http://localhost:80', 'http://169.254.169.254:80', 'http://0.0.0.0:80'],
      ...['http://224.0.0.1:80', 'http://[fe80::1]:80', 'ftp://a', 'http://a/path', 'iroh:nonsense'],
      ...[endpoint(bob.peer, ['8.8.8.8:1']), endpoint(ada.peer, ['127.0.0.1:1', '169.254.1.1:1'])],
    ]
    const lan = ['http://10.0.0.1:80']
    const good = ['http://8.8.8.8:80', endpoint(ada.peer, ['8.8.8.8:1'])]
    for (const some of [bad, [...lan, endpoint(ada.peer, ['8.8.8.8:1', '10.0.0.1:1'])]]) {
      const sequence = Date.now() + all.known().length
      await all.exchange.answer(ada.peer, { own: all.told(some, sequence) }, farAway)
      assert.deepEqual(all.known(), some === bad ? [] : [good[1]])
    }
    await all.exchange.answer(ada.peer, { own: all.told([...lan, ...good], Date.now() + 100) }, '10.0.0.7:99')
    assert.deepEqual(all.known(), [...lan, ...good])
  })

  it('is believed only of itself, now, and never of the past', async () => {
    await using all = await desk()
    const { exchange, told, known } = all
    await assert.rejects(exchange.answer(bob.peer, { own: told(['http://8.8.8.8:80']) }, farAway), {
      code: 'PROTOCOL',
    })
    const future = told([], Date.now() + limits.recordAheadMs + 60_000)
    await assert.rejects(exchange.answer(ada.peer, { own: future }, farAway), { code: 'PROTOCOL' })
    const now = Date.now()
    await exchange.answer(ada.peer, { own: told(['http://8.8.8.8:80'], now) }, farAway)
    await exchange.answer(ada.peer, { own: told(['http://9.9.9.9:80'], now - 1) }, farAway)
    assert.deepEqual([known(), all.onNew], [['http://8.8.8.8:80'], [ada.peer]])
  })

  it('that is not in the book yet is remembered until it is, in bounds', async () => {
    using _ = limited({ recordsKept: 1 })
    await using all = await desk()
    const record = signRecord(bob, {
      sequence: 5,
      ttlSeconds: 60,
      near: false,
      addresses: ['http://8.8.8.8:80'],
    })
    await all.exchange.answer(bob.peer, { own: record }, farAway)
    await all.exchange.settle(bob.peer)
    assert.equal(all.book.get(bob.peer), undefined)
    await all.book.add(bob.peer)
    await all.exchange.settle(bob.peer)
    assert.deepEqual(all.book.get(bob.peer)!.addresses[0]!.address, 'http://8.8.8.8:80')
  })
})

describe('Two nodes', () => {
  const http = { host: '127.0.0.1', port: 0 }
  const count = (node: Node, tree: string) => node.store.tree(tree as never)?.count ?? 0

  it('find each other again when the one whose address was known restarts with another one', async () => {
    await using folder = await tempFolder()
    const data = join(folder.path, 'alice')
    let alice = await createNode({ data, http })
    await alice.listen()
    await using bob = await createNode({ http })
    await bob.listen()
    const tree = await alice.createTree('notes')
    await alice.grant(tree, bob.peer, Permission.WRITE)
    await bob.link(alice.createTicket(tree))
    // Bob has told where he is, so Alice can dial him.
    while ((alice.peers.get(bob.peer)?.addresses.length ?? 0) === 0) await once(alice, 'status')
    assert.equal(alice.peers.get(bob.peer)!.addresses[0]!.source, 'TOLD')
    while (count(bob, tree) < 2) await once(bob, 'entries')
    await alice.close(0)
    alice = await createNode({ data, http })
    try {
      await alice.listen()
      await alice.commit(tree, [{ store: 'log', kind: 'add', payload: new Uint8Array(1) }])
      while (count(bob, tree) < 3) await once(bob, 'entries')
      // And Bob learns from Alice's call where she is now.
      const now = alice.addresses()[0]!
      while (!bob.peers.get(alice.peer)!.addresses.some(({ address }) => address === now))
        await once(bob, 'status')
    } finally {
      await alice.close(0)
    }
  })
})
