/** Peers are found by beacons: what is said and when, what is followed, and what forged, replayed and many beacons do. */
import { strict as assert } from 'node:assert'
import { describe, it } from 'node:test'
import { CausewayError } from '../../../../src/base/errors.ts'
import { limits } from '../../../../src/base/limits.ts'
import type { PeerId } from '../../../../src/dag/identity.ts'
import { encodeBeacon, readBeacon } from '../../../../src/find/beacon.ts'
import type { LanNetwork } from '../../../../src/find/multicast.ts'
import { Lan, type Listener } from '../../../../src/node/reach/lan/lan.ts'
import { LanSearch } from '../../../../src/node/reach/lan/lan-search.ts'
import { testIdentity } from '../../../kit/entries.ts'
import { MemoryLan } from '../../../kit/lan.ts'
import { limited } from '../../../kit/limited.ts'
import { VirtualClock } from '../../../kit/virtual-clock.ts'

const [self, ada, bob, eve] = [1, 2, 3, 4].map((seed) => testIdentity(seed).peer) as [
  PeerId,
  PeerId,
  PeerId,
  PeerId,
]
const quic: Listener = { kind: 'quic', port: 29_292, host: '::' }
const own = '192.168.1.1'

/** A search on a LAN that knows these peers. Who is at an address is said by `there`. */
function search(known: readonly PeerId[], listeners: readonly Listener[] = [quic], network?: LanNetwork) {
  const clock = new VirtualClock()
  const ether = new MemoryLan()
  const connected = new Set<PeerId>()
  const there = new Map<string, PeerId>()
  const [dialled, found, met, problems]: [string[], unknown[], PeerId[], string[]] = [[], [], [], []]
  let [dialling, most] = [0, 0]
  let gate: Promise<void> | undefined
  const onError = ({ message }: CausewayError) => void problems.push(message)
  const lan = new Lan({ clock, onError, network: network ?? ether.at(own), listeners: () => listeners })
  const made = new LanSearch({
    ...{ self, clock, lan, onError, isConnected: (peer) => connected.has(peer) },
    peers: {
      known: () => [self, ...known].values() as Generator<PeerId>,
      isKnown: (peer) => known.includes(peer),
      async found(peer, { addresses, source }) {
        found.push([peer, addresses, source])
      },
    },
    addressesAt: async (_, host, ports) => ports.map(({ kind, port }) => `${kind}://${host}:${port}`),
    async dial(addresses, peer) {
      dialled.push(...addresses)
      most = Math.max(most, ++dialling)
      await gate
      dialling--
      const address = addresses.find((each) => there.get(each) === peer)
      if (address === undefined) throw new CausewayError('WRONG_PEER', 'Nobody proved the key.')
      return address
    },
    onMet: (peer) => met.push(peer),
  })
  const salted = (peer: PeerId) =>
    encodeBeacon(peer, {
      ...{ salt: clock.randomBytes(8), nowMs: clock.now(), ports: [{ kind: 'quic', port: 7 }] },
    })
  const hold = () => {
    let release = () => {}
    gate = new Promise((resolve) => {
      release = resolve
    })
    return () => release()
  }
  const parts = { clock, ether, connected, there, dialled, found, met, problems, lan }
  return { ...parts, made, salted, hold, most: () => most }
}

describe('A node in a LAN', () => {
  it('says a beacon at its start, again soon, and then about every 30 s', async () => {
    const { clock, ether, made } = search([])
    const times: number[] = []
    made.start()
    for (let second = 0, before = 0; second < 300; second++) {
      await clock.advance(second === 0 ? 0 : 1_000)
      if (ether.said.length > before) times.push(second)
      before = ether.said.length
    }
    assert.deepEqual(times.slice(0, 2), [0, 1])
    const gaps = times.slice(2).map((time, index) => time - times[index + 1]!)
    assert.ok(gaps.length >= 8 && gaps.every((gap) => gap >= 25 && gap <= 36), `${gaps}`)
    assert.ok(new Set(gaps).size > 1, 'It does not vary.')
    made.stop()
    assert.deepEqual([clock.pendingTimers, ether.hearing], [0, 0])
  })

  it('says another one each time, with its ports and no name of its own', async () => {
    const { clock, ether, made } = search([])
    made.start()
    await clock.advance(200_000)
    const beacons = ether.said.map(({ datagram }) => readBeacon(datagram)!)
    assert.equal(new Set(beacons.map(({ salt }) => salt)).size, beacons.length)
    assert.equal(new Set(beacons.map(({ tag }) => tag)).size, beacons.length)
    for (const { datagram, host } of ether.said) {
      assert.deepEqual([host, readBeacon(datagram)!.ports], [own, [{ kind: 'quic', port: 29_292 }]])
      for (let at = 0; at + 4 <= 32; at++)
        assert.ok(!datagram.includes(Buffer.from(self, 'hex').subarray(at, at + 4)))
    }
    made.stop()
  })

  it('says nothing while nobody in the LAN can dial it, but hears', async () => {
    const local: Listener = { kind: 'http', port: 80, host: '127.0.0.1' }
    for (const listeners of [[], [local], [{ ...quic, host: '10.0.0.9' }]]) {
      const { clock, ether, made, there, met, salted } = search([ada], listeners)
      made.start()
      await clock.advance(60_000)
      assert.deepEqual(ether.said, [])
      there.set('quic://192.168.1.7:7', ada)
      ether.say(salted(ada), '192.168.1.7')
      await clock.advance(0)
      assert.deepEqual(met, [ada])
      made.stop()
    }
  })

  it('says it where it is dialled: a listener of one address is named there alone', async () => {
    const interfaces = [own, '10.0.0.9'].map((address) => ({ address, cidr: `${address}/24`, scope: 'x' }))
    const ether = new MemoryLan()
    const network = { ...ether.at(own), interfaces: () => interfaces }
    const { clock, made } = search([], [{ kind: 'http', port: 80, host: '10.0.0.9' }, quic], network)
    made.start()
    await clock.advance(0)
    const said = new Map(ether.said.map(({ host, datagram }) => [host, readBeacon(datagram)!.ports]))
    assert.deepEqual(said.get(own), [{ kind: 'quic', port: 29_292 }])
    assert.deepEqual(
      said.get('10.0.0.9')!.map(({ kind }) => kind),
      ['quic', 'http'],
    )
    made.stop()
  })

  it('says it on a bounded number of interfaces', async () => {
    using _ = limited({ lanInterfaces: 1 })
    const interfaces = [own, '10.0.0.9'].map((address) => ({ address, cidr: `${address}/24`, scope: 'x' }))
    const ether = new MemoryLan()
    const { clock, made } = search([], [quic], { ...ether.at(own), interfaces: () => interfaces })
    made.start()
    await clock.advance(0)
    assert.deepEqual(
      ether.said.map(({ host }) => host),
      [own],
    )
    made.stop()
  })

  it('says it at once when it is in another network', async () => {
    const { clock, ether, made } = search([])
    made.announce()
    assert.equal(ether.said.length, 0, 'Not before it has started.')
    made.start()
    await clock.advance(10_000)
    const before = ether.said.length
    made.announce()
    await clock.advance(1_000)
    assert.equal(ether.said.length, before + 2)
    made.stop()
    made.announce()
    assert.equal(ether.said.length, before + 2)
  })

  it('reports a LAN that takes no beacons once, after some failures', async () => {
    const network: LanNetwork = {
      interfaces: () => [{ address: own, cidr: `${own}/24`, scope: 'x' }],
      open: () => ({ join() {}, send: () => Promise.reject(new Error('no route')), close() {} }),
    }
    const { clock, made, problems } = search([], [quic], network)
    made.start()
    await clock.advance(1_000)
    assert.deepEqual(problems, [])
    await clock.advance(300_000)
    assert.equal(problems.length, 1)
    assert.match(problems[0]!, /192\.168\.1\.1\/24 does not take beacons: no route/)
    made.stop()
  })
})

describe('A beacon in the LAN', () => {
  const host = '192.168.1.7'
  const address = `quic://${host}:7`

  it('leads to a known peer that proves its key there, and to nobody else', async () => {
    const { clock, ether, made, there, dialled, found, met, salted } = search([ada, bob])
    made.start()
    there.set(address, ada)
    ether.say(salted(ada), host)
    ether.say(salted(eve), host)
    ether.say(salted(self), host)
    await clock.advance(0)
    assert.deepEqual([dialled, found, met], [[address], [[ada, [address], 'LAN']], [ada]])
    // A wrong key is at its address.
    ether.say(salted(bob), host)
    await clock.advance(0)
    assert.deepEqual([dialled.length, found.length, met], [2, 1, [ada]])
    made.stop()
  })

  it('of a peer that is connected is not followed', async () => {
    const { clock, ether, made, connected, dialled, salted } = search([ada])
    made.start()
    connected.add(ada)
    ether.say(salted(ada), host)
    await clock.advance(0)
    assert.deepEqual(dialled, [])
    made.stop()
  })

  it('that is said again does nothing, wherever it comes from', async () => {
    const { clock, ether, made, dialled, salted } = search([ada])
    made.start()
    const heard = salted(ada)
    ether.say(heard, host)
    await clock.advance(0)
    for (let index = 2; index < 40; index++) ether.say(heard, `192.168.1.${index}`)
    await clock.advance(limits.lanDialPauseMs)
    ether.say(heard, host)
    await clock.advance(0)
    assert.deepEqual(dialled, [address])
    made.stop()
  })

  it('leads to one dial of a peer at a host in 30 s', async () => {
    const { clock, ether, made, dialled, salted } = search([ada])
    made.start()
    for (let second = 0; second < 60; second++) {
      ether.say(salted(ada), host)
      await clock.advance(1_000)
    }
    assert.deepEqual(dialled, [address, address])
    made.stop()
  })

  it('from a host that is in no network of this machine is not read', async () => {
    const { clock, ether, made, dialled, salted } = search([ada])
    made.start()
    for (const far of ['192.168.2.7', '203.0.113.5', '::1', 'fe80::1%eth0', '127.0.0.1'])
      ether.say(salted(ada), far)
    await clock.advance(0)
    assert.deepEqual(dialled, [])
    made.stop()
  })

  it('is one of 64 that are read in a second', async () => {
    const { clock, made, ether, salted, lan } = search([])
    made.start()
    let read = 0
    lan.follow('CWB1', () => read++)
    await clock.advance(5_000)
    read = 0
    for (let index = 0; index < 1_000; index++) ether.say(salted(eve), host)
    assert.equal(read, limits.beaconsPerSecond)
    await clock.advance(500)
    for (let index = 0; index < 1_000; index++) ether.say(salted(eve), host)
    assert.equal(read, 1.5 * limits.beaconsPerSecond)
    // What is too large or of another kind takes no turn.
    await clock.advance(1_000)
    const [large, other] = [Buffer.alloc(limits.lanDatagramBytes + 1, 'CWB1'), Buffer.from('XXXX')]
    for (let index = 0; index < 1_000; index++)
      for (const datagram of [large, other]) ether.say(datagram, host)
    ether.say(salted(eve), host)
    assert.equal(read, 1.5 * limits.beaconsPerSecond + 1)
    made.stop()
  })

  it('waits its turn to be recognised, and is dropped past a bound', async () => {
    using _ = limited({ beaconsWaiting: 2, beaconPeersMet: 0, beaconTriesAtOnce: 1 })
    const { clock, ether, made, dialled, salted } = search([ada, bob])
    made.start()
    for (let index = 2; index < 30; index++) ether.say(salted(bob), `192.168.1.${index}`)
    await clock.advance(0)
    // The one that is looked at, and two that waited: of one peer, so one dial is under way.
    assert.ok(dialled.length >= 1 && dialled.length <= 3, `${dialled}`)
    made.stop()
  })

  it('is one of a few that cause dials at once, and of one for each peer', async () => {
    using _ = limited({ lanDials: 2 })
    const many = Array.from({ length: 6 }, (_, index) => testIdentity(20 + index).peer)
    const { clock, ether, made, dialled, salted, hold, most } = search(many)
    const release = hold()
    made.start()
    for (const peer of many) for (const last of [7, 8]) ether.say(salted(peer), `192.168.1.${last}`)
    await clock.advance(0)
    assert.deepEqual([most(), dialled.length], [2, 2])
    release()
    await clock.advance(0)
    for (const peer of many) ether.say(salted(peer), host)
    await clock.advance(0)
    assert.ok(most() <= 2 && dialled.length > 2)
    made.stop()
  })

  it('is remembered by its salt, of which a bounded number is kept, as are dials', async () => {
    using _ = limited({ beaconSalts: 1, lanDialsNoted: 1 })
    const { clock, ether, made, dialled, salted } = search([ada, bob])
    made.start()
    const [first, second] = [salted(ada), salted(bob)]
    for (const each of [first, second, first]) {
      ether.say(each, host)
      await clock.advance(0)
    }
    assert.equal(dialled.length, 3)
    made.stop()
  })
})
