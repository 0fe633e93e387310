/** What a node finds about itself, from given facts. */
import { strict as assert } from 'node:assert'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import type { PeerId } from '../../../src/dag/identity.ts'
import { Clocks } from '../../../src/node/doctor/clocks.ts'
import { keyFindings, linkFindings } from '../../../src/node/doctor/doctor.ts'
import { durationText, sizeText } from '../../../src/node/doctor/findings.ts'
import {
  certificateFindings,
  clockFindings,
  diskFindings,
  storeFindings,
} from '../../../src/node/doctor/machine.ts'
import { listeningFindings, natFindings, reachFindings } from '../../../src/node/doctor/network.ts'
import { Observed } from '../../../src/node/reach/observed.ts'
import type { LinkStatus } from '../../../src/peer/links.ts'
import type { Finding } from '../../../src/rpc/services/doctor-service.ts'

const severities = (findings: readonly Finding[]) => findings.map(({ severity }) => severity)
const server = {
  name: 'HTTP' as const,
  wanted: true,
  chosen: true,
  port: 29_292,
  addresses: ['http://a:29292'],
}

describe('The doctor of a node', () => {
  it('says what listens where, and whether the documented port was taken', () => {
    assert.deepEqual(severities(listeningFindings([server])), ['fine'])
    const [other] = listeningFindings([{ ...server, port: 29_293 }])
    assert.equal(other!.severity, 'notice')
    assert.match(other!.message, /port 29292 was taken/)
    assert.deepEqual(severities(listeningFindings([{ ...server, port: 80, chosen: false }])), ['fine'])
    const quic = { ...server, name: 'QUIC' as const, port: undefined, addresses: [] }
    assert.deepEqual(severities(listeningFindings([server, quic])), ['fine', 'problem'])
    assert.deepEqual(severities(listeningFindings([{ ...quic, wanted: false }])), ['notice'])
  })

  it('says whether the relay is connected, and who can reach the node', () => {
    const url = 'https://relay.example/'
    assert.deepEqual(severities(reachFindings({ url, connected: true }, undefined, ['iroh:x'])), [
      'fine',
      'fine',
    ])
    const [relay, reach] = reachFindings({ url, connected: false }, 'Nobody can.', [])
    assert.deepEqual([relay!.severity, reach!.severity], ['problem', 'notice'])
    assert.match(relay!.message, /relay https:\/\/relay.example\/ is not connected/)
    assert.deepEqual(reachFindings(undefined, undefined, []), [])
  })

  it('tells the kind of NAT by what two observers of different origin see', async () => {
    const observed = new Observed({ addSocket: async () => {}, removeSocket: async () => {} })
    const kind = () => natFindings(observed.sockets())[0]
    assert.equal(kind(), undefined)
    await observed.told('203.0.113.1', '8.8.4.4:1000')
    await observed.told('203.0.113.1', '10.0.0.1:1')
    assert.match(kind()!.message, /One peer sees this node at 8.8.4.4:1000/)
    await observed.told('203.0.113.2', '8.8.4.4:1000')
    assert.match(kind()!.message, /holes can be punched/)
    await observed.told('203.0.113.2', '8.8.4.4:1001')
    assert.match(kind()!.message, /symmetric NAT/)
    assert.match(kind()!.advice, /--advertise/)
    for (let port = 0; port < limits.observedWaiting + 5; port++) await observed.told(`o${port}`, '8.8.4.4:9')
    assert.equal(observed.sockets().length, limits.observedWaiting)
  })

  it('takes the middle of what peers show of their clocks, and minds those that refuse proofs', () => {
    const clocks = new Clocks()
    assert.deepEqual(clockFindings(clocks.difference()), [])
    const show = (peer: number, aheadMs: number) => clocks.showed(`${peer}` as PeerId, aheadMs)
    show(1, 400)
    assert.deepEqual(severities(clockFindings(clocks.difference())), ['fine'])
    show(2, 86_400_000)
    show(3, -20)
    // One peer alone cannot make this clock look wrong.
    assert.deepEqual(severities(clockFindings(clocks.difference())), ['fine'])
    show(1, -limits.clockNoticeMs)
    show(3, -limits.clockNoticeMs)
    assert.deepEqual(severities(clockFindings(clocks.difference())), ['notice'])
    show(1, -240_000)
    show(3, -240_000)
    const [bad] = clockFindings(clocks.difference())
    assert.match(bad!.message, /4 min behind those of 3 peers. Past 60 s they refuse/)
    assert.equal(bad!.severity, 'problem')
    for (let peer = 0; peer < 2 * limits.clocksRemembered; peer++) show(peer, 0)
    assert.equal(clocks.difference()!.peers, limits.clocksRemembered)
  })

  it('minds a disk that is nearly full', () => {
    assert.deepEqual(severities(diskFindings(limits.diskNoticeBytes, '/d')), ['fine'])
    assert.deepEqual(severities(diskFindings(limits.diskNoticeBytes - 1, '/d')), ['notice'])
    assert.deepEqual(severities(diskFindings(limits.diskProblemBytes - 1, '/d')), ['problem'])
    assert.deepEqual(diskFindings(undefined, ''), [])
  })

  it('minds a certificate that runs out, is not valid yet, or does not name what is advertised', () => {
    const certificate = new X509Certificate(readFileSync('test/kit/fixtures/localhost.crt'))
    const endMs = Date.parse(certificate.validTo)
    const at = (nowMs: number, hosts: string[] = []) =>
      severities(certificateFindings(certificate, hosts, nowMs))
    assert.deepEqual(at(endMs - limits.certificateNoticeMs), ['fine'])
    assert.deepEqual(at(endMs - limits.certificateProblemMs), ['notice'])
    assert.deepEqual(at(endMs - limits.certificateProblemMs + 1), ['problem'])
    assert.deepEqual(at(endMs + 1), ['problem'])
    assert.deepEqual(at(Date.parse(certificate.validFrom) - 1), ['problem'])
    const soundMs = endMs - limits.certificateNoticeMs
    assert.deepEqual(at(soundMs, ['localhost', '127.0.0.1', 'node.example']), ['fine', 'problem'])
    assert.deepEqual(certificateFindings(undefined, ['node.example'], 0), [])
  })

  it('names damage, and linked peers that cannot be heard', () => {
    assert.deepEqual(severities(storeFindings([])), ['fine'])
    assert.match(storeFindings([{ message: 'The tree x is damaged.' }])[0]!.message, /tree x is damaged/)
    const link = (peer: string, heard: boolean, paused = false) =>
      ({ peer, heard, settings: { paused } }) as LinkStatus
    assert.deepEqual(linkFindings([link('a', false, true)]), [])
    assert.deepEqual(severities(linkFindings([link('a', true)])), ['fine'])
    assert.deepEqual(severities(linkFindings([link('a', true), link('a', false)])), ['fine'])
    assert.deepEqual(severities(linkFindings([link('a', true), link('b', false)])), ['notice'])
    assert.deepEqual(severities(linkFindings([link('a', false), link('b', false)])), ['problem'])
  })

  it('says that the key of the node runs twice', () => {
    assert.deepEqual(keyFindings(false), [])
    const [twice] = keyFindings(true)
    assert.deepEqual([twice!.topic, twice!.severity], ['key', 'problem'])
  })

  it('names amounts in their largest unit', () => {
    assert.deepEqual([90_000, 240_000, 7_200_000, 259_200_000].map(durationText), [
      '90 s',
      '4 min',
      '2 h',
      '3 days',
    ])
    assert.deepEqual([0, 512, 1_536, 3 * 1_024 ** 3, 20 * 1_024 ** 3].map(sizeText), [
      ...['0 bytes', '512 bytes', '1.5 KiB', '3.0 GiB', '20 GiB'],
    ])
  })
})
