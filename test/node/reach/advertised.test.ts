/** What an operator may advertise, and where it shows: first in the addresses and in tickets. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { createNode } from '../../../src/node/node.ts'
import { parseAdvertised } from '../../../src/node/reach/advertised.ts'
import { parseTicket } from '../../../src/peer/ticket.ts'
import { loadIroh, parseTicket as parseEndpoint } from '../../../src/transport/iroh/binding.ts'

describe('An advertised address', () => {
  it('is one of HTTP or a socket of QUIC', () => {
    const http = [
      'http://node.example:8080',
      'https://node.example',
      'http://10.0.0.1:80',
      'http://[2001:db8::1]:80',
    ]
    const quic = ['203.0.113.5:4433', '[2001:db8::1]:4433', '10.0.0.1:1']
    assert.deepEqual(parseAdvertised([...http, ...quic.map((socket) => `quic:${socket}`)]), { http, quic })
    for (const bad of [
      ...[
        '',
        'node.example:80',
        'ftp://a',
        'http://a/path',
        'http://0.0.0.0:80',
        'quic:node.example:1',
        'quic:1.2.3.4',
      ],
      ...[
        'quic:1.2.3.4:0',
        'quic:1.2.3.4:65536',
        'quic:224.0.0.1:1',
        'iroh:endpointx',
        `http://${'a'.repeat(2_000)}`,
      ],
    ])
      assert.throws(() => parseAdvertised([bad]), { code: 'INVALID_ARGUMENT' }, bad)
    const many = Array.from({ length: limits.advertised + 1 }, (_, index) => `http://h${index}.example`)
    assert.throws(() => parseAdvertised(many), { code: 'LIMIT_EXCEEDED' })
  })

  it('is what a ticket names, of a node that listens on this machine only', async () => {
    await using node = await createNode({
      background: false,
      http: { host: '127.0.0.1', port: 0 },
      quic: { listen: true, bind: '127.0.0.1:0' },
      advertise: ['https://node.example', 'quic:203.0.113.5:4433'],
    })
    await node.listen()
    const tree = await node.createTree('notes')
    assert.equal(node.addresses()[0], 'https://node.example')
    assert.equal(node.reach.problem(), undefined)
    const [http, iroh, ...others] = parseTicket(node.createTicket(tree)).addresses
    assert.deepEqual([http, others], ['https://node.example', []])
    const binding = await loadIroh()
    const sockets = (address: string) =>
      parseEndpoint(binding, address.slice('iroh:'.length)).native.directAddresses()
    assert.deepEqual(sockets(iroh!), ['203.0.113.5:4433'])
    const all = parseTicket(node.createTicket(tree, { lan: true })).addresses
    assert.ok(sockets(all.at(-1)!).some((socket) => socket.startsWith('127.0.0.1:')))
    assert.equal(all.length, 3)
  })
})
