/** What a node tells members of a tree of each other, and what it believes of what they tell: who is told, and attacks. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import type { Identity, PeerId } from '../../../src/dag/identity.ts'
import { readRecord } from '../../../src/find/record.ts'
import type { MemberAsk, SignedBytes } from '../../../src/peer/address-records.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { ada, bob, cyd, far, lan, openLab, revoked, self, stranger } from './lab.ts'

type Lab = Awaited<ReturnType<typeof openLab>>

/** Asks as a peer. Returns whose records come, in order of their ids, and whether there are more. */
async function told(lab: Lab, peer: PeerId, more: Partial<MemberAsk> = {}, from = far) {
  const answer = await lab.members.answer(peer, lab.ask(more), from)
  const peers = await Promise.all(answer.records.map(async (each) => (await readRecord(each)).peer))
  return { peers: peers.sort(), more: answer.more }
}

const take = (lab: Lab, teller: Identity, ...records: SignedBytes[]) =>
  lab.members.take(lab.tree, teller.peer, records, far)

describe('The record of a member', () => {
  it('crosses to members of a tree that names both, and to nobody else', async () => {
    await using lab = await openLab()
    await take(lab, ada, lab.issue(ada), lab.issue(bob))
    const none = { peers: [], more: false }
    assert.deepEqual(await told(lab, cyd.peer), { peers: [ada.peer, bob.peer].sort(), more: false })
    assert.deepEqual(await told(lab, ada.peer), { peers: [bob.peer], more: false }, 'not its own')
    for (const { peer } of [stranger, revoked]) assert.deepEqual(await told(lab, peer), none)
    // Everybody may read it, and its policy names nobody of them.
    for (const { peer } of [ada, stranger]) assert.deepEqual(await told(lab, peer, { tree: lab.open }), none)
    assert.deepEqual(await told(lab, ada.peer, { tree: 'ab'.repeat(32) as TreeId }), none)
    // A member of another tree learns only of those that this one names.
    await lab.grant(lab.open, ada.peer)
    await lab.grant(lab.open, stranger.peer)
    assert.deepEqual(await told(lab, stranger.peer, { tree: lab.open }), { peers: [ada.peer], more: false })
  })

  it('does not cross any more to and from one that was revoked or blocked', async () => {
    await using lab = await openLab()
    await take(lab, ada, lab.issue(ada), lab.issue(bob))
    await lab.book.add(ada.peer)
    await lab.book.block(ada.peer, true)
    assert.deepEqual((await told(lab, cyd.peer)).peers, [bob.peer])
    await lab.author.revoke(lab.tree, bob.peer)
    assert.deepEqual((await told(lab, cyd.peer)).peers, [])
    assert.deepEqual((await told(lab, bob.peer)).peers, [])
    assert.deepEqual(await take(lab, bob, lab.issue(cyd)), [], 'nor is it believed')
  })

  it('crosses once: not if the asker has it, the latest first, in pages', async () => {
    await using lab = await openLab()
    const others = Array.from({ length: 5 }, (_, index) => testIdentity(20 + index))
    for (const other of others) {
      await lab.grant(lab.tree, other.peer)
      await lab.clock.advance(10)
      await take(lab, ada, lab.issue(other))
    }
    const first = await told(lab, bob.peer, { limit: 2 })
    assert.equal(first.more, true)
    assert.ok(first.peers.includes(others[4]!.peer))
    assert.deepEqual(await told(lab, bob.peer, { limit: 0 }), { peers: [], more: true })
    const known = lab.members.known(lab.tree)
    assert.equal(known.length, 5)
    assert.deepEqual(await told(lab, bob.peer, { known }), { peers: [], more: false })
    await lab.clock.advance(10)
    await take(lab, ada, lab.issue(others[0]!))
    assert.deepEqual(await told(lab, bob.peer, { known }), { peers: [others[0]!.peer], more: false })
    using _ = limited({ knownRecords: 2 })
    const some = lab.members.known(lab.tree).map(({ prefix }) => prefix)
    assert.equal(some.length, 2)
    assert.ok(some.includes(others[0]!.peer.slice(0, 16)), 'the latest')
  })

  it('with private addresses crosses only between peers in private networks', async () => {
    await using lab = await openLab()
    const near = lab.issue(ada, { near: true, addresses: ['http://10.0.0.7:80', 'http://8.8.8.8:80'] })
    await lab.members.take(lab.tree, ada.peer, [near], lan)
    assert.deepEqual((await told(lab, bob.peer, {}, far)).peers, [])
    assert.deepEqual((await told(lab, bob.peer, {}, '127.0.0.1:9')).peers, [])
    assert.deepEqual((await told(lab, bob.peer, {}, lan)).peers, [ada.peer])
    // Told by somebody far away, it does not bring its private addresses, and goes no further.
    await lab.members.take(
      lab.tree,
      bob.peer,
      [lab.issue(cyd, { near: true, addresses: ['http://10.0.0.8:80'] })],
      far,
    )
    assert.deepEqual(lab.records.of(cyd.peer)[0]!.addresses, [])
    assert.deepEqual((await told(lab, bob.peer, {}, lan)).peers, [ada.peer])
  })

  it('is passed on only while it holds for everybody, and forgotten when it has expired', async () => {
    await using lab = await openLab()
    await take(lab, ada, lab.issue(ada, { ttlSeconds: 7_200 }))
    await lab.clock.advance(3_500_000)
    assert.deepEqual((await told(lab, bob.peer)).peers, [ada.peer])
    await lab.clock.advance(200_000)
    assert.deepEqual((await told(lab, bob.peer)).peers, [])
    assert.equal(lab.records.of(ada.peer).length, 1)
    await lab.clock.advance(3_600_000)
    assert.deepEqual(lab.records.of(ada.peer), [])
  })
})

describe('A member that tells', () => {
  it('a forged, expired, future, oversized or malformed record is refused with PROTOCOL, and nothing of it stays', async () => {
    await using lab = await openLab()
    const good = lab.issue(bob)
    const bad: Record<string, SignedBytes> = {
      forged: { record: good.record, signature: lab.issue(cyd).signature },
      changed: { ...good, record: good.record.with(-1, good.record.at(-1)! ^ 1) },
      expired: lab.issue(bob, { inMs: -90_000_000 }),
      future: lab.issue(bob, { inMs: limits.recordAheadMs + 1 }),
      oversized: lab.issue(bob, { addresses: Array(16).fill(`http://${'a'.repeat(300)}.example:1`) }),
      endless: lab.issue(bob, { ttlSeconds: limits.recordTtlSeconds + 1 }),
      many: lab.issue(bob, { addresses: Array(17).fill('http://8.8.8.8:1') }),
      malformed: { record: Buffer.from('nonsense'), signature: good.signature },
      another: { ...good, record: Buffer.concat([good.record, Buffer.from([0x38, 0])]) },
    }
    for (const [name, record] of Object.entries(bad))
      await assert.rejects(take(lab, ada, record), { code: 'PROTOCOL' }, name)
    assert.deepEqual([lab.records.size, lab.news.length], [0, 0])
    // What came before the bad one stays.
    await assert.rejects(take(lab, ada, good, bad.forged!), { code: 'PROTOCOL' })
    assert.equal(lab.records.of(bob.peer).length, 1)
  })

  it('an old record again changes nothing', async () => {
    await using lab = await openLab()
    await lab.book.add(bob.peer)
    const [old, now] = [lab.issue(bob), lab.issue(bob, { inMs: 1, addresses: ['http://9.9.9.9:80'] })]
    assert.equal((await take(lab, ada, now)).length, 1)
    assert.deepEqual(await take(lab, ada, old, now), [])
    assert.deepEqual(
      lab.book.get(bob.peer)!.addresses.map(({ address }) => address),
      ['http://9.9.9.9:80'],
    )
    assert.equal(lab.news.length, 1)
  })

  it('of peers that the tree does not name is not heard', async () => {
    await using lab = await openLab()
    assert.deepEqual(await take(lab, ada, lab.issue(stranger), lab.issue(revoked)), [])
    assert.deepEqual(await take(lab, stranger, lab.issue(ada)), [])
    assert.equal(lab.records.size, 0)
  })

  it('a record of this node reports it, so that the next one goes after it', async () => {
    await using lab = await openLab()
    await take(lab, ada, lab.issue(self, { inMs: 5 }))
    assert.deepEqual([lab.own, lab.records.size], [[lab.clock.now() + 5], 0])
  })

  it('cannot point this node at itself, at private networks or at the secrets of a cloud', async () => {
    await using lab = await openLab()
    const addresses = [
      ...['http://127.0.0.1:80', 'http://localhost:80', 'http://169.254.169.254:80', 'http://10.0.0.1:80'],
      ...[
        'http://224.0.0.1:80',
        'http://[fe80::1]:80',
        'http://0.0.0.0:80',
        'ftp://8.8.8.8',
        'http://8.8.8.8:80',
      ],
    ]
    await lab.book.add(bob.peer)
    await take(lab, ada, lab.issue(bob, { addresses }))
    assert.deepEqual(
      lab.book.get(bob.peer)!.addresses.map(({ address }) => address),
      ['http://8.8.8.8:80'],
    )
  })

  it('new addresses of itself again and again is taken at its word only now and then', async () => {
    await using lab = await openLab()
    await lab.book.add(bob.peer)
    for (let turn = 0; turn < 20; turn++) {
      await lab.clock.advance(1_000)
      await take(lab, bob, lab.issue(bob, { addresses: [`http://8.8.8.${turn}:80`] }))
    }
    assert.equal(lab.contacts.length, limits.recordChanges)
    const address = () => lab.book.get(bob.peer)!.addresses[0]!.address
    assert.equal(address(), `http://8.8.8.${limits.recordChanges - 1}:80`)
    // The last word counts in the end.
    await lab.clock.advance(limits.toldRetryMs)
    assert.equal(address(), 'http://8.8.8.19:80')
    assert.ok(lab.contacts.length <= limits.recordChanges + 1, `${lab.contacts.length}`)
  })

  it('new records of a peer again and again is heard now and then', async () => {
    await using lab = await openLab()
    const many = Array.from({ length: limits.recordArrivals + 8 }, (_, index) =>
      lab.issue(bob, { inMs: index }),
    )
    assert.equal((await take(lab, ada, ...many)).length, limits.recordArrivals)
    assert.equal(lab.news.length, limits.recordArrivals)
    assert.equal((await take(lab, ada, lab.issue(cyd))).length, 1, 'another peer')
    await lab.clock.advance(limits.recordArrivalMs)
    assert.equal((await take(lab, ada, ...many.slice(-2))).length, 1)
  })

  it('names of each new record the tree, who it is of, and who told it', async () => {
    await using lab = await openLab()
    await take(lab, ada, lab.issue(bob))
    assert.deepEqual(lab.news, [[lab.tree, bob.peer, ada.peer]])
    await lab.grant(lab.open, bob.peer)
    assert.deepEqual(lab.news[1], [lab.open, undefined, undefined])
  })
})
