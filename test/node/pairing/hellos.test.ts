/** Hellos: a new one is answered at once, and neither answers nor what is remembered grow with those that are heard. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { encodeHello } from '../../../src/find/pairing.ts'
import { Hellos } from '../../../src/node/pairing/hellos.ts'
import { Lan } from '../../../src/node/reach/lan/lan.ts'
import { testIdentity } from '../../kit/entries.ts'
import { MemoryLan } from '../../kit/lan.ts'
import { limited } from '../../kit/limited.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

it('hellos of many peers are answered and remembered up to a bound', async () => {
  using _ = limited({ pairingHellos: 2 })
  const clock = new VirtualClock()
  const ether = new MemoryLan()
  const listeners = () => [{ kind: 'quic', port: 7, host: '::' } as const]
  const lan = new Lan({ clock, network: ether.at('10.0.0.1'), listeners, onError: assert.fail })
  const heard: string[] = []
  const hellos = new Hellos({ self: testIdentity(1).peer, clock, lan }, (peer) => heard.push(peer))
  const own = () => ether.said.filter(({ host }) => host === '10.0.0.1').length
  await clock.advance(0)
  assert.equal(own(), 1)
  const peers = Array.from({ length: 5 }, (_, index) => testIdentity(10 + index).peer)
  for (const peer of peers) ether.say(encodeHello({ peer, ports: [{ kind: 'quic', port: 9 }] }), '10.0.0.2')
  await clock.advance(0)
  assert.deepEqual(heard, peers)
  assert.equal(own(), 1 + limits.pairingHellos)
  assert.deepEqual(
    peers.map((peer) => hellos.spotOf(peer) !== undefined),
    [false, false, false, true, true],
  )
  hellos.stop()
  assert.deepEqual([clock.pendingTimers, ether.hearing], [0, 0])
})
