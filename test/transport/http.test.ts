/** TCP and TLS: the contract, and their own features (certificates, wildcard addresses, the bound on sockets). */
import { strict as assert } from 'node:assert'
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { limits } from '../../src/base/limits.ts'
import { createHttpTransport, parseHttpAddress } from '../../src/transport/http.ts'
import { projectFile } from '../kit/project.ts'
import { fails, transportContract } from './contract.ts'
import { closed, echo, Inbox, openPair } from './streams.ts'

const fixture = (file: string) => readFileSync(projectFile(`test/transport/fixtures/${file}`), 'utf8')
/** Self-signed, for localhost and 127.0.0.1, and for a name that is not ours; both hold until 2125. */
const [key, cert] = [fixture('localhost.key'), fixture('localhost.crt')]
const [otherKey, otherCert] = [fixture('elsewhere.key'), fixture('elsewhere.crt')]

/** A port where nobody listens: one that was just free. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

transportContract('TCP', async () => ({
  server: createHttpTransport({ listen: { host: '127.0.0.1', port: 0 } }),
  client: createHttpTransport(),
  badAddresses: [
    'http://',
    'http://host:99999',
    'http://user@host',
    'http://host/path',
    'http://host:0',
    'http://h?q',
  ],
  refusedAddress: `http://127.0.0.1:${await freePort()}`,
}))

transportContract(
  'TLS',
  async () => ({
    server: createHttpTransport({ listen: { host: '127.0.0.1', port: 0, tls: { key, cert } } }),
    client: createHttpTransport({ tls: { ca: cert } }),
    badAddresses: ['https://', 'https://host:0'],
    refusedAddress: `https://127.0.0.1:${await freePort()}`,
  }),
  { sequential: 300 },
)

describe('TCP and TLS', () => {
  it('parse addresses', () => {
    assert.deepEqual(parseHttpAddress('http://[::1]:80'), { secure: false, host: '::1', port: 80 })
    assert.deepEqual(parseHttpAddress('https://example.org'), {
      secure: true,
      host: 'example.org',
      port: 443,
    })
  })

  it('refuse a certificate that is not trusted, or that names another host', async () => {
    const listen = { host: '127.0.0.1', port: 0 }
    const server = createHttpTransport({ listen: { ...listen, tls: { key, cert } } })
    const elsewhere = createHttpTransport({ listen: { ...listen, tls: { key: otherKey, cert: otherCert } } })
    const stranger = createHttpTransport()
    const trusting = createHttpTransport({ tls: { ca: [cert, otherCert] } })
    await server.listen(echo)
    await elsewhere.listen(echo)
    const [address] = server.addresses()
    await fails('WRONG_PEER', stranger.dial(address!))
    await fails('WRONG_PEER', trusting.dial(elsewhere.addresses()[0]!))
    const { stream } = await trusting.dial(address!.replace('127.0.0.1', 'localhost'))
    assert.equal((stream as unknown as { alpnProtocol: string }).alpnProtocol, 'h2')
    stream.destroy()
    await Promise.all([server, elsewhere, stranger, trusting].map((each) => each.close()))
  })

  it('name the server’s certificate on both sides, and loopback as what it is', async () => {
    const listen = { host: '127.0.0.1', port: 0 }
    for (const tls of [undefined, { key, cert }]) {
      const server = createHttpTransport({ listen: { ...listen, ...(tls && { tls }) } })
      const client = createHttpTransport({ tls: { ca: cert } })
      const inbox = new Inbox()
      await server.listen(inbox.accept)
      const outbound = await client.dial(server.addresses()[0]!)
      const inbound = await inbox.next()
      const hash = createHash('sha256').update(new X509Certificate(cert).raw).digest('hex')
      const expected = tls ? { kind: 'tls', certificate: hash } : { kind: 'local' }
      assert.deepEqual([outbound.protection, inbound.protection], [expected, expected])
      await Promise.all([server.close(), client.close()])
    }
  })

  it('name the server’s certificate when a client resumes its session', async () => {
    const server = createHttpTransport({ listen: { host: '127.0.0.1', port: 0, tls: { key, cert } } })
    const inbox = new Inbox()
    await server.listen(inbox.accept)
    const port = Number(new URL(server.addresses()[0]!).port)
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      let session: Buffer | undefined
      for (const resumes of [false, true]) {
        const socket = connectTls({
          port,
          host: '127.0.0.1',
          ca: cert,
          maxVersion,
          ...(session && { session }),
        })
        socket.on('error', () => {})
        const ticket = once(socket, 'session')
        await once(socket, 'secureConnect')
        assert.equal(socket.isSessionReused(), resumes)
        const { protection, stream } = await inbox.next()
        const certificate = createHash('sha256').update(new X509Certificate(cert).raw).digest('hex')
        assert.deepEqual(protection, { kind: 'tls', certificate })
        stream.write('x')
        socket.resume()
        if (!resumes) session = (await ticket)[0] as Buffer
      }
    }
    await server.close()
  })

  it('list the machine’s own addresses for a wildcard', async () => {
    const server = createHttpTransport({ listen: { host: '0.0.0.0', port: 0, insecure: true } })
    await server.listen(echo)
    for (const address of server.addresses()) assert.doesNotMatch(address, /0\.0\.0\.0|:0$/)
    assert.ok(server.addresses().length > 0)
    await server.close()
  })

  it('listen beyond this machine only with TLS, or if insecure is set', async () => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org', '127.0.0.1.example.org'])
      await fails('INVALID_ARGUMENT', createHttpTransport({ listen: { host, port: 0 } }).listen(echo))
    for (const listen of [
      { host: '127.0.0.1', port: 0 },
      { host: 'localhost', port: 0 },
      { host: '0.0.0.0', port: 0, insecure: true },
      { host: '0.0.0.0', port: 0, tls: { key, cert } },
    ]) {
      const server = createHttpTransport({ listen })
      await server.listen(echo)
      await server.close()
    }
  })

  it('report that the port is taken, and listen once it is free', async () => {
    const first = createHttpTransport({ listen: { host: '127.0.0.1', port: 0 } })
    await first.listen(echo)
    const port = Number(new URL(first.addresses()[0]!).port)
    const second = createHttpTransport({ listen: { host: '127.0.0.1', port } })
    await fails('BAD_ADDRESS', second.listen(echo))
    await first.close()
    await second.listen(echo)
    await second.close()
  })

  it('need an address to listen', async () => {
    const transport = createHttpTransport()
    await fails('INVALID_ARGUMENT', transport.listen(echo))
    await transport.close()
  })

  it('give up after the dial’s deadline', async () => {
    // A TLS client waits for a server that says nothing, and reads, since it would not see the end otherwise.
    const silent = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const timers: number[] = []
    const clock: Clock = {
      ...systemClock,
      setTimer(delayMs, run) {
        timers.push(delayMs)
        return systemClock.setTimer(0, run)
      },
    }
    const transport = createHttpTransport({ clock })
    await fails('TIMEOUT', transport.dial(`https://127.0.0.1:${(silent.address() as AddressInfo).port}`))
    assert.deepEqual(timers, [limits.dialTimeoutMs])
    await transport.close()
    await new Promise((resolve) => silent.close(resolve))
  })

  it('bound the sockets that others open', async () => {
    const server = createHttpTransport({ listen: { host: '127.0.0.1', port: 0 } })
    const inbox = new Inbox()
    await server.listen(inbox.accept)
    const port = Number(new URL(server.addresses()[0]!).port)
    const sockets: Socket[] = []
    while (sockets.length < limits.tcpInboundConnections) {
      sockets.push(connect({ port, host: '127.0.0.1' }))
      await inbox.next()
    }
    const refused = connect({ port, host: '127.0.0.1' }).on('error', () => {})
    refused.resume()
    await closed(refused)
    assert.equal(inbox.all.length, limits.tcpInboundConnections)
    sockets.pop()!.destroy()
    inbox.all.at(-1)!.stream.destroy()
    await closed(inbox.all.at(-1)!.stream)
    for (const socket of sockets) socket.on('error', () => {})
    await server.close()
    await Promise.all(sockets.map((socket) => closed(socket.resume())))
  })

  it('carry plain HTTP/1.1 too, since it is just bytes', async () => {
    const server = createHttpTransport({ listen: { host: '::1', port: 0 } })
    const client = createHttpTransport()
    const inbox = new Inbox()
    await server.listen(inbox.accept)
    const { near, far } = await openPair(client, inbox, server.addresses()[0]!)
    assert.match(far.remoteAddress, /^\[::1]:\d+$/)
    near.stream.destroy()
    await Promise.all([server.close(), client.close()])
  })
})
