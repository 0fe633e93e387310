/** Level `finder`: beacons and address records as bytes, without a network. */
import { bytesToHex } from '../../../dag/hex.ts'
import type { PeerId } from '../../../dag/identity.ts'
import { type Case, expectSame } from '../case.ts'
import { type BeaconPort, beaconHex, portHex, signRecord } from '../records.ts'
import { kitKey, kitSeed } from '../trees/trees.ts'

const nowMs = Date.UTC(2026, 0, 1)
const hourMs = 3_600_000
const ports: readonly BeaconPort[] = [
  { kind: 'quic', port: 29_292 },
  { kind: 'http', port: 80 },
]
const example = bytesToHex(Uint8Array.from({ length: 32 }, (_, n) => n)) as PeerId
const salt = '0011223344556677'

const beaconOf = (peer: PeerId, at = nowMs, named: readonly BeaconPort[] = ports) =>
  beaconHex(peer, salt, at, portHex(named))

export function finderCases(): Case[] {
  return [...beaconCases(), ...recognitionCases(), ...recordCases()]
}

function beaconCases(): Case[] {
  const makes = (
    name: string,
    peer: PeerId,
    at: number,
    named: readonly BeaconPort[],
    expected?: string,
  ): Case => ({
    ...{ name: `finder: beacon: ${name}`, level: 'finder', rules: ['N1', 'N2'] },
    async run({ program }) {
      const answer = await program.expect('beacon', { peer, salt, nowMs: at, ports: named })
      expectSame('N1', 'the beacon', expected ?? beaconOf(peer, at, named), answer.beacon)
    },
  })
  const four = [1, 80, 443, 65_535].map((port) => ({ kind: 'https' as const, port }))
  return [
    makes(
      'the one in the document',
      ...([example, nowMs, ports] as const),
      '435742310011223344556677f32923447615c06f03726c010050',
    ),
    makes('the last moment of an hour', kitKey(1).peer, nowMs + hourMs - 1, ports),
    makes('four ports', kitKey(2).peer, nowMs, four),
  ]
}

/** Who sent a datagram. */
function recognitionCases(): Case[] {
  const known = [kitKey(1).peer, kitKey(2).peer, example]
  const recognises = (
    name: string,
    rules: readonly string[],
    datagram: string,
    expected: { peer: PeerId | null; ports?: readonly BeaconPort[] },
  ): Case => ({
    ...{ name: `finder: datagram: ${name}`, level: 'finder', rules },
    async run({ program }) {
      const { peer = null, ports: named = [] } = await program.expect('recognise', {
        datagram,
        nowMs,
        peers: known,
      })
      expectSame(rules[0]!, `who sent ${datagram}`, expected.peer ?? 'nobody', peer ?? 'nobody')
      if (expected.ports !== undefined) expectSame(rules[0]!, 'its ports', expected.ports, named)
    },
  })
  const nobody = { peer: null }
  const good = beaconOf(example)
  return [
    recognises('of this hour', ['N3', 'N2'], good, { peer: example, ports }),
    recognises('of the hour before', ['N3'], beaconOf(example, nowMs - 1), { peer: example, ports }),
    recognises('of the hour after', ['N3'], beaconOf(example, nowMs + hourMs), { peer: example, ports }),
    recognises('of two hours before', ['N3'], beaconOf(example, nowMs - hourMs - 1), nobody),
    recognises('of two hours after', ['N3'], beaconOf(example, nowMs + 2 * hourMs), nobody),
    recognises('of a peer that is not known', ['N3'], beaconOf(kitKey(3).peer), nobody),
    recognises('with another port than the one that the tag covers', ['N1'], `${good.slice(0, -1)}1`, nobody),
    recognises('of another version', ['N3'], good.replace(/^43574231/, '43574232'), nobody),
    recognises('of a length that is none', ['N3'], good.slice(0, -2), nobody),
    recognises('without ports', ['N3'], good.slice(0, 40), nobody),
    recognises('with five ports', ['N3'], good.slice(0, 40) + '010050'.repeat(5), nobody),
    recognises('with the port 0', ['N1'], tagged(`${good.slice(40)}010000`), nobody),
    recognises('with a kind of port that nobody knows', ['N3'], tagged(`${good.slice(40)}090050`), {
      peer: example,
      ports,
    }),
  ]
}

/** Returns a beacon of the example with these bytes of ports, whatever they are. */
const tagged = (portBytes: string) => beaconHex(example, salt, nowMs, portBytes)

function recordCases(): Case[] {
  const fields = {
    sequence: nowMs,
    ttlSeconds: 86_400,
    near: true,
    addresses: ['http://127.0.0.1:4100', 'iroh:x'],
  }
  const signs = (name: string, more: Partial<typeof fields>): Case => ({
    ...{ name: `finder: record: ${name}`, level: 'finder', rules: ['D2'] },
    async run({ program }) {
      const all = { ...fields, ...more }
      const { near, ...rest } = all
      const expected = signRecord(kitKey(1), all)
      const answer = await program.expect('record', {
        ...{ seed: bytesToHex(kitSeed(1)), fields: { ...rest, scope: near ? 'NEAR' : 'WIDE' } },
      })
      expectSame('D2', 'the record', expected.record, answer.record)
      expectSame('D2', 'its signature', expected.signature, answer.signature)
    },
  })
  return [
    signs('near, with addresses', {}),
    signs('wide, without addresses', { near: false, addresses: [] }),
    signs('that holds for a week', { ttlSeconds: 604_800 }),
  ]
}
