/** What the page says of the place of a peer, judged by its address. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { reachOf } from '../src/views/network/reach.ts'

describe('The place of an address', () => {
  it('is this machine, its network, or beyond', () => {
    const places = {
      machine: [
        '127.0.0.1:80',
        'http://127.3.2.1:29292',
        '[::1]:5',
        '::1',
        'localhost:1',
        '::ffff:127.0.0.1',
      ],
      network: [
        ...['http://10.1.2.3:4', '192.168.0.9:4', '172.16.0.1', '172.31.9.9:1', '169.254.1.1', '100.64.0.1'],
        ...['[fd00::1]:4', 'fe80::1%eth0', 'https://[fe80::2]:4/x', '[::ffff:192.168.1.1]:4'],
      ],
      beyond: [
        ...['http://1.2.3.4:5', '172.32.0.1:1', '100.128.0.1', '[2001:db8::1]:4', 'fdic.example:4'],
        ...['10.example:1', 'iroh:abcdef', '', 'local'],
      ],
    }
    for (const [reach, addresses] of Object.entries(places))
      for (const address of addresses) assert.equal(reachOf(address), reach, address)
  })
})
