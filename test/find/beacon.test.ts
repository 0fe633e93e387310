/** Beacons: their bytes, who recognises them, and what recognising may cost. */
import { strict as assert } from 'node:assert'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { encodeBeacon, hourOf, readBeacon } from '../../src/find/beacon.ts'
import { Recognition } from '../../src/find/recognition.ts'
import { testIdentity } from '../kit/entries.ts'
import { limited } from '../kit/limited.ts'
import { VirtualClock } from '../kit/virtual-clock.ts'

const [ada, bob] = [testIdentity(1).peer, testIdentity(2).peer]
const salt = Buffer.from('0011223344556677', 'hex')
const nowMs = 1_767_225_600_000
const ports = [
  { kind: 'quic', port: 29_292 },
  { kind: 'http', port: 80 },
] as const
const signal = new AbortController().signal

const beacon = (peer = ada, changed: Partial<Parameters<typeof encodeBeacon>[1]> = {}) =>
  Buffer.from(encodeBeacon(peer, { salt, nowMs, ports, ...changed }))

/** Recognises among some peers, and counts how many were looked at. */
function recognition(peers: readonly PeerId[], at = nowMs) {
  const clock = new VirtualClock({ nowMs: at })
  let tried = 0
  const made = new Recognition({
    clock,
    *known() {
      for (const peer of peers) {
        tried++
        yield peer
      }
    },
  })
  return { clock, made, tried: () => tried }
}

describe('A beacon', () => {
  it('has the bytes of docs/protocol.md', () => {
    const peer = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('hex') as PeerId
    assert.equal(beacon(peer).toString('hex'), '435742310011223344556677f32923447615c06f03726c010050')
  })

  it('has a tag that is an HMAC keyed with the PeerId', () => {
    const hour = Buffer.alloc(4)
    hour.writeUInt32BE(nowMs / 3_600_000)
    const bytes = beacon()
    const mac = createHmac('sha256', Buffer.from(ada, 'hex')).update('beacon').update(salt).update(hour)
    assert.deepEqual(bytes.subarray(12, 20), mac.update(bytes.subarray(20)).digest().subarray(0, 8))
  })

  it('shares no byte with another one of its peer but the form and the ports, and holds no id', () => {
    const all = Array.from({ length: 50 }, (_, index) => beacon(ada, { salt: Buffer.alloc(8, index) }))
    assert.equal(new Set(all.map((each) => each.toString('hex', 12, 20))).size, 50)
    for (const each of all) {
      assert.ok(!ada.includes(each.toString('hex', 12, 20)))
      assert.deepEqual(each.subarray(20), beacon(bob).subarray(20))
    }
  })

  it('is read as it was written, without ports of unknown kinds', () => {
    const read = readBeacon(beacon())!
    assert.deepEqual([read.salt, read.ports], [salt.toString('hex'), ports])
    const later = beacon()
    later[20] = 9
    assert.deepEqual(readBeacon(later)!.ports, [ports[1]])
  })

  it('is none if it is of another kind, cut, too long, or names no port', () => {
    const whole = beacon()
    for (let length = 0; length < whole.length; length++)
      if (length !== 23) assert.equal(readBeacon(whole.subarray(0, length)), undefined, `${length}`)
    const many = Array.from({ length: limits.beaconPorts }, () => ports[0])
    assert.equal(beacon(ada, { ports: [...many, ports[0]] }).length, 32)
    assert.equal(readBeacon(Buffer.concat([beacon(ada, { ports: many }), whole.subarray(20, 23)])), undefined)
    assert.equal(readBeacon(Buffer.concat([Buffer.from('CWB2'), whole.subarray(4)])), undefined)
    assert.equal(readBeacon(beacon(ada, { ports: [{ kind: 'quic', port: 0 }] })), undefined)
  })
})

describe('Who hears a beacon', () => {
  it('recognises its peer if it knows the PeerId, and nobody otherwise', async () => {
    const read = readBeacon(beacon())!
    assert.equal(await recognition([bob, ada]).made.senderOf(read, signal), ada)
    assert.equal(await recognition([bob]).made.senderOf(read, signal), undefined)
  })

  it('recognises it with a clock that is an hour off, and no more', async () => {
    const read = readBeacon(beacon())!
    for (const [off, found] of [
      [-2, undefined],
      [-1, ada],
      [1, ada],
      [2, undefined],
    ] as const)
      assert.equal(await recognition([ada], nowMs + off * 3_600_000).made.senderOf(read, signal), found)
    assert.equal(hourOf(nowMs), 490_896)
  })

  it('does not recognise one of which any bit was changed', async () => {
    const whole = beacon()
    const { made } = recognition([ada])
    for (let bit = 32; bit < whole.length * 8; bit++) {
      const forged = Buffer.from(whole)
      forged[bit >> 3]! ^= 1 << (bit & 7)
      const read = readBeacon(forged)
      if (read !== undefined) assert.equal(await made.senderOf(read, signal), undefined, `bit ${bit}`)
    }
  })

  it('tries those first whom it met lately, of which it remembers some', async () => {
    using _ = limited({ beaconPeersMet: 1 })
    const strangers = Array.from({ length: 20 }, (_, index) => testIdentity(10 + index).peer)
    const { made, tried } = recognition([...strangers, ada, bob])
    const read = readBeacon(beacon())!
    await made.senderOf(read, signal)
    const first = tried()
    await made.senderOf(read, signal)
    assert.deepEqual([first, tried()], [21, 21])
    await made.senderOf(readBeacon(beacon(bob))!, signal)
    await made.senderOf(read, signal)
    assert.ok(tried() > 60, `${tried()}`)
  })

  it('works at a bounded rate, and lets others run in between', async () => {
    using _ = limited({ beaconTriesAtOnce: 4, beaconTriesBurst: 12, beaconTriesPerSecond: 4 })
    const peers = Array.from({ length: 16 }, (_, index) => testIdentity(10 + index).peer)
    const { clock, made, tried } = recognition(peers)
    const done = made.senderOf(readBeacon(beacon())!, signal)
    assert.ok(tried() <= 5, `${tried()} at once`)
    await clock.advance(0)
    assert.ok(tried() >= 12 && tried() <= 17, `${tried()} in a burst`)
    await clock.advance(4_000)
    assert.ok(tried() <= 12 + 16 + 5, `${tried()} after 4 s`)
    await clock.advance(10_000)
    assert.equal(await done, undefined)
    assert.equal(tried(), 3 * peers.length)
  })

  it('ends at once when it is told to', async () => {
    using _ = limited({ beaconTriesAtOnce: 1, beaconTriesBurst: 1, beaconTriesPerSecond: 1 })
    const { made } = recognition([bob, testIdentity(3).peer, testIdentity(4).peer])
    const stop = new AbortController()
    const done = made.senderOf(readBeacon(beacon())!, stop.signal)
    stop.abort()
    await assert.rejects(done)
  })
})
