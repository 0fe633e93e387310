/** Two nodes that nobody has introduced pair over real sockets: both say yes, one says no, time runs out, a third comes. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { hexToBytes } from '../../../src/dag/hex.ts'
import { Pairing } from '../../../src/node/pairing/pairing.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { MemoryLan, overHttp, overQuic, PairingClock, PairingNode } from '../../kit/pairing.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

/** What a node has kept of pairings. */
function kept({ node }: PairingNode) {
  return { peers: node.peers.list().length, links: node.status().length, trees: node.store.trees().length }
}

const nothing = { peers: 0, links: 0, trees: 0 }

describe('Two nodes that pair', () => {
  for (const [name, listening] of [
    ['HTTP', overHttp],
    ['QUIC', overQuic],
  ] as const)
    it(`show the same digits over ${name}, and know each other once both have said yes`, async () => {
      const ether = new MemoryLan()
      await using alice = await PairingNode.start(ether, listening)
      await using bob = await PairingNode.start(ether, listening)
      const [a, b] = [alice.pair({ name: 'desk' }), bob.pair({ name: 'laptop' })]
      const [seenByA, seenByB] = await Promise.all([a.wait('found'), b.wait('found')])
      assert.match(seenByA.digits, /^\d{6}$/)
      assert.equal(seenByA.digits, seenByB.digits)
      assert.deepEqual([seenByA.name, seenByB.name], ['laptop', 'desk'])
      assert.deepEqual([hex(seenByA.peer), hex(seenByB.peer)], [bob.node.peer, alice.node.peer])
      assert.deepEqual([kept(alice), kept(bob)], [nothing, nothing])
      await alice.answer(seenByA.peer, true)
      assert.deepEqual([kept(alice), kept(bob)], [nothing, nothing])
      await bob.answer(seenByB.peer, true)
      const [done, doneB] = await Promise.all([a.wait('paired'), b.wait('paired')])
      assert.deepEqual([await a.end(), await b.end()], ['', ''])
      assert.deepEqual([done.name, doneB.name], ['laptop', 'desk'])
      for (const [{ node }, other, called] of [
        [alice, bob, 'laptop'],
        [bob, alice, 'desk'],
      ] as const) {
        const [entry] = node.peers.list()
        assert.deepEqual([entry!.peer, entry!.name, entry!.uninvited], [other.node.peer, called, undefined])
        assert.deepEqual(
          entry!.addresses.map(({ source }) => source),
          ['LAN'],
        )
      }
      assert.deepEqual(kept(alice), { ...nothing, peers: 1 })
    })

  for (const [who, sharing] of [
    ['the first', 0],
    ['the second', 1],
  ] as const)
    for (const [how, options] of [
      ['both listen', [overHttp, overHttp]],
      ['only the one that shares listens', [overHttp, {}]],
      ['only the other one listens', [{}, overHttp]],
    ] as const)
      it(`share a tree of ${who}, if ${how}`, async () => {
        const ether = new MemoryLan()
        await using one = await PairingNode.start(ether, options[0])
        await using other = await PairingNode.start(ether, options[1])
        const tree = await one.node.createTree('notes')
        const wish = { tree: hexToBytes(tree), permission: Permission.WRITE }
        const [first, second] = sharing === 0 ? [one, other] : [other, one]
        const wishOf = (node: PairingNode) => (node === one ? wish : {})
        const a = first.pair(wishOf(first))
        const b = second.pair(wishOf(second))
        const arrived = once(other.node, 'entries')
        await first.answer((await a.wait('found')).peer, true)
        await second.answer((await b.wait('found')).peer, true)
        const [doneA, doneB] = await Promise.all([a.wait('paired'), b.wait('paired')])
        const [given, taken] = sharing === 0 ? [doneA.given, doneB.taken] : [doneB.given, doneA.taken]
        for (const shared of [given, taken])
          assert.deepEqual(
            [hex(shared!.tree), shared!.name, shared!.permission],
            [tree, 'notes', Permission.WRITE],
          )
        await arrived
        const policy = await one.node.policy(tree)
        assert.equal(policy!.permission(other.node.peer), Permission.WRITE)
        // The other way too, without anybody's help.
        const back = once(one.node, 'entries')
        await other.node.commit(tree, [{ store: 'log', kind: 'add', payload: new Uint8Array(1) }])
        await back
      })

  it('keep nothing if one of them says no, whoever called and whoever answers first', async () => {
    for (const [no, first] of [
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
    ] as const) {
      const ether = new MemoryLan()
      await using alice = await PairingNode.start(ether, overHttp)
      await using bob = await PairingNode.start(ether, overHttp)
      const tree = await alice.node.createTree('notes')
      const nodes = [alice, bob] as const
      const runs = [alice.pair({ tree: hexToBytes(tree), permission: Permission.READ }), bob.pair()] as const
      const found = await Promise.all(runs.map((run) => run.wait('found')))
      const order = first === 0 ? [0, 1] : [1, 0]
      for (const index of order) await nodes[index]!.answer(found[index]!.peer, index !== no).catch(() => {})
      assert.deepEqual(await Promise.all(runs.map((run) => run.end())), [
        'ACCESS_REJECTED',
        'ACCESS_REJECTED',
      ])
      assert.deepEqual([kept(alice), kept(bob)], [{ ...nothing, trees: 1 }, nothing])
      assert.equal((await alice.node.policy(tree))!.keys.size, 1)
    }
  })

  it('end when time runs out, alone or with digits that nobody answers', async () => {
    const ether = new MemoryLan()
    const clocks = [new PairingClock(limits.pairingMs), new PairingClock(limits.pairingMs)] as const
    await using alice = await PairingNode.start(ether, { ...overHttp, clock: clocks[0] })
    await using bob = await PairingNode.start(ether, { ...overHttp, clock: clocks[1] })
    const alone = alice.pair()
    await alone.wait('waiting')
    clocks[0].pass(limits.pairingMs)
    assert.equal(await alone.end(), 'TIMEOUT')
    const [a, b] = [alice.pair(), bob.pair()]
    const found = await a.wait('found')
    await b.wait('found')
    await alice.answer(found.peer, true)
    clocks[1].pass(limits.pairingMs)
    assert.equal(await b.end(), 'TIMEOUT')
    // Whoever has said yes learns that the other has not, or its own time ends.
    const end = a.end()
    clocks[0].pass(limits.pairingMs)
    assert.ok(['TIMEOUT', 'ACCESS_REJECTED'].includes(await end))
    assert.deepEqual([kept(alice), kept(bob)], [nothing, nothing])
    assert.equal(ether.hearing, 2)
  })

  it('end when one leaves: the other is told, and nothing is kept', async () => {
    const ether = new MemoryLan()
    await using alice = await PairingNode.start(ether, overHttp)
    await using bob = await PairingNode.start(ether, overHttp)
    const [a, b] = [alice.pair(), bob.pair()]
    await Promise.all([a.wait('found'), b.wait('found')])
    a.leave()
    await a.end()
    await bob.answer(hexToBytes(alice.node.peer), true).catch(() => {})
    assert.equal(await b.end(), 'ACCESS_REJECTED')
    assert.deepEqual([kept(alice), kept(bob)], [nothing, nothing])
  })

  it('refuse a second stranger, and go on', async () => {
    using _ = limited({ pairingHelloMs: 50, pairingRetryMs: 50 })
    const ether = new MemoryLan()
    await using alice = await PairingNode.start(ether, overHttp)
    await using bob = await PairingNode.start(ether, overHttp)
    await using eve = await PairingNode.start(ether, overHttp)
    const [a, b] = [alice.pair(), bob.pair()]
    const [foundA, foundB] = await Promise.all([a.wait('found'), b.wait('found')])
    const e = eve.pair()
    await e.wait('waiting')
    await ether.heard(ether.said.length + 20)
    e.leave()
    assert.equal(await e.end(), 'CANCELLED')
    await alice.answer(foundA.peer, true)
    await bob.answer(foundB.peer, true)
    await Promise.all([a.wait('paired'), b.wait('paired')])
    assert.deepEqual([kept(alice).peers, kept(bob).peers, kept(eve).peers], [1, 1, 0])
  })

  it('show other digits to each side of somebody in between', async () => {
    const [near, far] = [new MemoryLan(), new MemoryLan()]
    await using alice = await PairingNode.start(near, overHttp)
    await using bob = await PairingNode.start(far, overHttp)
    await using toAlice = await PairingNode.start(near, overHttp)
    await using toBob = await PairingNode.start(far, overHttp)
    const [a, b] = [alice.pair({ name: 'a' }), bob.pair({ name: 'b' })]
    toAlice.pair({ name: 'b' })
    toBob.pair({ name: 'a' })
    const [seenByA, seenByB] = await Promise.all([a.wait('found'), b.wait('found')])
    assert.notEqual(seenByA.digits, seenByB.digits)
  })

  it('pair one at a time, and only while somebody pairs', async () => {
    const ether = new MemoryLan()
    await using alice = await PairingNode.start(ether, overHttp)
    const first = alice.pair()
    assert.equal((await first.wait('waiting')).dialable, true)
    assert.equal(await alice.pair().end(), 'ALREADY_STARTED')
    await assert.rejects(alice.answer(hexToBytes(alice.node.peer), true), /No digits/)
    first.leave()
    await first.end()
    const said = ether.said.filter(({ datagram }) => datagram.toString('latin1', 0, 4) === 'CWP1').length
    assert.ok(said > 0)
    const again = alice.pair()
    await again.wait('waiting')
    again.leave()
    await again.end()
    await using mute = await PairingNode.start(ether, {})
    const alone = mute.pair()
    assert.equal((await alone.wait('waiting')).dialable, false)
    alone.leave()
    await alone.end()
  })

  it('can begin again after the LAN could not be opened', async () => {
    const clock = new VirtualClock()
    let fails = true
    const lan = {
      follow() {
        if (fails) throw new CausewayError('BAD_ADDRESS', 'The port is taken.')
        return () => {}
      },
      ...{ say: async () => {}, look() {}, isDialable: () => true },
    }
    const refuse = () => Promise.reject(new Error('Nothing is called here.'))
    const pairing = new Pairing({
      ...{ self: testIdentity(1).peer, clock, lan, isBlocked: () => false },
      ...{ addressesAt: refuse, open: refuse, shared: refuse, keep: refuse },
    })
    const leave = new AbortController()
    await assert.rejects(pairing.start({ name: 'me' }, leave.signal).next(), { code: 'BAD_ADDRESS' })
    assert.equal(clock.pendingTimers, 0)
    fails = false
    const again = pairing.start({ name: 'me' }, leave.signal)
    assert.equal((await again.next()).value?.kind, 'waiting')
    await again.return(undefined)
  })

  it('share only what an admin may share', async () => {
    const ether = new MemoryLan()
    await using alice = await PairingNode.start(ether, overHttp)
    await using bob = await PairingNode.start(ether, overHttp)
    const tree = await alice.node.createTree('notes')
    await alice.node.grant(tree, bob.node.peer, Permission.WRITE)
    await bob.node.sync(tree, alice.node.createTicket(tree))
    const wish = (permission: Permission, of = tree) => ({ tree: hexToBytes(of), permission })
    assert.equal(await bob.pair(wish(Permission.READ)).end(), 'FORBIDDEN')
    assert.equal(await alice.pair(wish(Permission.ADMIN)).end(), 'INVALID_ARGUMENT')
    assert.equal(
      await alice.pair(wish(Permission.READ, 'ab'.repeat(32) as typeof tree)).end(),
      'UNKNOWN_TREE',
    )
    assert.equal(await alice.pair({ name: 'x'.repeat(129) }).end(), 'LIMIT_EXCEEDED')
  })

  it('keep a right that is greater, and a name that a person has given', async () => {
    const ether = new MemoryLan()
    await using alice = await PairingNode.start(ether, overHttp)
    await using bob = await PairingNode.start(ether, overHttp)
    const tree = await alice.node.createTree('notes')
    await alice.node.grant(tree, bob.node.peer, Permission.ADMIN)
    await alice.node.addPeer(bob.node.peer, { name: 'my laptop' })
    const a = alice.pair({ tree: hexToBytes(tree), permission: Permission.READ })
    const b = bob.pair({ name: 'laptop' })
    await alice.answer((await a.wait('found')).peer, true)
    await bob.answer((await b.wait('found')).peer, true)
    await Promise.all([a.wait('paired'), b.wait('paired')])
    assert.equal((await alice.node.policy(tree))!.permission(bob.node.peer), Permission.ADMIN)
    assert.equal(alice.node.peers.get(bob.node.peer)!.name, 'my laptop')
  })
})
