/** Several transports side by side: routing, independent servers, and the race over the addresses of one peer. */
import { strict as assert } from 'node:assert'
import { PassThrough } from 'node:stream'
import { afterEach, describe, it } from 'node:test'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { createHttpTransport } from '../../src/transport/http.ts'
import { TransportManager } from '../../src/transport/manager.ts'
import type { Channel, Transport } from '../../src/transport/transport.ts'
import { fails } from './contract.ts'
import { echo, readBytes } from './streams.ts'

const loopback = { host: '127.0.0.1', port: 0 }

/** A transport in memory alone, for what the manager does around it; `dial` is the test's. */
function stub(name: string, prefix: string, overrides: Partial<Transport> = {}): Transport {
  let listening = false
  return {
    name,
    canHandleAddress: (address) => address.startsWith(prefix),
    dial: async (address) => ({
      stream: new PassThrough(),
      remoteAddress: address,
      protection: { kind: 'none' } as const,
    }),
    async listen() {
      if (listening) throw new CausewayError('ALREADY_STARTED', 'It listens.')
      listening = true
    },
    async stop() {
      if (!listening) throw new CausewayError('NOT_STARTED', 'It does not.')
      listening = false
    },
    addresses: () => (listening ? [`${prefix}here`] : []),
    async close() {
      listening = false
    },
    ...overrides,
  }
}

/** Keeps the process alive while it waits: nothing else here does. */
const firmClock: Clock = {
  ...systemClock,
  setTimer(delayMs, run) {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
}

const broken = (name: string, code: 'BAD_ADDRESS' | 'CLOSED' = 'BAD_ADDRESS') =>
  stub(name, `${name}:`, { listen: () => Promise.reject(new CausewayError(code, `${name} is broken.`)) })

describe('the TransportManager', () => {
  let manager = new TransportManager()
  afterEach(async () => {
    await manager.close()
    manager = new TransportManager()
  })

  it('routes to the first registered that handles the address', async () => {
    manager.register(stub('wide', 'a'))
    manager.register(stub('narrow', 'ab:'))
    manager.register(stub('other', 'b:'))
    assert.equal(manager.route('ab:1').name, 'wide')
    assert.equal(manager.route('b:1').name, 'other')
    assert.equal((await manager.dial('b:1')).remoteAddress, 'b:1')
  })

  it('names an address that no transport handles, and the transports', async () => {
    manager.register(stub('one', 'a:'))
    await assert.rejects(manager.dial('pigeon:coop'), (error: CausewayError) => {
      assert.equal(error.code, 'NO_TRANSPORT')
      assert.match(error.message, /pigeon:coop.*one/)
      return true
    })
  })

  it('accepts a name once', () => {
    manager.register(stub('one', 'a:'))
    assert.throws(() => manager.register(stub('one', 'b:')), { code: 'ALREADY_EXISTS' })
    assert.equal(manager.get('one')?.canHandleAddress('a:'), true)
    assert.equal(manager.get('two'), undefined)
  })

  it('starts all, and lists all addresses in order of registration', async () => {
    manager.register(createHttpTransport({ listen: loopback }))
    manager.register(createHttpTransport({ name: 'second', listen: loopback }))
    manager.register(stub('iroh', 'iroh:'))
    manager.register(createHttpTransport({ name: 'out' }), { dialOnly: true })
    assert.deepEqual(await manager.acceptConnections(echo), {
      started: ['http', 'second', 'iroh'],
      failed: [],
    })
    const addresses = manager.getAllServerAddresses()
    assert.deepEqual(
      addresses.map((address) => address.split(':')[0]),
      ['http', 'http', 'iroh'],
    )
    for (const address of addresses.slice(0, 2)) {
      const { stream } = await manager.dial(address)
      stream.write('ping')
      assert.equal((await readBytes(stream, 4)).toString(), 'ping')
      stream.destroy()
    }
  })

  it('lets one fail and the others run', async () => {
    manager.register(broken('bad'))
    manager.register(createHttpTransport({ listen: loopback }))
    const { started, failed } = await manager.acceptConnections(echo)
    assert.deepEqual(started, ['http'])
    assert.deepEqual(
      failed.map(({ name, error }) => [name, error.code]),
      [['bad', 'BAD_ADDRESS']],
    )
    const { stream } = await manager.dial(manager.getAllServerAddresses()[0]!)
    stream.destroy()
  })

  it('fails when all fail, with every error as the cause', async () => {
    await fails('NO_TRANSPORT', manager.acceptConnections(echo))
    manager.register(broken('one'))
    manager.register(broken('two'))
    await assert.rejects(manager.acceptConnections(echo), (error: CausewayError) => {
      assert.equal(error.code, 'BAD_ADDRESS')
      assert.match(error.message, /one is broken.*two is broken/)
      assert.equal((error.cause as AggregateError).errors.length, 2)
      return true
    })
    manager.register(broken('three', 'CLOSED'))
    await fails('UNREACHABLE', manager.acceptConnections(echo))
  })

  it('stops and starts each by name', async () => {
    manager.register(createHttpTransport({ listen: loopback }))
    manager.register(stub('other', 'other:'))
    await fails('INVALID_ARGUMENT', manager.start('http'))
    await fails('NO_TRANSPORT', manager.start('nobody'))
    await manager.acceptConnections(echo)
    await fails('ALREADY_STARTED', manager.start('http'))
    await manager.stop('http')
    await fails('NOT_STARTED', manager.stop('http'))
    assert.deepEqual(manager.getAllServerAddresses(), ['other:here'])
    await manager.start('http')
    const { stream } = await manager.dial(manager.getAllServerAddresses()[0]!)
    stream.write('ping')
    assert.equal((await readBytes(stream, 4)).toString(), 'ping')
    stream.destroy()
  })

  it('starts a transport that failed before, and leaves running ones alone', async () => {
    let fail = true
    const late = stub('late', 'late:')
    const listen = late.listen
    late.listen = (accept) =>
      fail ? Promise.reject(new CausewayError('BAD_ADDRESS', 'Not yet.')) : listen(accept)
    manager.register(late)
    manager.register(stub('other', 'other:'))
    assert.equal((await manager.acceptConnections(echo)).failed.length, 1)
    fail = false
    assert.deepEqual(await manager.acceptConnections(echo), { started: ['late', 'other'], failed: [] })
  })

  it('closes everything, permanently', async () => {
    let address: string
    {
      await using owned = new TransportManager()
      owned.register(createHttpTransport({ listen: loopback }))
      await owned.acceptConnections(echo)
      address = owned.getAllServerAddresses()[0]!
      await Promise.all([owned.close(), owned.close()])
      await fails('CLOSED', owned.dial(address))
      await fails('CLOSED', owned.acceptConnections(echo))
      assert.throws(() => owned.register(stub('one', 'a:')), { code: 'CLOSED' })
    }
    manager.register(createHttpTransport())
    await fails('UNREACHABLE', manager.dial(address))
  })
})

describe('the race over the addresses of one peer', () => {
  /** What each address does, and what became of its stream. */
  const streams = new Map<string, Channel['stream']>()
  const signals = new Map<string, AbortSignal>()
  let order: string[] = []

  function racing(behaviour: (address: string, signal: AbortSignal) => Promise<void>): TransportManager {
    streams.clear()
    signals.clear()
    order = []
    const manager = new TransportManager({ clock: firmClock })
    manager.register(
      stub('sim', 'sim:', {
        async dial(address, options) {
          order.push(address)
          signals.set(address, options!.signal!)
          await behaviour(address, options!.signal!)
          const stream = new PassThrough()
          streams.set(address, stream)
          return { stream, remoteAddress: address, protection: { kind: 'none' } as const }
        },
      }),
    )
    return manager
  }

  /** Never, unless cancelled. */
  const silence = (signal: AbortSignal) =>
    new Promise<void>((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
    )
  const refuse = (address: string) => Promise.reject(new CausewayError('UNREACHABLE', `${address} refused.`))
  const handshake = async (channel: Channel) => `hello ${channel.remoteAddress}`

  it('uses the first address if it answers, and tries no other', async () => {
    await using manager = racing(async () => {})
    const won = await manager.dialFirst(['sim:a', 'sim:b'], { handshake })
    assert.equal(won.address, 'sim:a')
    assert.equal(won.value, 'hello sim:a')
    assert.deepEqual(won.failures, [])
    assert.deepEqual(order, ['sim:a'])
    assert.equal(won.channel.stream.destroyed, false)
  })

  it('starts the next while one is silent, and cancels the loser', async () => {
    await using manager = racing((address, signal) =>
      address === 'sim:a' ? silence(signal) : Promise.resolve(),
    )
    const won = await manager.dialFirst(['sim:a', 'sim:b'], { handshake, staggerMs: 1 })
    assert.equal(won.address, 'sim:b')
    assert.ok(signals.get('sim:a')!.aborted)
  })

  it('starts the next immediately when one fails', async () => {
    await using manager = racing((address) => (address === 'sim:c' ? Promise.resolve() : refuse(address)))
    const won = await manager.dialFirst(['sim:a', 'pigeon:b', 'sim:c'], { handshake, staggerMs: 1_000_000 })
    assert.equal(won.address, 'sim:c')
    assert.deepEqual(
      won.failures.map(({ address, error }) => [address, error.code]),
      [
        ['sim:a', 'UNREACHABLE'],
        ['pigeon:b', 'NO_TRANSPORT'],
      ],
    )
  })

  it('lets the handshake decide, and destroys the streams of losers', async () => {
    await using manager = racing(async () => {})
    const won = await manager.dialFirst(['sim:a', 'sim:b', 'sim:c'], {
      staggerMs: 1,
      handshake: async (channel, { address, signal }) => {
        if (address === 'sim:a') throw new CausewayError('WRONG_PEER', 'Somebody else.')
        if (address === 'sim:b') await silence(signal)
        return handshake(channel)
      },
    })
    assert.equal(won.address, 'sim:c')
    assert.ok(streams.get('sim:a')!.destroyed)
    await new Promise((resolve) => setImmediate(resolve))
    assert.ok(streams.get('sim:b')!.destroyed)
    assert.equal(streams.get('sim:c')!.destroyed, false)
  })

  it('destroys a stream that opens after the race', async () => {
    let release = () => {}
    await using manager = racing((address) =>
      address === 'sim:a' ? new Promise((resolve) => (release = resolve)) : Promise.resolve(),
    )
    const won = await manager.dialFirst(['sim:a', 'sim:b'], { handshake, staggerMs: 1 })
    assert.equal(won.address, 'sim:b')
    release()
    await new Promise((resolve) => setImmediate(resolve))
    assert.ok(streams.get('sim:a')!.destroyed)
  })

  it('moves on when a stream ends during its handshake', async () => {
    await using manager = racing(async () => {})
    const won = await manager.dialFirst(['sim:a', 'sim:b'], {
      staggerMs: 1_000_000,
      handshake: (channel, { address }) => {
        if (address === 'sim:b') return handshake(channel)
        channel.stream.destroy(new Error('reset'))
        return new Promise<string>(() => {})
      },
    })
    assert.equal(won.failures[0]!.error.code, 'DISCONNECTED')
  })

  it('reports every address’s error when all fail', async () => {
    await using manager = racing(refuse)
    await assert.rejects(manager.dialFirst(['sim:a', 'sim:b'], { handshake }), (error: CausewayError) => {
      assert.equal(error.code, 'UNREACHABLE')
      assert.match(error.message, /sim:a: .*refused.*sim:b: .*refused/)
      assert.equal((error.cause as AggregateError).errors.length, 2)
      return true
    })
    await fails('NO_TRANSPORT', manager.dialFirst(['pigeon:a', 'pigeon:b'], { handshake }))
  })

  it('bounds each handshake in time', async () => {
    const asked: number[] = []
    const manager = new TransportManager({
      clock: {
        ...systemClock,
        setTimer(delayMs, run) {
          asked.push(delayMs)
          return firmClock.setTimer(0, run)
        },
      },
    })
    manager.register(stub('sim', 'sim:'))
    await fails('TIMEOUT', manager.dialFirst(['sim:a'], { handshake: () => new Promise(() => {}) }))
    assert.deepEqual(asked, [limits.dialHandshakeTimeoutMs])
    await manager.close()
  })

  it('can be cancelled, and bounds how many addresses it tries', async () => {
    await using manager = racing((_, signal) => silence(signal))
    const controller = new AbortController()
    const race = manager.dialFirst(['sim:a', 'sim:b'], { handshake, signal: controller.signal })
    controller.abort()
    await fails('CANCELLED', race)
    assert.ok(signals.get('sim:a')!.aborted)
    await fails('CANCELLED', manager.dialFirst(['sim:a'], { handshake, signal: AbortSignal.abort() }))
    await fails('INVALID_ARGUMENT', manager.dialFirst([], { handshake }))
    const many = Array.from({ length: limits.dialAddresses + 1 }, (_, index) => `sim:${index}`)
    await fails('LIMIT_EXCEEDED', manager.dialFirst(many, { handshake }))
  })
})
