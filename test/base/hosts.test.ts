/** From where a host can be reached, by its name or address alone. */
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { reachOf } from '../../src/base/hosts.ts'

test('a host is this machine, in its networks, everywhere, or no single host', () => {
  const hosts = {
    machine: ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', 'localhost', 'app.localhost'],
    network: [
      ...['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1', '169.254.169.254'],
      ...['fe80::1', 'fe80::1%eth0', 'fd00::1', '::ffff:10.0.0.1', 'printer', 'nas.local', 'db.internal'],
    ],
    everywhere: ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', 'node.example'],
    nowhere: ['0.0.0.0', '::', '224.0.0.1', '239.255.255.250', '255.255.255.255', 'ff02::1'],
  }
  for (const [reach, all] of Object.entries(hosts))
    for (const host of all) assert.equal(reachOf(host), reach, host)
})
