/** Requests through trusted proxies of HTTP: one header says from where they come, and only trusted proxies can. */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../src/base/limits.ts'
import { createNode } from '../../src/node/node.ts'
import type { CallReport } from '../../src/rpc/server/observe.ts'
import { forwardedSource, type ProxySends } from '../../src/transport/forwarded.ts'
import { limited } from '../kit/limited.ts'

const isTrusted = (address: string) => address.startsWith('10.')
const chain = (text: string) => forwardedSource({ 'x-forwarded-for': text }, 'x-forwarded-for', isTrusted)
const forwarded = (text: string) => forwardedSource({ forwarded: text }, 'forwarded', isTrusted)

describe('The source of a request', () => {
  it('is the last address that is no trusted proxy', () => {
    assert.equal(chain('203.0.113.7'), '203.0.113.7:0')
    assert.equal(chain('198.51.100.1, 203.0.113.7, 10.0.0.2,10.0.0.3'), '203.0.113.7:0')
    assert.equal(chain('203.0.113.7:4000'), '203.0.113.7:4000')
    assert.equal(chain('2001:db8::1'), '[2001:db8::1]:0')
    assert.equal(chain('::ffff:203.0.113.7'), '203.0.113.7:0')
    assert.equal(forwarded('for=198.51.100.1, for=203.0.113.7;proto=https, for=10.0.0.2'), '203.0.113.7:0')
    assert.equal(forwarded('proto=https;By=10.0.0.1;For="[2001:db8::1]:4711"'), '[2001:db8::1]:4711')
  })

  it('is the first proxy if all are trusted, and unknown where a proxy names no address', () => {
    assert.equal(chain('10.0.0.1, 10.0.0.2'), '10.0.0.1:0')
    assert.equal(chain('203.0.113.7, unknown, 10.0.0.2'), '10.0.0.2:0')
    for (const text of ['', 'unknown', '203.0.113.7, _hidden', '1.2.3.4.5', '[::1'])
      assert.equal(chain(text), undefined, text)
    for (const text of ['', 'for=_hidden', 'by=203.0.113.7', '203.0.113.7', 'for=203.0.113.7;x'])
      assert.ok(forwarded(text) === undefined || text.endsWith(';x'), text)
    assert.equal(forwardedSource({}, 'forwarded', isTrusted), undefined)
  })

  it('of a chain without end is sought in its last addresses alone', () => {
    const proxies = Array(limits.forwardedHops).fill('10.0.0.9')
    assert.equal(chain(['203.0.113.7', ...proxies.slice(1)].join()), '203.0.113.7:0')
    assert.equal(chain(['203.0.113.7', ...proxies].join()), '10.0.0.9:0')
  })

  it('of any text is an address or unknown', () => {
    const part = fc.oneof(fc.string(), fc.constantFrom('for=', '10.0.0.1', '"[::1]:5"', ',', ';', '::1'))
    fc.assert(
      fc.property(
        fc.array(part).map((parts) => parts.join('')),
        (text) => {
          for (const source of [chain(text), forwarded(text)])
            assert.match(source ?? '1.1.1.1:1', /^(\[[\da-f:.]+\]|[\d.]+):\d{1,5}$/i)
        },
      ),
    )
  })
})

/** Makes a call with these headers and returns the status. */
async function call(port: number, ...headers: string[]): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port })
  let text = ''
  socket.on('data', (chunk) => (text += chunk))
  const body = ['Content-Type: application/json', 'Content-Length: 2', 'Connection: close', '', '{}']
  const first = ['POST /causeway.v1.NodeService/GetNode HTTP/1.1', 'Host: localhost', ...headers]
  socket.write([...first, ...body].join('\r\n'))
  await once(socket, 'close')
  return Number(text.split(' ')[1])
}

async function serving(proxySends: ProxySends, trustedProxies = ['127.0.0.1']) {
  const node = await createNode({
    http: { host: '127.0.0.1', port: 0, trustedProxies, proxySends },
    background: false,
  })
  await node.listen()
  const calls: CallReport[] = []
  node.on('call', (report) => calls.push(report))
  return { node, calls, port: Number(new URL(node.addresses()[0]!).port) }
}

describe('A node behind a proxy that sends a header', () => {
  for (const [sends, header] of [
    ['x-forwarded-for', 'X-Forwarded-For: 198.51.100.1, 203.0.113.7'],
    ['forwarded', 'Forwarded: for=198.51.100.1, for=203.0.113.7'],
  ] as const)
    it(`sees from where a call comes, by ${sends} alone`, async () => {
      const { node, calls, port } = await serving(sends)
      await using _ = node
      // A proxy passes on the header that it does not set: whoever calls could have written it.
      const other = sends === 'forwarded' ? 'X-Forwarded-For: 192.0.2.66' : 'Forwarded: for=192.0.2.66'
      await call(port, header, other)
      await call(port, other)
      assert.equal(calls[0]!.remoteAddress, '203.0.113.7:0')
      assert.match(calls[1]!.remoteAddress, /^127\.0\.0\.1:/)
    })

  it('ignores the header of anybody else', async () => {
    const { node, calls, port } = await serving('x-forwarded-for', ['10.0.0.1'])
    await using _ = node
    await call(port, 'X-Forwarded-For: 203.0.113.7')
    assert.match(calls[0]!.remoteAddress, /^127\.0\.0\.1:/)
  })

  it('bounds each stranger behind it alone, and goes on to hear the proxy', async () => {
    using _ = limited({
      strangerRequestBurst: 2,
      strangerRequestsPerSecond: 0.001,
      refusalsPerConnection: 1,
      connectionsPerOrigin: 1,
    })
    const { node, calls, port } = await serving('x-forwarded-for')
    await using __ = node
    const from = (host: number) => call(port, `X-Forwarded-For: 203.0.113.${host}`)
    const noisy = [await from(1), await from(1), await from(1)]
    assert.deepEqual([noisy.at(-1), noisy.filter((status) => status === 429).length], [429, 1])
    assert.notEqual(await from(2), 429)
    assert.deepEqual(
      new Set(calls.map(({ remoteAddress }) => remoteAddress)),
      new Set(['203.0.113.1:0', '203.0.113.2:0']),
    )
  })
})
