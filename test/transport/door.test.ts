/** The door: bounds connections of one origin, at once and per second, over TCP and TLS, before anything is read. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { connect } from 'node:net'
import { it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import { Door } from '../../src/transport/door.ts'
import { createHttpTransport } from '../../src/transport/http.ts'
import { limited } from '../kit/limited.ts'
import { testCertificate } from '../kit/serving-node.ts'
import { until } from '../kit/until.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

it('bounds the open connections of one origin, and not those of others', async () => {
  const clock = new VirtualClock()
  const door = new Door(clock)
  const leave: (() => void)[] = []
  for (let count = 0; count < limits.connectionsPerOrigin; count++)
    leave.push(door.enter(`192.0.2.1:${count}`)!)
  await clock.advance(60_000)
  assert.equal(door.enter('192.0.2.1:9999'), undefined)
  assert.ok(door.enter('192.0.2.2:1'))
  leave[0]!()
  assert.ok(door.enter('192.0.2.1:9999'))
  assert.equal(door.enter('192.0.2.1:9998'), undefined)
})

it('bounds the connections per second', async () => {
  const clock = new VirtualClock()
  const door = new Door(clock)
  const come = () => {
    const leave = door.enter('192.0.2.1:1')
    leave?.()
    return leave !== undefined
  }
  for (let count = 0; count < limits.connectionBurst; count++) assert.ok(come())
  assert.ok(!come())
  await clock.advance(1000)
  for (let count = 0; count < limits.connectionsPerSecond; count++) assert.ok(come())
  assert.ok(!come())
})

it('admits this machine without bound, since a proxy’s connections come from it', () => {
  const door = new Door(new VirtualClock())
  for (let count = 0; count < 2 * limits.connectionsPerOrigin; count++) assert.ok(door.enter('127.0.0.1:1'))
})

for (const tls of [undefined, testCertificate])
  it(`refuses before anything is read, over ${tls ? 'TLS' : 'TCP'}`, async () => {
    const door = { enter: (address: string) => (address.startsWith('127.0.0.2') ? undefined : () => {}) }
    const server = createHttpTransport({
      listen: { host: '127.0.0.1', port: 0, ...(tls && { tls }) },
      door: door as Door,
    })
    let accepted = 0
    await server.listen(({ stream }) => {
      accepted++
      stream.destroy()
    })
    const { port } = new URL(server.addresses()[0]!)
    const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress: '127.0.0.2' })
    socket.on('error', () => {}).resume()
    await once(socket, 'close')
    assert.equal(accepted, 0)
    await server.close()
  })

it('lets a connection over TLS in while others fill all places with handshakes that they do not finish', async () => {
  using _ = limited({ tcpInboundConnections: 4 })
  const server = createHttpTransport({ listen: { host: '127.0.0.1', port: 0, tls: testCertificate } })
  let accepted = 0
  await server.listen(({ stream }) => {
    accepted++
    stream.on('error', () => {})
  })
  const { port } = new URL(server.addresses()[0]!)
  const silent = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress: '127.0.0.2' })
      socket.on('error', () => {}).resume()
      await once(socket, 'connect')
      return socket
    }),
  )
  const dialer = createHttpTransport({ tls: { ca: testCertificate.cert } })
  const { stream } = await dialer.dial(server.addresses()[0]!)
  await until('it is accepted', () => accepted === 1)
  await Promise.all(silent.slice(0, 8).map((socket) => socket.closed || once(socket, 'close')))
  assert.equal(stream.destroyed, false)
  await Promise.all([dialer.close(), server.close()])
})
