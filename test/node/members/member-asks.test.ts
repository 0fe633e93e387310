/** Questions for records of members: when they are asked, what they bring, and what a peer that lies achieves. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import type { PeerConnection } from '../../../src/dispatcher/connection.ts'
import { MemberAsks } from '../../../src/node/members/member-asks.ts'
import type { AddressAnswer, MemberAsk } from '../../../src/peer/address-records.ts'
import { defaultSettings, Links } from '../../../src/peer/links.ts'
import { openMemory } from '../../../src/store/database/open.ts'
import { until } from '../../kit/until.ts'
import { ada, bob, cyd, far, openLab, self } from './lab.ts'

/** A connection that notes what is asked, and answers what the test says. */
class FakeConnection {
  readonly asked: MemberAsk[] = []
  readonly remoteAddress = far
  readonly address = 'http://8.8.4.4:1000'
  readonly peer: PeerId
  endReason: CausewayError | undefined
  answer: (ask: MemberAsk) => Promise<AddressAnswer> = async () => ({ observed: '' })
  end = () => {}

  constructor(peer: PeerId) {
    this.peer = peer
  }

  onEnd(listener: () => void): void {
    this.end = listener
  }

  exchangeAddresses(ask: MemberAsk): Promise<AddressAnswer> {
    this.asked.push(ask)
    return this.answer(ask)
  }

  get connection(): PeerConnection {
    return this as unknown as PeerConnection
  }
}

async function opened() {
  const lab = await openLab()
  const links = await Links.open(await openMemory())
  const problems: string[] = []
  const watchers = new Set<PeerId>()
  const asks = new MemberAsks({
    ...{ self: self.peer, clock: lab.clock, links, named: lab.named, members: lab.members },
    exchange: { took: async () => {} },
    isWatchedBy: (_, peer) => watchers.has(peer),
    onError: ({ code }) => problems.push(code),
  })
  const connect = async (peer: PeerId) => {
    await links.set(lab.tree, peer, defaultSettings)
    const fake = new FakeConnection(peer)
    asks.opened(fake.connection)
    return fake
  }
  return { ...lab, links, asks, problems, watchers, connect }
}

describe('A connected peer', () => {
  it('is asked when a watch of it begins, else after a while', async () => {
    await using lab = await opened()
    const [a, b] = [await lab.connect(ada.peer), await lab.connect(bob.peer)]
    lab.asks.ask(a.connection, [lab.tree], true)
    await lab.clock.advance(0)
    assert.deepEqual([a.asked.length, b.asked.length], [1, 0])
    await lab.clock.advance(limits.recordNewsMs)
    assert.deepEqual([a.asked.length, b.asked.length], [1, 1])
  })

  it('is asked once for many news, and again for more that it has', async () => {
    await using lab = await opened()
    const a = await lab.connect(ada.peer)
    lab.asks.ask(a.connection, [lab.tree], true)
    await lab.clock.advance(1)
    for (let news = 0; news < 50; news++) lab.asks.ask(a.connection, [lab.tree])
    const records = [lab.issue(bob), lab.issue(cyd)]
    a.answer = async () => ({ observed: '', records: records.splice(0, 1), more: records.length > 0 })
    await lab.clock.advance(limits.recordNewsMs)
    await until('three questions', () => a.asked.length >= 3)
    await lab.clock.settle()
    assert.equal(a.asked.length, 3)
    assert.deepEqual(
      a.asked[2]!.known.map(({ prefix }) => prefix),
      [bob.peer.slice(0, 16)],
    )
    assert.equal(lab.members.known(lab.tree).length, 2)
  })

  it('that always says that there is more is not asked for ever', async () => {
    await using lab = await opened()
    const a = await lab.connect(ada.peer)
    a.answer = async () => ({ observed: '', records: [], more: true })
    await lab.clock.advance(limits.recordNewsMs)
    assert.equal(a.asked.length, 1)
    a.answer = async () => ({ observed: '', records: [lab.issue(bob, { inMs: a.asked.length })], more: true })
    lab.asks.ask(a.connection, [lab.tree])
    await lab.clock.advance(limits.recordNewsMs)
    await until('all rounds', () => a.asked.length > limits.recordRounds)
    await lab.clock.settle()
    assert.equal(a.asked.length, 1 + limits.recordRounds)
  })

  it('is brought each record that it may lack once, and none that it told', async () => {
    await using lab = await opened()
    await lab.members.take(lab.tree, bob.peer, [lab.issue(bob)], far)
    const a = await lab.connect(ada.peer)
    a.answer = async () => ({ observed: '', records: [lab.issue(cyd)], more: false })
    await lab.clock.advance(limits.recordNewsMs)
    assert.equal(a.asked[0]!.news.length, 1)
    a.answer = async () => ({ observed: '' })
    await lab.clock.advance(limits.recordNewsMs)
    lab.asks.ask(a.connection, [lab.tree])
    await lab.clock.advance(limits.recordNewsMs)
    assert.deepEqual(a.asked.at(-1)!.news, [])
    // What others tell goes on to it, unless it watches the tree here and asks itself.
    const asked = a.asked.length
    await lab.members.take(lab.tree, bob.peer, [lab.issue(cyd, { inMs: 1 })], far)
    await lab.clock.advance(limits.recordNewsMs)
    assert.deepEqual([a.asked.length, a.asked.at(-1)!.news.length], [asked + 1, 1])
    lab.watchers.add(ada.peer)
    await lab.members.take(lab.tree, bob.peer, [lab.issue(cyd, { inMs: 2 })], far)
    await lab.clock.advance(limits.recordNewsMs)
    assert.equal(a.asked.length, asked + 1)
  })

  it('is not asked about trees in which it knows nobody, or that are not linked with it', async () => {
    await using lab = await opened()
    const a = await lab.connect(ada.peer)
    await lab.grant(lab.open, ada.peer)
    await lab.links.set(lab.open, ada.peer, defaultSettings)
    lab.asks.ask(a.connection, [lab.open], true)
    await lab.clock.advance(limits.recordNewsMs)
    assert.deepEqual(
      a.asked.map(({ tree }) => tree),
      [lab.tree],
    )
    await lab.links.remove(lab.links.get(lab.tree, ada.peer)!)
    lab.asks.ask(a.connection, [lab.tree])
    await lab.clock.advance(limits.recordNewsMs)
    assert.equal(a.asked.length, 1)
  })

  it('that tells a forged record is reported, and not asked on this connection any more', async () => {
    await using lab = await opened()
    const a = await lab.connect(ada.peer)
    const forged = { record: lab.issue(bob).record, signature: lab.issue(cyd).signature }
    a.answer = async () => ({ observed: '', records: [forged], more: false })
    await lab.clock.advance(limits.recordNewsMs)
    await until('a problem', () => lab.problems.length > 0)
    assert.deepEqual(lab.problems, ['PROTOCOL'])
    lab.asks.ask(a.connection, [lab.tree], true)
    await lab.clock.advance(limits.recordNewsMs)
    assert.equal(a.asked.length, 1)
    assert.equal(lab.records.size, 0)
  })

  it('that has no such call is asked again later, and one that is gone is not', async () => {
    await using lab = await opened()
    const a = await lab.connect(ada.peer)
    a.answer = () => Promise.reject(new CausewayError('UNIMPLEMENTED', 'no such call'))
    await lab.clock.advance(limits.recordNewsMs)
    assert.deepEqual([a.asked.length, lab.problems], [1, []])
    lab.asks.ask(a.connection, [lab.tree])
    a.end()
    await lab.clock.advance(limits.recordNewsMs)
    assert.equal(a.asked.length, 1)
  })

  it('and another one are asked where a third is, if it cannot be reached', async () => {
    await using lab = await opened()
    const all = await Promise.all([ada, bob].map(({ peer }) => lab.connect(peer)))
    await lab.links.set(lab.tree, cyd.peer, defaultSettings)
    await lab.clock.advance(limits.recordNewsMs)
    lab.asks.askAbout(cyd.peer)
    await lab.clock.advance(limits.recordNewsMs)
    assert.deepEqual(
      all.map(({ asked }) => asked.length),
      [2, 2],
    )
    lab.asks.askAbout(ada.peer)
    await lab.clock.advance(limits.recordNewsMs)
    assert.deepEqual(
      all.map(({ asked }) => asked.length),
      [2, 3],
      'not the one that is missing',
    )
    lab.asks.close()
    assert.equal(lab.clock.pendingTimers, 0)
  })
})
