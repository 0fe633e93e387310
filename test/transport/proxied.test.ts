/** Connections through trusted proxies: the PROXY protocol says from where they come, and only trusted proxies can. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import { CausewayError } from '../../src/base/errors.ts'
import { limits } from '../../src/base/limits.ts'
import { createNode } from '../../src/node/node.ts'
import type { CallReport } from '../../src/rpc/server/observe.ts'
import { parseProxyHeader, TrustedProxies } from '../../src/transport/proxied.ts'
import { limited } from '../kit/limited.ts'
import { projectFile } from '../kit/project.ts'

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')
const request = [
  'POST /causeway.v1.NodeService/GetNode HTTP/1.1',
  ...[
    'Host: localhost',
    'Content-Type: application/json',
    'Content-Length: 2',
    'Connection: close',
    '',
    '{}',
  ],
].join('\r\n')

function binary(host: readonly number[], port: number, command = 0x21, extra = 0): Buffer {
  const addresses = Buffer.alloc(12 + extra)
  addresses.set(host)
  addresses.writeUInt16BE(port, 8)
  const head = Buffer.from([command, 0x11, 0, 0])
  head.writeUInt16BE(addresses.length, 2)
  return Buffer.concat([signature, head, addresses])
}

const line = (source: string, port = 4_000) => Buffer.from(`PROXY TCP4 ${source} 192.0.2.1 ${port} 443\r\n`)

/** Sends these pieces, one after the other, and returns what comes back until the end. */
async function answered(socket: Socket, pieces: readonly (string | Buffer)[]): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => (text += chunk)).on('error', () => {})
  const closed = once(socket, 'close')
  for (const piece of pieces) await new Promise((resolve) => socket.write(piece, resolve))
  await closed
  return text
}

const serving = (trustedProxies: readonly string[], tls?: { cert: Buffer; key: Buffer }) =>
  createNode({ http: { host: '127.0.0.1', port: 0, trustedProxies, ...(tls && { tls }) }, background: false })

const portOf = (address: string | undefined) => Number(new URL(address!).port)

describe('A header of the PROXY protocol', () => {
  it('is read however it is cut, and leaves what follows', () => {
    const headers = [
      [line('203.0.113.7'), '203.0.113.7:4000'],
      [Buffer.from('PROXY TCP6 2001:db8::1 2001:db8::2 5 6\r\n'), '[2001:db8::1]:5'],
      [Buffer.from('PROXY UNKNOWN\r\n'), undefined],
      [binary([203, 0, 113, 9], 77), '203.0.113.9:77'],
      [binary([203, 0, 113, 9], 77, 0x21, 40), '203.0.113.9:77'],
      [binary([203, 0, 113, 9], 77, 0x20), undefined],
    ] as const
    for (const [header, source] of headers) {
      for (let length = 0; length < header.length; length++)
        assert.equal(parseProxyHeader(header.subarray(0, length)), undefined, `${header} cut at ${length}`)
      const whole = parseProxyHeader(Buffer.concat([header, Buffer.from('rest')]))
      assert.deepEqual(whole, { source, length: header.length })
    }
  })

  it('of any bytes is read, refused or awaited, and awaited only within its bounds', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('', 'PROXY ', 'PROXY TCP4 '),
        (tail, head) => {
          const bytes = Buffer.concat([Buffer.from(head), tail])
          try {
            const header = parseProxyHeader(bytes)
            if (header === undefined) assert.ok(bytes.length < limits.proxyLineBytes || bytes[0] === 13)
          } catch (error) {
            assert.ok(error instanceof CausewayError && error.code === 'PROTOCOL')
          }
        },
      ),
    )
    const long = binary([1, 2, 3, 4], 5)
    long.writeUInt16BE(limits.proxyHeaderBytes + 1, 14)
    assert.throws(() => parseProxyHeader(long), { code: 'PROTOCOL' })
    assert.throws(() => parseProxyHeader(Buffer.from(`PROXY ${'x'.repeat(limits.proxyLineBytes)}`)), {
      code: 'PROTOCOL',
    })
  })

  it('names networks that there are', () => {
    for (const wrong of ['10.0.0.0/33', 'proxy', '10.0.0.0/8/8', '::/129', '1.2.3.4/-1', ''])
      assert.throws(() => new TrustedProxies([wrong]), { code: 'INVALID_ARGUMENT' }, wrong)
    new TrustedProxies(['10.0.0.0/8', '::1', '2001:db8::/32', '127.0.0.1'])
  })
})

describe('A node behind a trusted proxy', () => {
  for (const secure of [false, true])
    it(`sees from where a call comes, over ${secure ? 'TLS' : 'TCP'}, in pieces`, async () => {
      const read = (name: string) => readFileSync(projectFile(`test/kit/fixtures/${name}`))
      const tls = secure ? { cert: read('localhost.crt'), key: read('localhost.key') } : undefined
      await using node = await serving(['127.0.0.0/8'], tls)
      await node.listen()
      const calls: CallReport[] = []
      node.on('call', (call) => calls.push(call))
      const port = portOf(node.addresses()[0])
      for (const header of [line('203.0.113.7'), binary([203, 0, 113, 8], 4_000)]) {
        const socket = connect({ host: '127.0.0.1', port, noDelay: true })
        await once(socket, 'connect')
        if (!secure)
          await answered(socket, [
            header.subarray(0, 3),
            header.subarray(3, 20),
            Buffer.concat([header.subarray(20), Buffer.from(request)]),
          ])
        else {
          await new Promise((resolve) => socket.write(header, resolve))
          await answered(connectTls({ socket, rejectUnauthorized: false }), [request])
        }
      }
      assert.deepEqual(
        calls.map(({ remoteAddress }) => remoteAddress),
        ['203.0.113.7:4000', '203.0.113.8:4000'],
      )
    })

  it('bounds the connections of each origin behind it', async () => {
    using _ = limited({ connectionsPerOrigin: 1 })
    await using node = await serving(['127.0.0.1'])
    await node.listen()
    const port = portOf(node.addresses()[0])
    const open = async (source: string) => {
      const socket = connect({ host: '127.0.0.1', port }).on('error', () => {})
      await once(socket, 'connect')
      await new Promise((resolve) =>
        socket.write(Buffer.concat([line(source), Buffer.from(request.replace('{}', ''))]), resolve),
      )
      return socket
    }
    const first = await open('203.0.113.7')
    const same = await open('203.0.113.7')
    await once(same, 'close')
    const other = await open('203.0.113.8')
    other.write('{}')
    const [answer] = (await once(other, 'data')) as [Buffer]
    assert.match(String(answer), /^HTTP\/1\.1 401 /)
    first.destroy()
    other.destroy()
  })

  it('closes a connection of the proxy that has no header', async () => {
    await using node = await serving(['127.0.0.1'])
    await node.listen()
    const socket = connect({ host: '127.0.0.1', port: portOf(node.addresses()[0]) })
    assert.equal(await answered(socket, [request]), '')
  })
})

it('who is no trusted proxy cannot say from where it comes', async () => {
  await using node = await serving(['192.0.2.0/24'])
  await node.listen()
  const calls: CallReport[] = []
  node.on('call', (call) => calls.push(call))
  const socket = connect({ host: '127.0.0.1', port: portOf(node.addresses()[0]) })
  await answered(socket, [Buffer.concat([line('203.0.113.7'), Buffer.from(request)])])
  assert.deepEqual(calls, [])
})
