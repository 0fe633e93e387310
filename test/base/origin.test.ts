/** Origins of connections: one IPv4 host is one origin, and so is one IPv6 network, however it is written. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { isOwnMachine, originOf } from '../../src/base/origin.ts'

it('counts hosts of IPv4 and networks of IPv6', () => {
  assert.equal(originOf('192.0.2.1:1234'), originOf('192.0.2.1:9'))
  assert.notEqual(originOf('192.0.2.1:1234'), originOf('192.0.2.2:1234'))
  for (const other of [
    '[2001:db8:0:1:ffff::9]:1',
    '[2001:0db8:0:0001::]:2',
    '[2001:db8::1:0:0:0:1]:3',
    '2001:db8:0:1::7',
  ])
    assert.equal(originOf(other), '2001:db8:0:1::/64', other)
  assert.notEqual(originOf('[2001:db8:0:2::1]:1'), '2001:db8:0:1::/64')
  assert.equal(originOf('[fe80::1%eth0]:1'), 'fe80:0:0:0::/64')
  assert.equal(originOf('https://relay.example/'), 'https://relay.example/')
})

it('recognizes this machine', () => {
  for (const own of ['127.0.0.1:1', '[::1]:1', 'local']) assert.ok(isOwnMachine(originOf(own)), own)
  for (const other of ['127.0.0.2:1', '192.0.2.1:1', '[2001:db8::1]:1', 'unknown'])
    assert.ok(!isOwnMachine(originOf(other)), other)
})
