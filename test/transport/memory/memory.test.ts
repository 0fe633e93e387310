/** The simulated network: the contract, on an ideal link and on a bad one, and its controls, in virtual time. */
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import type { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { createIdentity } from '../../../src/dag/identity.ts'
import { createMemoryNetwork, type LinkSettings } from '../../../src/transport/memory/memory.ts'
import type { Channel } from '../../../src/transport/transport.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'
import { fails, transportContract } from '../contract.ts'
import { closed, echo, Inbox, openPair, readAll, readBytes, until, write } from '../streams.ts'

const peers = { server: createIdentity(), client: createIdentity() }

function contractFixture(link: LinkSettings, clock = new VirtualClock()) {
  const network = createMemoryNetwork({ clock, seed: 7, link })
  const running = clock.running()
  return {
    server: network.transport({ host: 'server', identity: peers.server }),
    client: network.transport({ host: 'client', identity: peers.client }),
    badAddresses: ['memory:', 'memory:a b', 'memory:a/b', `memory:${'a'.repeat(65)}`],
    refusedAddress: 'memory:nobody',
    peers: { server: peers.server.peer, client: peers.client.peer },
    async close() {
      await until(() => network.connections === 0)
      running[Symbol.dispose]()
      assert.equal(clock.pendingTimers, 0)
    },
  }
}

transportContract('memory', () => contractFixture({}))
transportContract(
  'memory, on a slow link',
  () => contractFixture({ delayMs: 40, jitterMs: 20, bytesPerSecond: 2_000_000 }),
  { sequential: 200 },
)

/** Hosts a and b with one echo server at b, and time that stands still. */
async function simulate(link: LinkSettings = {}, seed = 1) {
  const clock = new VirtualClock({ seed })
  const network = createMemoryNetwork({ clock, seed, link })
  const [a, b] = [network.transport({ host: 'a' }), network.transport({ host: 'b' })]
  const inbox = new Inbox()
  await b.listen(inbox.accept)
  /** Runs in virtual time, and returns how much of it passed. */
  const elapsedMs = async (run: () => Promise<unknown>) => {
    const startedMs = clock.monotonic()
    await clock.runUntil(run())
    return clock.monotonic() - startedMs
  }
  return { clock, network, a, b, inbox, elapsedMs }
}

describe('the simulated network', () => {
  it('delays each direction', async () => {
    const { a, inbox, elapsedMs } = await simulate({ delayMs: 50 })
    let pair: { near: Channel; far: Channel } | undefined
    assert.equal(await elapsedMs(async () => (pair = await openPair(a, inbox, 'memory:b'))), 150)
    const { near, far } = pair!
    echo(far)
    near.stream.write('ping')
    assert.equal(await elapsedMs(() => readBytes(near.stream, 4)), 100)
    assert.deepEqual(near.path!(), { kind: 'direct', roundTripMs: 100, bytesSent: 5, bytesReceived: 4 })
  })

  it('bounds the bytes per second', async () => {
    const { a, clock, inbox, elapsedMs } = await simulate({ bytesPerSecond: 100_000 })
    const { near, far } = (await clock.runUntil(openPair(a, inbox, 'memory:b')))!
    const bytes = randomBytes(1_000_000)
    near.stream.end(bytes)
    const passedMs = await elapsedMs(async () => assert.ok((await readAll(far.stream)).equals(bytes)))
    assert.ok(Math.abs(passedMs - 10_000) < 1, `${passedMs}`)
  })

  it('jitters without reordering, and the same way from the same seed', async () => {
    const timeline = async (seed: number) => {
      const { a, clock, inbox } = await simulate({ delayMs: 10, jitterMs: 100 }, seed)
      const { near, far } = (await clock.runUntil(openPair(a, inbox, 'memory:b')))!
      const arrivals: Array<[number, string]> = []
      far.stream.on('data', (bytes: Buffer) => arrivals.push([clock.monotonic(), bytes.toString()]))
      for (const word of ['one ', 'two ', 'three']) {
        await write(near.stream, word)
        await clock.advance(5)
      }
      near.stream.end()
      await clock.runUntil(closed(far.stream.on('end', () => far.stream.end())))
      assert.equal(arrivals.map(([, text]) => text).join(''), 'one two three')
      return arrivals
    }
    assert.deepEqual(await timeline(3), await timeline(3))
    assert.notDeepEqual(await timeline(3), await timeline(4))
  })

  it('cuts connections at both ends', async () => {
    const { a, clock, network, inbox } = await simulate()
    const { near, far } = (await clock.runUntil(openPair(a, inbox, 'memory:b')))!
    const errors: unknown[] = []
    for (const { stream } of [near, far])
      stream.on('error', (error) => errors.push((error as CausewayError).code))
    network.cut('a', 'c')
    assert.equal(network.connections, 1)
    network.cut('b', 'a')
    await Promise.all([closed(near.stream), closed(far.stream)])
    assert.deepEqual(errors, ['DISCONNECTED', 'DISCONNECTED'])
    assert.equal(network.connections, 0)
  })

  it('loses connections with a probability', async () => {
    const { a, b, clock } = await simulate({ lossPerChunk: 0.1 })
    await b.stop()
    await b.listen(echo)
    let lost = 0
    for (let index = 0; index < 200; index++) {
      const attempt = async () => {
        const { stream } = await a.dial('memory:b')
        stream.end('ping')
        if ((await readAll(stream)).toString() !== 'ping') throw new Error('short')
      }
      await clock.runUntil(attempt().catch(() => lost++))
    }
    // Three lots a round trip: 1 − 0.9³ is 27 %.
    assert.ok(lost > 30 && lost < 80, `${lost} of 200`)
  })

  it('stalls one direction unnoticed, and delivers when it resumes', async () => {
    const { a, clock, network, inbox } = await simulate({ delayMs: 5 })
    const { near, far } = (await clock.runUntil(openPair(a, inbox, 'memory:b')))!
    network.stall('a', 'b')
    near.stream.write('held')
    far.stream.write('free')
    assert.equal((await clock.runUntil(readBytes(near.stream, 4)))!.toString(), 'free')
    await clock.advance(3_600_000)
    assert.equal(far.stream.readableLength, 0)
    assert.equal(near.stream.destroyed || far.stream.destroyed, false)
    network.resume('a', 'b')
    assert.equal((await clock.runUntil(readBytes(far.stream, 4)))!.toString(), 'held')
  })

  it('is bounded while it stalls', async () => {
    const { a, clock, network, inbox } = await simulate()
    const { near } = (await clock.runUntil(openPair(a, inbox, 'memory:b')))!
    network.stall('a', 'b')
    const chunk = randomBytes(10_000)
    let written = 0
    const writing = (async () => {
      for (; !near.stream.destroyed; written += chunk.length) await write(near.stream, chunk)
    })()
    await clock.advance(1_000)
    assert.ok(written < 400_000, `${written} bytes taken`)
    near.stream.destroy()
    await writing
  })

  it('partitions hosts into groups, and heals', async () => {
    const { a, clock, network, inbox, elapsedMs } = await simulate({ delayMs: 1 })
    const { near, far } = (await clock.runUntil(openPair(a, inbox, 'memory:b')))!
    network.partition([['a'], ['b', 'c']])
    near.stream.write('later')
    assert.equal(await elapsedMs(() => fails('TIMEOUT', a.dial('memory:b'))), limits.dialTimeoutMs)
    const c = network.transport({ host: 'c' })
    await clock.runUntil(openPair(c, inbox, 'memory:b'))
    const dialling = a.dial('memory:b')
    await clock.advance(500)
    network.heal()
    await clock.runUntil(dialling)
    await inbox.next()
    assert.equal((await clock.runUntil(readBytes(far.stream, 5)))!.toString(), 'later')
    network.partition([['c']])
    await clock.runUntil(openPair(a, inbox, 'memory:b'))
    await fails('CANCELLED', c.dial('memory:b', { signal: AbortSignal.abort() }))
  })

  it('has one listener per host, and one link per pair', async () => {
    const { b, network, clock, inbox } = await simulate()
    await fails('BAD_ADDRESS', network.transport({ host: 'b', name: 'other' }).listen(echo))
    network.setLink('a', 'b', { delayMs: 1_000 })
    const [fast, slow] = [network.transport({ host: 'c' }), network.transport({ host: 'a' })]
    await clock.runUntil(openPair(fast, inbox, 'memory:b'))
    assert.equal(clock.monotonic(), 0)
    await clock.runUntil(openPair(slow, inbox, 'memory:b'))
    assert.equal(clock.monotonic(), 3_000)
    await b.close()
  })
})

describe('virtual time', () => {
  it('runs timers in order, each at its time, and waits for their effects to settle', async () => {
    const clock = new VirtualClock()
    const log: string[] = []
    clock.setTimer(20, () => log.push(`b ${clock.monotonic()}`))
    clock.setTimer(10, () => {
      log.push(`a ${clock.monotonic()}`)
      void Promise.resolve().then(() => clock.setTimer(5, () => log.push(`nested ${clock.monotonic()}`)))
    })
    clock.setTimer(20, () => log.push('c'))
    clock.setTimer(15, () => log.push('never'))()
    await clock.advance(19)
    assert.deepEqual(log, ['a 10', 'nested 15'])
    await clock.advance(1)
    assert.deepEqual(log, ['a 10', 'nested 15', 'b 20', 'c'])
    assert.equal(clock.pendingTimers, 0)
    clock.skewMs = -5
    assert.equal(clock.now(), 1_000_000_000_015)
  })

  it('reports a condition that never becomes true', async () => {
    const clock = new VirtualClock()
    await assert.rejects(clock.runUntil(new Promise(() => {})), /no timer is left/)
    const again = () => clock.setTimer(1_000, again)
    again()
    await assert.rejects(
      clock.runUntil(() => false, 10_000),
      /within 10000 ms/,
    )
    assert.equal(clock.monotonic(), 10_000)
    await assert.rejects(clock.runUntil(Promise.reject(new Error('mine'))), /mine/)
  })

  it('draws the same numbers from the same seed', () => {
    const [one, two, other] = [5, 5, 6].map((seed) => new VirtualClock({ seed }).randomBytes(8))
    assert.deepEqual(one, two)
    assert.notDeepEqual(one, other)
  })
})
