/** What a hostile machine in the LAN can do to one that pairs: as its caller, and as the one that it calls. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { PairingStatus } from '../../../gen/causeway/v1/sync_pb.ts'
import type { PairingEvent, PairingStanding } from '../../../src/access/pairing.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { createIdentity } from '../../../src/dag/identity.ts'
import { commitmentOf, digitsOf, encodeHello } from '../../../src/find/pairing.ts'
import { Pairing, type PairingRemote } from '../../../src/node/pairing/pairing.ts'
import { Lan } from '../../../src/node/reach/lan/lan.ts'
import { testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { MemoryLan, overHttp, PairingClock, PairingSeen } from '../../kit/pairing.ts'
import { failureOf } from '../../kit/rpc-errors.ts'
import { ServingNode, transports } from '../../kit/serving-node.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const nonce = Buffer.alloc(32, 7)

/** A node that pairs, which strangers call over loopback. */
async function pairing(clock = new PairingClock(limits.pairingStepMs)) {
  const ether = new MemoryLan()
  const serving = await ServingNode.start(transports[0], { ...overHttp, lan: ether.at('127.0.0.1'), clock })
  const { node } = await serving.dial()
  const run = new PairingSeen(node, { name: 'desk' })
  await run.wait('waiting')
  const stranger = async () => {
    const identity = createIdentity()
    return { peer: identity.peer, ...(await serving.dialAs(identity)) }
  }
  const answer = (peer: string, accept: boolean) =>
    node.answerPairing({ peer: Buffer.from(peer, 'hex'), accept })
  return {
    clock,
    ether,
    serving,
    run,
    stranger,
    answer,
    [Symbol.asyncDispose]: () => serving[Symbol.asyncDispose](),
  }
}

const codeOf = async (call: Promise<unknown>) => (await failureOf(call)).code

describe('A stranger that calls a node that pairs', () => {
  it('sees a commitment first, and the nonce only after its own is fixed', async () => {
    await using all = await pairing()
    const { peer, sync } = await all.stranger()
    const { commitment, name } = await sync.beginPairing({ name: 'me' })
    assert.equal(name, 'desk')
    const shown = await sync.revealPairing({ nonce })
    const sides = { caller: peer, server: all.serving.node.peer }
    assert.equal(Buffer.from(commitment).toString('hex'), commitmentOf(sides, shown.nonce))
    const found = await all.run.wait('found')
    assert.equal(found.digits, digitsOf(sides, nonce, shown.nonce))
    // Not a second time, with another nonce that suits it better.
    assert.equal(await codeOf(sync.revealPairing({ nonce: Buffer.alloc(32, 8) })), 'NOT_STARTED')
    assert.equal(await codeOf(sync.beginPairing({ name: 'me' })), 'RESOURCE_EXHAUSTED')
  })

  it('gets nothing by deciding alone', async () => {
    await using all = await pairing()
    const { peer, sync } = await all.stranger()
    assert.equal(await codeOf(sync.decidePairing({ accept: true })), 'NOT_STARTED')
    await sync.beginPairing({ name: 'me' })
    assert.equal(await codeOf(sync.decidePairing({ accept: true })), 'NOT_STARTED')
    await sync.revealPairing({ nonce })
    const tree = { tree: new Uint8Array(32).fill(9), name: 'bait', permission: Permission.WRITE }
    const decided = sync.decidePairing({ accept: true, tree })
    await all.run.wait('found')
    assert.deepEqual(all.serving.node.peers.list(), [])
    await all.answer(peer, false)
    assert.equal((await decided).status, PairingStatus.REFUSED)
    assert.equal(await all.run.end(), 'ACCESS_REJECTED')
    assert.deepEqual([all.serving.node.peers.list(), all.serving.node.status()], [[], []])
    assert.equal((await sync.decidePairing({ accept: true })).status, PairingStatus.REFUSED)
  })

  it('is told to ask again while the person here has not answered', async () => {
    await using all = await pairing(new PairingClock(limits.pairingPollMs))
    const { peer, sync } = await all.stranger()
    await sync.beginPairing({ name: 'me' })
    // Somebody else says where it is: another key is there, so nothing is kept of it.
    const hello = { peer, ports: [{ kind: 'http', port: all.serving.hostPort.port }] as const }
    all.ether.say(encodeHello(hello), '127.0.0.1')
    await sync.revealPairing({ nonce })
    const first = sync.decidePairing({ accept: true })
    await sync.handshake({ version: 2, nonce }).catch(() => {})
    all.clock.pass(limits.pairingPollMs)
    assert.equal((await first).status, PairingStatus.WAITING)
    const second = sync.decidePairing({ accept: true })
    await all.answer(peer, true)
    assert.equal((await second).status, PairingStatus.ACCEPTED)
    const done = await all.run.wait('paired')
    assert.deepEqual([Buffer.from(done.peer).toString('hex'), done.name, done.addresses], [peer, 'me', []])
    assert.deepEqual(
      all.serving.node.peers.list().map(({ peer, name }) => [peer, name]),
      [[peer, 'me']],
    )
  })

  it('keeps nobody else out, and is forgotten when its time is over', async () => {
    await using all = await pairing()
    const [first, second, third] = [await all.stranger(), await all.stranger(), await all.stranger()]
    await first.sync.beginPairing({})
    assert.equal(await codeOf(second.sync.revealPairing({ nonce })), 'NOT_STARTED')
    all.clock.pass(limits.pairingStepMs)
    assert.equal(await codeOf(first.sync.revealPairing({ nonce })), 'NOT_STARTED')
    for (const { sync } of [first, second, third]) await sync.beginPairing({})
    await second.sync.revealPairing({ nonce })
    for (const { sync } of [first, third]) {
      assert.equal(await codeOf(sync.revealPairing({ nonce })), 'NOT_STARTED')
      assert.equal(await codeOf(sync.beginPairing({})), 'RESOURCE_EXHAUSTED')
      assert.equal(await codeOf(sync.decidePairing({ accept: true })), 'NOT_STARTED')
    }
    all.clock.pass(limits.pairingStepMs)
    assert.equal(await codeOf(first.sync.beginPairing({})), 'RESOURCE_EXHAUSTED')
    assert.equal(Buffer.from((await all.run.wait('found')).peer).toString('hex'), second.peer)
  })

  it('makes room for the next if there are too many that have begun', async () => {
    using _ = limited({ pairingCandidates: 2 })
    await using all = await pairing()
    const strangers = [await all.stranger(), await all.stranger(), await all.stranger()]
    for (const { sync } of strangers) await sync.beginPairing({})
    const [oldest, second] = strangers
    assert.equal(await codeOf(oldest!.sync.revealPairing({ nonce })), 'NOT_STARTED')
    await second!.sync.revealPairing({ nonce })
    assert.equal(Buffer.from((await all.run.wait('found')).peer).toString('hex'), second!.peer)
  })

  it('is refused names, nonces and trees of another form', async () => {
    await using all = await pairing()
    const { sync } = await all.stranger()
    assert.equal(
      await codeOf(sync.beginPairing({ name: 'x'.repeat(limits.nameBytes + 1) })),
      'LIMIT_EXCEEDED',
    )
    await sync.beginPairing({})
    for (const length of [0, 31, 33])
      assert.equal(await codeOf(sync.revealPairing({ nonce: new Uint8Array(length) })), 'INVALID_ARGUMENT')
    await sync.revealPairing({ nonce })
    for (const tree of [
      { tree: new Uint8Array(3), permission: Permission.READ },
      { tree: new Uint8Array(32), permission: Permission.ADMIN },
    ])
      assert.equal(await codeOf(sync.decidePairing({ accept: true, tree })), 'INVALID_ARGUMENT')
    const long = {
      tree: new Uint8Array(32),
      name: 'x'.repeat(limits.nameBytes + 1),
      permission: Permission.READ,
    }
    assert.equal(await codeOf(sync.decidePairing({ accept: true, tree: long })), 'LIMIT_EXCEEDED')
  })
})

const [self, smaller, greater] = (() => {
  const all = [1, 2, 3].map((seed) => testIdentity(seed).peer).sort()
  return [all[1]!, all[0]!, all[2]!]
})()

const never = () => new Promise<never>(() => {})

/** A run of a pairing in virtual time that calls whom it hears. `remote` answers its calls, or `others` those to a peer. */
function caller(remote: Partial<PairingRemote>, others: Record<string, Partial<PairingRemote>> = {}) {
  const clock = new VirtualClock()
  const ether = new MemoryLan()
  const lan = new Lan({ clock, network: ether.at('10.0.0.1'), listeners: () => [], onError() {} })
  const withdrawn: string[] = []
  const [events, opened, blocked]: [PairingEvent[], string[], Set<string>] = [[], [], new Set()]
  const made = new Pairing({
    ...{ self, clock, lan, isBlocked: (peer) => blocked.has(peer) },
    addressesAt: async (_, host) => [`http://${host}`],
    async open([address], peer) {
      opened.push(peer)
      const decide = async (): Promise<PairingStanding> => {
        withdrawn.push(peer)
        return { status: 'refused' }
      }
      return { address: address!, close() {}, decide, ...(others[peer] ?? remote) } as PairingRemote
    },
    shared: () => Promise.reject(new Error('none')),
    keep: () => Promise.reject(new Error('Nothing may be kept.')),
  })
  const leave = new AbortController()
  let ended: CausewayError | undefined
  const done = (async () => {
    try {
      for await (const event of made.start({ name: 'me' }, leave.signal)) events.push(event)
    } catch (error) {
      ended = CausewayError.from(error)
    }
  })()
  const hello = (peer = greater, host = '10.0.0.2') =>
    ether.say(encodeHello({ peer, ports: [{ kind: 'quic', port: 7 }] }), host)
  const found = () => events.some(({ kind }) => kind === 'found')
  return { clock, made, events, opened, blocked, hello, found, leave, done, withdrawn, ended: () => ended }
}

describe('A stranger that is called by a node that pairs', () => {
  it('cannot show another nonce than it has committed to, and not learn many of ours', async () => {
    let reveals = 0
    const all = caller({
      begin: async () => ({ commitment: '00'.repeat(32), name: 'eve' }),
      async reveal() {
        reveals++
        return nonce
      },
    })
    await all.clock.advance(0)
    for (let index = 0; index < 20; index++) {
      all.hello()
      await all.clock.advance(limits.pairingRetryMs)
    }
    await all.done
    assert.equal(reveals, limits.pairingAttempts)
    assert.deepEqual([all.ended()?.code, all.found()], ['RESOURCE_EXHAUSTED', false])
    assert.equal(all.clock.pendingTimers, 0)
  })

  it('counts as well if it breaks off once it has our nonce', async () => {
    let reveals = 0
    const all = caller({
      begin: async () => ({ commitment: '00'.repeat(32), name: 'eve' }),
      reveal() {
        reveals++
        return Promise.reject(new CausewayError('DISCONNECTED', 'gone'))
      },
    })
    await all.clock.advance(0)
    for (let index = 0; index < 20; index++) {
      all.hello()
      await all.clock.advance(limits.pairingRetryMs)
    }
    await all.done
    assert.deepEqual([reveals, all.ended()?.code], [limits.pairingAttempts, 'RESOURCE_EXHAUSTED'])
  })

  it('is called once in a while, and not at all if it is blocked', async () => {
    const all = caller({ begin: () => Promise.reject(new CausewayError('RESOURCE_EXHAUSTED', 'busy')) })
    await all.clock.advance(0)
    for (let index = 0; index < 10; index++) all.hello()
    await all.clock.advance(0)
    assert.equal(all.opened.length, 1)
    all.blocked.add(greater)
    await all.clock.advance(limits.pairingRetryMs)
    all.hello()
    await all.clock.advance(0)
    assert.equal(all.opened.length, 1)
    await all.clock.advance(limits.pairingMs)
    await all.done
    assert.match(all.ended()!.message, /No other machine .* The last attempt failed: busy/)
  })

  it('does not keep a node from one that calls it', async () => {
    const slow = caller({ begin: never })
    await slow.clock.advance(0)
    slow.hello()
    await slow.clock.advance(0)
    assert.throws(() => slow.made.begin(greater, ''), { code: 'RESOURCE_EXHAUSTED' })
    assert.equal(slow.made.begin(smaller, '').name, 'me')
    slow.leave.abort()
    await slow.done
    const shown = caller({ begin: async () => ({ commitment: '00'.repeat(32), name: '' }), reveal: never })
    await shown.clock.advance(0)
    shown.hello(smaller)
    await shown.clock.advance(0)
    // It has this node's nonce, so the two go on as they began.
    assert.throws(() => shown.made.begin(smaller, ''), { code: 'RESOURCE_EXHAUSTED' })
    assert.equal(shown.made.begin(greater, '').name, 'me')
    shown.made.reveal(greater, nonce)
    await shown.clock.advance(0)
    assert.ok(shown.found())
    shown.leave.abort()
    await shown.done
  })

  it('holds nobody up if it answers and then hangs, at any step', async () => {
    const good = {
      begin: async () => ({
        commitment: commitmentOf({ caller: self, server: smaller }, nonce),
        name: 'friend',
      }),
      reveal: async () => nonce,
    }
    const begins = async () => ({ commitment: '00'.repeat(32), name: 'eve' })
    for (const hanging of [{ begin: never }, { begin: begins, reveal: never }]) {
      const all = caller(hanging, { [smaller]: good })
      await all.clock.advance(0)
      all.hello(greater)
      await all.clock.advance(0)
      assert.deepEqual([all.opened, all.found()], [[greater], false])
      all.hello(smaller)
      await all.clock.advance(0)
      assert.ok(all.found())
      assert.ok(all.events.some((event) => event.kind === 'found' && event.peer === smaller))
      all.leave.abort()
      await all.done
      await all.clock.advance(limits.pairingMs)
      assert.equal(all.clock.pendingTimers, 0)
    }
  })

  it('is told no if it may show digits that this node does not', async () => {
    let show = (_: Uint8Array) => {}
    const all = caller({
      begin: async () => ({ commitment: commitmentOf({ caller: self, server: greater }, nonce), name: '' }),
      reveal: () => new Promise((resolve) => (show = resolve)),
    })
    await all.clock.advance(0)
    all.hello()
    await all.clock.advance(0)
    all.made.begin(smaller, '')
    all.made.reveal(smaller, nonce)
    show(nonce)
    await all.clock.advance(0)
    assert.deepEqual(all.withdrawn, [greater])
    assert.deepEqual(
      all.events.flatMap((event) => (event.kind === 'found' ? [event.peer] : [])),
      [smaller],
    )
    all.leave.abort()
    await all.done
  })

  it('gets no answer before a person here has seen its digits, nor two', async () => {
    using _ = limited({ pairingAttempts: 1 })
    const sides = { caller: self, server: greater }
    let decisions = 0
    const all = caller({
      begin: async () => ({ commitment: commitmentOf(sides, nonce), name: 'eve' }),
      reveal: async () => nonce,
      async decide() {
        decisions++
        return { status: 'refused' }
      },
    })
    await all.clock.advance(0)
    all.hello()
    await all.clock.advance(0)
    assert.equal(decisions, 0)
    assert.ok(all.found())
    assert.throws(() => all.made.answer(smaller, true), { code: 'NOT_STARTED' })
    all.made.answer(greater, true)
    assert.throws(() => all.made.answer(greater, true), { code: 'ALREADY_DECIDED' })
    await all.clock.advance(0)
    await all.done
    assert.deepEqual([decisions, all.ended()?.code], [1, 'ACCESS_REJECTED'])
  })
})
