/**
 * The bounds of each class of callers, each crossed on a virtual clock. Over the wire, a refusal is typed, costs
 * nothing for bytes that were not read, and ends the connection of a caller that ignores it.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import type { Caller } from '../../../src/rpc/caller.ts'
import { Throttle } from '../../../src/rpc/server/throttle.ts'
import { TreeBuilder, testIdentity } from '../../kit/entries.ts'
import { limited } from '../../kit/limited.ts'
import { fails, failureOf } from '../../kit/rpc-errors.ts'
import { protocols, ServingNode } from '../../kit/serving-node.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const [friend, named, nobody] = [testIdentity(1).peer, testIdentity(2).peer, testIdentity(3).peer]
const from = (remoteAddress: string, more: Partial<Caller> = {}): Caller => ({
  remoteAddress,
  transport: 'test',
  operator: false,
  ...more,
})
const never = new AbortController().signal

function open() {
  const clock = new VirtualClock()
  const throttle = new Throttle({
    clock,
    isKnown: (peer) => peer === friend,
    isOperator: () => false,
    peersOf: ({ peer }) => (peer === undefined ? [] : [peer]),
  })
  /** Calls that begin until one is refused; all of them go on. */
  const until = (caller: Caller, leave: boolean) => {
    for (let count = 0; ; count++)
      try {
        const entered = throttle.enter(caller)
        if (leave) entered.leave()
      } catch (error) {
        const { code, data } = error as CausewayError
        assert.equal(code, 'RESOURCE_EXHAUSTED')
        assert.ok((data.retryAfterMs as number) > 0)
        return { count, retryAfterMs: data.retryAfterMs as number }
      }
  }
  const enter = (caller: Caller, path?: string) => throttle.enter(caller, path)
  return { clock, throttle, until, enter }
}

const exhausted = (error: CausewayError) => {
  assert.equal(error.code, 'RESOURCE_EXHAUSTED')
  assert.ok((error.data.retryAfterMs as number) > 0)
  return true
}

async function* chunks(sizes: readonly number[]) {
  for (const size of sizes) yield new Uint8Array(size)
}

describe('A stranger', () => {
  it('may make a burst of calls, then a bounded number per second, whatever keys it creates', async () => {
    const { clock, until } = open()
    const { count, retryAfterMs } = until(from('192.0.2.1:1'), true)
    assert.equal(count, limits.strangerRequestBurst)
    assert.equal(until(from('192.0.2.1:2', { peer: nobody }), true).count, 0)
    assert.equal(until(from('192.0.2.2:1'), true).count, limits.strangerRequestBurst)
    await clock.advance(retryAfterMs)
    assert.equal(until(from('192.0.2.1:1'), true).count, 1)
    await clock.advance(1000)
    assert.equal(until(from('192.0.2.1:1'), true).count, limits.strangerRequestsPerSecond)
  })

  it('may send a burst of frames, then a bounded number per second, and known peers have their own', async () => {
    const { clock, throttle } = open()
    const { strangerFrameBurst, strangerFramesPerSecond, knownFrameBurst } = limits
    const [stranger, again] = [from('192.0.2.1:1'), from('192.0.2.1:2', { peer: nobody })]
    assert.equal(throttle.payFrames(stranger, strangerFrameBurst), true)
    assert.equal(throttle.payFrames(again, 1), false)
    assert.equal(throttle.payFrames(from('192.0.2.2:1'), strangerFrameBurst + 1), false)
    const known = from('192.0.2.1:3', { peer: friend })
    assert.equal(throttle.payFrames(known, knownFrameBurst), true)
    assert.equal(throttle.payFrames(known, 1), false)
    assert.equal(throttle.payFrames(from('192.0.2.1:4', { operator: true }), knownFrameBurst * 2), true)
    await clock.advance(1_000)
    assert.equal(throttle.payFrames(again, strangerFramesPerSecond), true)
    assert.equal(throttle.payFrames(stranger, 1), false)
  })

  it('has a bounded number of calls under way, alone and with all other strangers', () => {
    const { until } = open()
    assert.equal(until(from('192.0.2.1:1'), false).count, limits.strangerCalls)
    for (let left = limits.strangerCallsInAll - limits.strangerCalls, host = 2; left > 0; host++) {
      const { count } = until(from(`192.0.2.${host}:1`), false)
      assert.equal(count, Math.min(limits.strangerCalls, left))
      left -= count
    }
    assert.equal(until(from('192.0.2.99:1'), false).count, 0)
  })

  it('can shake hands even while others hold all calls and bytes', async () => {
    const { until, enter } = open()
    for (let host = 1; host <= limits.strangerCallsInAll / limits.strangerCalls; host++)
      until(from(`192.0.2.${host}:1`), false)
    assert.equal(until(from('192.0.2.99:1'), false).count, 0)
    const path = '/causeway.v1.SyncService/Handshake'
    const shaking = enter(from('192.0.2.99:1'), path)
    for await (const _ of shaking.body(chunks([40, 40])));
    shaking.leave()
    const talking = enter(from('192.0.2.99:1'), path)
    await assert.rejects(async () => {
      for await (const _ of talking.body(chunks([limits.briefRequestBytes, 1])));
    }, exhausted)
  })

  it('has a bounded number of request bytes in memory, and gives them back', async () => {
    const { enter } = open()
    const send = async (host: number, sizes: number[]) => {
      const entered = enter(from(`192.0.2.${host}:1`))
      for await (const _ of entered.body(chunks(sizes)));
      return entered
    }
    const half = limits.strangerRequestBytes / 2
    const first = await send(1, [half])
    await assert.rejects(send(1, [half, 1]), exhausted)
    const inAll = limits.strangerRequestBytesInAll / limits.strangerRequestBytes
    for (let host = 2; host <= inAll; host++) await send(host, [half, half])
    await assert.rejects(send(50, [1]), exhausted)
    first.leave()
    await send(50, [1])
  })

  it('receives a burst of bytes, then as many as a slow line carries', async () => {
    const { clock, enter } = open()
    const call = enter(from('192.0.2.1:1'))
    await call.send(limits.strangerBytesBurst, never)
    const sent = call.send(limits.strangerBytesPerSecond, never)
    let done = false
    sent.then(() => (done = true))
    await clock.advance(999)
    assert.equal(done, false)
    await clock.advance(1)
    await sent
    // And asks for nothing more while it owes.
    void enter(from('192.0.2.1:1')).send(1_000_000, never)
    assert.throws(() => enter(from('192.0.2.1:1')), exhausted)
  })

  it('has a bounded amount of work done, one or two pieces at once, in turns with other strangers', async () => {
    const { clock, enter } = open()
    const [a, b] = [1, 2].map((host) => enter(from(`192.0.2.${host}:1`)).load)
    const order: string[] = []
    const work = (name: string, ms: number) => async () => {
      order.push(name)
      await new Promise<void>((resolve) => void clock.setTimer(ms, resolve))
    }
    const half = limits.strangerWorkBurstMs / 2
    const all = [
      a!.work(never, work('a', half)),
      a!.work(never, work('a', half)),
      a!.work(never, work('a', 1000)),
    ]
    const others = [b!.work(never, work('b', 1)), b!.work(never, work('b', 1))]
    await clock.settle()
    assert.deepEqual(order, ['a', 'a'])
    await clock.runUntil(Promise.all([...all, ...others]))
    assert.deepEqual(order, ['a', 'a', 'a', 'b', 'b'])
    await assert.rejects(a!.work(never, work('never', 1)), exhausted)
    await clock.runUntil(b!.work(never, work('b', 1)))
  })

  it('has less work done while a known caller is being served', async () => {
    const { clock, enter } = open()
    const { load } = enter(from('192.0.2.1:1'))
    const timeWork = async () => {
      const startedMs = clock.monotonic()
      const piece = () =>
        load.work(never, () => new Promise<void>((resolve) => void clock.setTimer(100, resolve)))
      await clock.runUntil(Promise.all(Array.from({ length: 4 }, piece)))
      return clock.monotonic() - startedMs
    }
    assert.equal(await timeWork(), 200)
    enter(from('local', { operator: true }))
    assert.equal(await timeWork(), 100 + 100 * limits.strangerRestRatio + 100)
  })

  it('is cut after too many refusals on one connection', () => {
    const { throttle } = open()
    const connected = from('192.0.2.1:1')
    for (let count = 1; count < limits.refusalsPerConnection; count++)
      assert.equal(throttle.countRefusal(connected), false)
    assert.equal(throttle.countRefusal(connected), true)
    assert.equal(throttle.countRefusal(from('192.0.2.1:1')), false)
  })
})

describe('A peer that a policy or the operator names', () => {
  it('has its own bounds, wherever it comes from', async () => {
    const { throttle, until } = open()
    until(from('192.0.2.1:1'), true)
    const { count } = until(from('192.0.2.1:1', { peer: friend }), true)
    assert.equal(count, limits.knownRequestBurst)
    assert.equal(until(from('192.0.2.9:1', { peer: friend }), true).count, 0)
    assert.equal(until(from('192.0.2.1:1', { peer: nobody }), true).count, 0)
    // A policy names this one, as an earlier call has shown.
    throttle.vouch(named)
    assert.equal(until(from('192.0.2.1:1', { peer: named }), false).count, limits.knownCalls)
    assert.deepEqual(throttle.holderOf(from('x', { peer: named })), { name: named, kind: 'known' })
    assert.deepEqual(throttle.holderOf(from('x', { peer: nobody })), { name: 'x', kind: 'stranger' })
  })

  it('is a stranger again when no call has shown its name for a while', async () => {
    const { clock, throttle } = open()
    throttle.vouch(named)
    await clock.advance(limits.vouchedMs)
    assert.equal(throttle.isKnown(named), false)
    assert.equal(throttle.isKnown(friend), true)
  })

  it('is forgotten if too many others were shown after it', () => {
    const { throttle } = open()
    const peers = Array.from({ length: limits.callersRemembered + 1 }, (_, index) =>
      index.toString(16).padStart(64, '0'),
    ) as PeerId[]
    for (const peer of peers.slice(0, -1)) throttle.vouch(peer)
    // Seen again, so the second is now the oldest.
    throttle.vouch(peers[0]!)
    throttle.vouch(peers.at(-1)!)
    assert.deepEqual(
      [peers[0]!, peers[1]!, peers[2]!, peers.at(-1)!].map((peer) => throttle.isKnown(peer)),
      [true, false, true, true],
    )
  })

  it('does not wait for the turns of strangers', async () => {
    const { clock, enter } = open()
    const stranger = enter(from('192.0.2.1:1')).load
    const forever = () => new Promise<void>(() => {})
    for (let count = 0; count < limits.strangerWorkAtOnce + 1; count++) void stranger.work(never, forever)
    const { load } = enter(from('192.0.2.1:1', { peer: friend }))
    assert.equal(await clock.runUntil(load.work(never, async () => 'done')), 'done')
  })

  it('has no bounds as the operator', () => {
    const { enter } = open()
    for (let count = 0; count < limits.knownRequestBurst + 1; count++)
      enter(from('local', { operator: true }))
  })
})

describe('Over the wire', () => {
  for (const protocol of protocols)
    it(`a refusal is typed, and the operator is served beside it, with ${protocol}`, async () => {
      using _ = limited({ strangerRequestBurst: 12, strangerRequestsPerSecond: 1 })
      await using serving = await ServingNode.start()
      const tree = Buffer.from(await serving.node.createTree('open', PublicAccess.READ), 'hex')
      const { sync } = await serving.dialAs(undefined, protocol)
      for (let count = 0; count < 3; count++) for await (const _ of sync.syncTree({ tree }));
      for (const call of [() => sync.syncTree({ tree }), () => sync.sendEntries({ tree })]) {
        const { retryAfterMs, data } = await fails(call(), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
        assert.ok(retryAfterMs > 0 && retryAfterMs <= 1000, String(retryAfterMs))
        assert.equal(data.retryAfterMs, String(retryAfterMs))
      }
      await serving.assertServing()
      assert.deepEqual(serving.problems, [])
    })

  it('a caller that ignores refusals loses its connection', async () => {
    using _ = limited({ strangerRequestBurst: 1, strangerRequestsPerSecond: 0.001, refusalsPerConnection: 5 })
    await using serving = await ServingNode.start()
    const { sync, connection } = await serving.dialAs(undefined)
    const ended = once(connection.channel.stream, 'close')
    for (let count = 0; count < 10 && connection.ended === undefined; count++) await failureOf(sync.watch({}))
    await ended
    await serving.assertServing()
  })

  it('a page that is refused costs its carrier', async () => {
    using _ = limited({ strangerRequestBurst: 60, strangerRequestsPerSecond: 0.001 })
    await using serving = await ServingNode.start()
    const tree = Buffer.from(await serving.node.createTree('open', PublicAccess.READ), 'hex')
    const { sync } = await serving.dialAs(undefined)
    const entries = new TreeBuilder().entries.map(({ signed }) => signed)
    const garbage = Array.from({ length: 60 }, () => entries[0]!)
    const { refused } = await sync.sendEntries({ tree, entries: garbage })
    assert.equal(refused.length, 60)
    await fails(sync.sendEntries({ tree, entries: [] }), 'RESOURCE_EXHAUSTED', 'ResourceExhausted')
  })
})
