/** The QUIC transport: the contract, and its own features (proof of the peer, pooling, silence, a missing package). */
import { strict as assert } from 'node:assert'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, describe, it } from 'node:test'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import type { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { createIdentity } from '../../../src/dag/identity.ts'
import {
  bindEndpoint,
  formatTicket,
  loadIroh,
  parseTicket,
  type QuicConnection,
  type QuicEndpoint,
} from '../../../src/transport/iroh/binding.ts'
import { createIrohTransport, type IrohTransportOptions } from '../../../src/transport/iroh/iroh.ts'
import type { Transport } from '../../../src/transport/transport.ts'
import { limited } from '../../kit/limited.ts'
import { testModule } from '../../kit/project.ts'
import { fails, transportContract } from '../contract.ts'
import { closed, echo, footprint, Inbox, openPair, readAll, readBytes, until } from '../streams.ts'

const local = { bind: '127.0.0.1:0', relay: 'off' } as const
const iroh = await loadIroh()
const nowhere = () => `iroh:${formatTicket(iroh, createIdentity().peer, { direct: ['127.0.0.1:9'] })}`

/** Ten times sooner, for what waits without a signal from outside. */
const impatient: Clock = {
  ...systemClock,
  monotonic: () => 10 * systemClock.monotonic(),
  setTimer: (delayMs, run) => systemClock.setTimer(delayMs / 10, run),
}

/** Nothing answers at a UDP port where nobody listens; only that deadline comes sooner. */
const hasty: Clock = {
  ...systemClock,
  setTimer: (delayMs, run) => systemClock.setTimer(delayMs === limits.dialTimeoutMs ? 1_000 : delayMs, run),
}

const peers = { server: createIdentity(), client: createIdentity() }
transportContract('QUIC', () => ({
  server: createIrohTransport({ ...local, identity: peers.server }),
  client: createIrohTransport({ ...local, identity: peers.client, clock: hasty }),
  badAddresses: ['iroh:', 'iroh:endpoint', 'iroh:endpointabc', 'iroh:http://127.0.0.1'],
  refusedAddress: nowhere(),
  peers: { server: peers.server.peer, client: peers.client.peer },
  pooled: true,
}))

describe('QUIC', () => {
  const transports: Transport[] = []
  const children: ChildProcess[] = []
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await Promise.all(transports.splice(0).map((transport) => transport.close()))
  })

  function make(options: Partial<IrohTransportOptions> = {}): Transport {
    const transport = createIrohTransport({ ...local, identity: createIdentity(), ...options })
    transports.push(transport)
    return transport
  }

  async function roundTrip(transport: Transport, address: string): Promise<void> {
    const { stream } = await transport.dial(address)
    stream.end('ping')
    assert.equal((await readAll(stream)).toString(), 'ping')
    await closed(stream)
  }

  it('uses the node’s key, and makes tickets that other programs can read', async () => {
    const identity = createIdentity()
    const server = make({ identity })
    await server.listen(echo)
    const [address] = server.addresses()
    assert.match(address!, /^iroh:endpoint[a-z2-7]+$/)
    const ticket = iroh.EndpointTicket.fromString(address!.slice(5)).endpointAddr()
    assert.equal(ticket.id().toString(), identity.peer)
    for (const direct of ticket.directAddresses()) assert.match(direct, /^(127\.0\.0\.1|\[::1]):/)
  })

  it('refuses another node that answers at a peer’s address', async () => {
    const server = make()
    await server.listen(echo)
    const real = iroh.EndpointTicket.fromString(server.addresses()[0]!.slice(5)).endpointAddr()
    const forged = formatTicket(iroh, createIdentity().peer, { direct: real.directAddresses() })
    const client = make()
    await assert.rejects(client.dial(`iroh:${forged}`), (error: CausewayError) => {
      assert.equal(error.code, 'WRONG_PEER')
      assert.match(error.message, /another node answered/)
      assert.doesNotMatch(error.message, /\.rs|backtrace/i)
      return true
    })
    await roundTrip(client, server.addresses()[0]!)
  })

  it('does not dial itself', async () => {
    const node = make()
    await node.listen(echo)
    await fails('BAD_ADDRESS', node.dial(node.addresses()[0]!))
  })

  it('refuses a dial immediately while the remote is not listening', async () => {
    const server = make()
    await server.listen(echo)
    const [address] = server.addresses()
    await server.stop()
    await fails('UNREACHABLE', make().dial(address!))
    await server.listen(echo)
    await roundTrip(make(), server.addresses()[0]!)
  })

  it('opens all streams to a peer on one connection', async () => {
    const server = make()
    const inbox = new Inbox()
    await server.listen(inbox.accept)
    const client = make()
    const pairs = []
    for (let index = 0; index < 5; index++) pairs.push(await openPair(client, inbox, server.addresses()[0]!))
    assert.equal(new Set(pairs.map(({ far }) => far.remoteAddress)).size, 1)
  })

  it('reports the path of its bytes', async () => {
    const server = make()
    const inbox = new Inbox()
    await server.listen(inbox.accept)
    const { near, far } = await openPair(make(), inbox, server.addresses()[0]!)
    near.stream.end(randomBytes(100_000))
    await readAll(far.stream)
    const path = near.path!()!
    assert.equal(path.kind, 'direct')
    assert.ok(path.roundTripMs! >= 0)
    assert.ok(path.bytesSent! > 100_000 && path.bytesReceived! > 0)
    assert.ok(far.path!()!.bytesReceived! > 100_000)
  })

  it('counts the bytes of a channel from its own beginning', async () => {
    const server = make()
    const inbox = new Inbox()
    await server.listen(inbox.accept)
    const client = make()
    const first = await openPair(client, inbox, server.addresses()[0]!)
    first.near.stream.end(randomBytes(100_000))
    await readAll(first.far.stream)
    const second = await openPair(client, inbox, server.addresses()[0]!)
    assert.ok(second.near.path!()!.bytesSent! < 50_000)
    assert.ok(second.far.path!()!.bytesReceived! < 50_000)
  })

  it('keeps a connection while it has streams, and closes an idle one', async () => {
    const server = await bindEndpoint(iroh, { ...local, seed: createIdentity().seed })
    server.allowInbound()
    const idleTimeoutMs = 20
    let looks = 0
    const clock: Clock = {
      ...systemClock,
      setTimer(delayMs, run) {
        if (delayMs === idleTimeoutMs) looks++
        return systemClock.setTimer(delayMs, run)
      },
    }
    const client = make({ idleTimeoutMs, clock })
    const dialling = client.dial(`iroh:${server.ticket(server.paths())}`)
    const connection = await (await server.accept())!.admit()
    let ended = false
    void connection.closed.then(() => {
      ended = true
    })
    const { stream } = await dialling
    stream.end('ping')
    const far = (await connection.acceptStream())!
    await readAll(far)
    await until(() => looks > 5)
    assert.equal(ended, false)
    far.end()
    await readAll(stream)
    assert.match(await connection.closed, /DISCONNECTED/)
    await server.close()
  })

  it('survives garbage collection in the middle', async () => {
    const server = make()
    await server.listen(echo)
    const { stream } = await make().dial(server.addresses()[0]!)
    const bytes = randomBytes(600_000)
    stream.end(bytes)
    const parts: Buffer[] = []
    for (let length = 0; length < bytes.length; ) {
      const part = await readBytes(stream, Math.min(60_000, bytes.length - length))
      parts.push(part)
      length += part.length
      await footprint()
    }
    assert.ok(Buffer.concat(parts).equals(bytes))
  })

  it('serves its own network while its relay cannot be reached', async () => {
    const server = make({ relay: ['http://127.0.0.1:9'], clock: impatient })
    await server.listen(echo)
    assert.ok(server.addresses()[0]!.startsWith('iroh:endpoint'))
    await roundTrip(make(), server.addresses()[0]!)
  })

  it('names the package to install when it is missing', async () => {
    const transport = make({
      load: () =>
        loadIroh(() =>
          Promise.reject(Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' })),
        ),
    })
    assert.equal(transport.canHandleAddress('iroh:endpointx'), true)
    await assert.rejects(transport.dial(nowhere()), {
      code: 'NO_TRANSPORT',
      message: /npm install @number0\/iroh/,
    })
    await fails('NO_TRANSPORT', transport.listen(echo))
    await fails('NOT_STARTED', transport.stop())
  })

  it('reports that a port is taken', async () => {
    const first = make()
    await first.listen(echo)
    const direct = iroh.EndpointTicket.fromString(first.addresses()[0]!.slice(5))
      .endpointAddr()
      .directAddresses()
    const bind = direct.find((each) => each.startsWith('127.'))!
    await fails('BAD_ADDRESS', make({ bind }).listen(echo))
  })

  it('bounds inbound connections: the oldest of an unknown peer makes room', async () => {
    using _ = limited({ irohConnections: 8 })
    const [friend, stranger] = [createIdentity(), createIdentity()]
    const server = make({ isKnown: (peer) => peer === friend.peer })
    await server.listen(echo)
    const target = parseTicket(iroh, server.addresses()[0]!.slice(5))
    const [known, unknown] = await Promise.all(
      [friend, stranger].map(({ seed }) => bindEndpoint(iroh, { ...local, seed })),
    )
    /** Waits until the server has the connection too, which else may come to it later than the next one. */
    const connect = async (endpoint: QuicEndpoint) => {
      const connection = await endpoint.connect(target)
      const stream = await connection.openStream()
      stream.end('ping')
      await readAll(stream)
      return connection
    }
    const first = await connect(known!)
    const connections: QuicConnection[] = []
    while (connections.length < limits.irohConnections - 1) connections.push(await connect(unknown!))
    // Not with a round trip: the server ends the oldest as it takes the newest.
    connections.push(await unknown!.connect(target))
    await connections[0]!.closed
    const last = await known!.connect(target)
    await connections[1]!.closed
    assert.deepEqual(
      [first, last, ...connections.slice(2)].filter((connection) => connection.ended()),
      [],
    )
    await Promise.all([known!.close(), unknown!.close()])
  })

  it('bounds the inbound connections of one peer: its own oldest makes room', async () => {
    using _ = limited({ irohConnectionsPerPeer: 2 })
    const server = make({ isKnown: () => true })
    await server.listen(echo)
    const target = parseTicket(iroh, server.addresses()[0]!.slice(5))
    const [one, other] = await Promise.all(
      [1, 2].map(() => bindEndpoint(iroh, { ...local, seed: createIdentity().seed })),
    )
    const beside = await other!.connect(target)
    const connections: QuicConnection[] = []
    while (connections.length < 4) connections.push(await one!.connect(target))
    await Promise.all(connections.slice(0, 2).map((connection) => connection.closed))
    assert.deepEqual(
      [beside, ...connections.slice(2)].map((connection) => connection.ended()),
      [false, false, false],
    )
    await Promise.all([one!.close(), other!.close()])
  })

  it('lets a newcomer in even if all connections are of known peers', async () => {
    using _ = limited({ irohConnections: 2 })
    const server = make({ isKnown: () => true })
    await server.listen(echo)
    const target = parseTicket(iroh, server.addresses()[0]!.slice(5))
    const [one, other] = await Promise.all(
      [1, 2].map(() => bindEndpoint(iroh, { ...local, seed: createIdentity().seed })),
    )
    const connections = [await one!.connect(target), await one!.connect(target)]
    const late = await other!.connect(target)
    await connections[0]!.closed
    assert.deepEqual([connections[1]!.ended(), late.ended()], [false, false])
    await Promise.all([one!.close(), other!.close()])
  })

  it('bounds the streams of a connection', async () => {
    const server = make()
    const inbox = new Inbox()
    await server.listen(inbox.accept)
    const [address] = server.addresses()
    const client = await bindEndpoint(iroh, { ...local, seed: createIdentity().seed })
    const connection = await client.connect(parseTicket(iroh, address!.slice(5)))
    /** Round trips with somebody else: long enough for what could happen to have happened. */
    const beside = make()
    const witness = await openPair(beside, inbox, address!)
    echo(witness.far)
    const someRoundTrips = async () => {
      for (let index = 0; index < 20; index++) {
        witness.near.stream.write('ping')
        await readBytes(witness.near.stream, 4)
      }
    }

    const streams = []
    while (streams.length < limits.irohStreamsPerConnection) {
      const stream = await connection.openStream()
      stream.write('.')
      streams.push({ near: stream, far: (await inbox.next()).stream })
    }
    let opened = false
    const opening = connection.openStream().then((stream) => {
      opened = true
      return stream
    })
    await someRoundTrips()
    assert.equal(opened, false)
    // The binding gives room back once an eighth of it is free.
    for (const { near, far } of streams.splice(limits.irohStreamsPerConnection * 0.8)) {
      near.end()
      far.resume().end()
      await readAll(near)
    }
    ;(await opening).destroy()

    connection.close('enough')
    for (const { near } of streams) near.destroy()
    await client.close()
  })

  for (const signal of ['SIGSTOP', 'SIGKILL'] as const)
    it(`notices ${signal} of the remote in the middle, and reaches the next one`, async () => {
      const seed = randomBytes(32).toString('hex')
      const first = await start(seed, '127.0.0.1:0')
      const client = make({ silenceTimeoutMs: 1_000 })
      const { stream } = await client.dial(first.address)
      stream.write('ping')
      await readBytes(stream, 4)
      first.child.kill(signal)
      const lost = once(stream, 'error') as Promise<[CausewayError]>
      stream.resume()
      await closed(stream)
      assert.equal((await lost)[0].code, 'TIMEOUT')
      const second = await start(seed, '127.0.0.1:0')
      await roundTrip(client, second.address)
    })

  it('does not reuse the idle connection of a remote that was killed', async () => {
    const seed = randomBytes(32).toString('hex')
    const first = await start(seed, '127.0.0.1:0')
    let skippedMs = 0
    const client = make({ clock: { ...systemClock, monotonic: () => systemClock.monotonic() + skippedMs } })
    await roundTrip(client, first.address)
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    skippedMs = limits.irohFreshMs
    const second = await start(seed, '127.0.0.1:0')
    await roundTrip(client, second.address)
  })

  async function start(seed: string, bind: string): Promise<{ child: ChildProcess; address: string }> {
    const child = fork(testModule('test/transport/iroh/quic-echo.ts'), [seed, bind])
    children.push(child)
    const [address] = await once(child, 'message')
    return { child, address: address as string }
  }
})
