/** What pairing is made of: hellos, commitments and digits. */
import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { limits } from '../../src/base/limits.ts'
import type { PeerId } from '../../src/dag/identity.ts'
import { commitmentOf, digitsOf, encodeHello, readHello } from '../../src/find/pairing.ts'
import { testIdentity } from '../kit/entries.ts'

const [ada, bob] = [testIdentity(1).peer, testIdentity(2).peer]
const sides = { caller: ada, server: bob }
const ports = [{ kind: 'quic', port: 29_292 }] as const
const [na, nb] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)]
const bytes = (hex: string) => Buffer.from(hex, 'hex')

describe('A hello', () => {
  it('names its peer and its ports', () => {
    const hello = encodeHello({ peer: ada, ports })
    assert.equal(Buffer.from(hello).toString('hex'), `${Buffer.from('CWP1').toString('hex')}${ada}03726c`)
    assert.deepEqual(readHello(hello), { peer: ada, ports })
    const most = encodeHello({ peer: ada, ports: Array.from({ length: limits.beaconPorts }, () => ports[0]) })
    assert.equal(most.length, limits.lanDatagramBytes)
  })

  it('is none if it is of another kind, cut, or too long', () => {
    const hello = Buffer.from(encodeHello({ peer: ada, ports }))
    for (let length = 0; length < hello.length; length++)
      assert.equal(readHello(hello.subarray(0, length)), undefined, `${length}`)
    assert.equal(readHello(Buffer.concat([hello, Buffer.alloc(12, 1)])), undefined)
    assert.equal(readHello(Buffer.concat([Buffer.from('CWB1'), hello.subarray(4)])), undefined)
  })
})

describe('The digits of a pairing', () => {
  it('are those of docs/protocol.md', () => {
    const of = (first: number) =>
      Buffer.from(Array.from({ length: 32 }, (_, index) => first + index)).toString('hex') as PeerId
    const vector = { caller: of(0), server: of(32) }
    assert.equal(digitsOf(vector, na, nb), '358649')
    assert.equal(commitmentOf(vector, nb), 'd7a21792168346e54d9ed2d298af6670e867ab6d8fc1d042d940016d4e5ad26e')
    const hash = createHash('sha256')
      .update('causeway.pair.digits.v1\0')
      .update(bytes(ada))
      .update(bytes(bob))
      .update(na)
      .update(nb)
      .digest()
    const digits = String(hash.readBigUInt64BE() % 1_000_000n).padStart(6, '0')
    assert.equal(digitsOf(sides, na, nb), digits)
    const commitment = createHash('sha256')
      .update('causeway.pair.commit.v1\0')
      .update(bytes(ada))
      .update(bytes(bob))
      .update(nb)
    assert.equal(commitmentOf(sides, nb), commitment.digest('hex'))
  })

  it('depend on both peers, their roles, and both nonces; so does the commitment', () => {
    const turned = { caller: bob, server: ada }
    const eve = { caller: ada, server: testIdentity(3).peer }
    const all = [
      digitsOf(sides, na, nb),
      digitsOf(sides, nb, na),
      digitsOf(turned, na, nb),
      digitsOf(eve, na, nb),
      digitsOf(sides, na, na),
    ]
    assert.equal(new Set(all).size, all.length)
    const commitments = [
      commitmentOf(sides, nb),
      commitmentOf(sides, na),
      commitmentOf(turned, nb),
      commitmentOf(eve, nb),
    ]
    assert.equal(new Set(commitments).size, commitments.length)
  })

  it('are six, each about as often as the others', () => {
    const counts = new Array<number>(10).fill(0)
    for (let index = 0; index < 2_000; index++) {
      const nonce = Buffer.alloc(32)
      nonce.writeUInt32BE(index)
      const digits = digitsOf(sides, na, nonce)
      assert.match(digits, /^\d{6}$/)
      for (const digit of digits) counts[Number(digit)]!++
    }
    for (const count of counts) assert.ok(count > 1_050 && count < 1_350, `${counts}`)
  })
})
