/** A relay of one's own: whether an endpoint is connected to it is told truly, and peers reach each other through it. */
import { strict as assert } from 'node:assert'
import { afterEach, describe, it } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import type { CausewayError } from '../../../src/base/errors.ts'
import { createIdentity } from '../../../src/dag/identity.ts'
import { loadIroh, parseTicket } from '../../../src/transport/iroh/binding.ts'
import { createIrohTransport, type IrohTransportOptions } from '../../../src/transport/iroh/iroh.ts'
import type { Transport } from '../../../src/transport/transport.ts'
import { QuicRelay } from '../../kit/quic-relay.ts'
import { echo, readBytes } from '../streams.ts'

/** Looks twenty times as often. */
const impatient: Clock = {
  ...systemClock,
  setTimer: (delayMs, run) => systemClock.setTimer(delayMs / 20, run),
}

const iroh = await loadIroh()
const pathsOf = (address: string) => {
  const { native, relay } = parseTicket(iroh, address.slice('iroh:'.length))
  return { direct: native.directAddresses(), relay }
}

describe('An endpoint with a relay', () => {
  const open: Transport[] = []
  const make = (options: Partial<IrohTransportOptions>) => {
    const transport = createIrohTransport({
      ...{ identity: createIdentity(), bind: '127.0.0.1:0', clock: impatient, relay: 'off' },
      ...options,
    })
    open.push(transport)
    return transport
  }
  afterEach(async () => {
    await Promise.all(open.splice(0).map((transport) => transport.close()))
  })
  /** Waits until a transport says so of its relay. */
  const until = async (transport: Transport, connected: boolean) => {
    while (transport.relay!()?.connected !== connected) await wait(20)
  }

  it('says that it is connected once it is, with the token, and not any more once the relay is gone', async () => {
    const first = await QuicRelay.start()
    const { url, port } = first
    const server = make({ relay: [url], relayToken: 'secret' })
    assert.equal(server.relay!(), undefined)
    await server.listen(echo)
    await until(server, true)
    assert.equal(server.relay!()!.url, `${url}/`)
    assert.deepEqual([first.connected, first.tokens], [1, ['secret']])
    // It listens on this machine only, so from afar it is reached by the relay alone.
    assert.deepEqual(server.farAddresses!().map(pathsOf), [{ direct: [], relay: `${url}/` }])
    await first[Symbol.asyncDispose]()
    await until(server, false)
    assert.equal(server.relay!()!.url, `${url}/`, 'it is still chosen')
    assert.deepEqual(server.farAddresses!(), [])
    await using _again = await QuicRelay.start(port)
    await until(server, true)
    assert.equal(server.farAddresses!().length, 1)
  })

  it('is reached through it by a peer that uses it, and a peer that uses none is told of it', async () => {
    await using relay = await QuicRelay.start()
    const server = make({ relay: [relay.url] })
    await server.listen(echo)
    await until(server, true)
    const [far] = server.farAddresses!() as [string]
    const client = make({ relay: [relay.url] })
    const { stream, path } = await client.dial(far)
    stream.write('ping')
    assert.equal((await readBytes(stream, 4)).toString(), 'ping')
    assert.ok(relay.forwarded > 0)
    assert.notEqual(path!()?.kind, undefined)
    await assert.rejects(make({}).dial(far), ({ message, data }: CausewayError) => {
      assert.match(message, /names the relay http:.*choose it with --relay/)
      return data.relay === `${relay.url}/`
    })
  })

  it('has no relay to tell of if it uses none', async () => {
    const server = make({})
    await server.listen(echo)
    assert.deepEqual([server.relay!(), server.farAddresses!()], [undefined, []])
  })
})
