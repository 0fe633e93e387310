/** Identities: RFC 8032's own vectors, the domain that precedes a signed message, and the text form of a PeerId. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { importEd25519, verifyEd25519 } from '../../src/dag/crypto.ts'
import * as web from '../../src/dag/crypto.web.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { createIdentity, parsePeerId, withDomain } from '../../src/dag/identity.ts'

const rfc8032 = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    peer: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    peer: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
]

describe('identity', () => {
  for (const [name, crypto] of Object.entries({ node: { importEd25519, verifyEd25519 }, web }))
    test(`${name}: keys and signatures are those of RFC 8032`, async () => {
      for (const vector of rfc8032) {
        const key = crypto.importEd25519(new Uint8Array(hexToBytes(vector.seed)))
        const message = new Uint8Array(hexToBytes(vector.message))
        assert.equal(key.publicKeyHex, vector.peer)
        assert.equal(bytesToHex(key.sign(message)), vector.signature)
        assert.ok(await crypto.verifyEd25519(vector.peer, message, hexToBytes(vector.signature)))
      }
    })

  for (const [name, crypto] of Object.entries({ node: { importEd25519, verifyEd25519 }, web }))
    test(`${name}: verification answers false to anything that is no key or no signature`, async () => {
      const { publicKeyHex, sign } = crypto.importEd25519()
      const message = Uint8Array.of(1, 2, 3)
      const signature = sign(message)
      assert.equal(await crypto.verifyEd25519(publicKeyHex, message, signature), true)
      for (const key of [
        '',
        'zz',
        publicKeyHex.slice(2),
        `${publicKeyHex}00`,
        '00'.repeat(32),
        'ff'.repeat(32),
      ])
        assert.equal(await crypto.verifyEd25519(key, message, signature), false, key)
      for (const bytes of [new Uint8Array(0), signature.slice(1), new Uint8Array(64), new Uint8Array(65)])
        assert.equal(await crypto.verifyEd25519(publicKeyHex, message, bytes), false)
    })

  test('new identities differ, and a seed gives the same one again', () => {
    const [one, other] = [createIdentity(), createIdentity()]
    assert.notEqual(one.peer, other.peer)
    assert.equal(one.seed.length, 32)
    assert.equal(createIdentity(one.seed).peer, one.peer)
    assert.equal(parsePeerId(one.peer), one.peer)
  })

  test('an identity keeps its own seed', () => {
    const seed = new Uint8Array(32).fill(7)
    const identity = createIdentity(seed)
    seed.fill(0)
    assert.equal(createIdentity(identity.seed).peer, identity.peer)
  })

  test('a seed has 32 bytes', () => {
    for (const length of [0, 31, 33])
      assert.throws(() => createIdentity(new Uint8Array(length)), { code: 'INVALID_ARGUMENT' })
  })

  test('the domain is in front of what is signed', async () => {
    const identity = createIdentity(new Uint8Array(32).fill(1))
    const message = Uint8Array.of(1, 2, 3)
    const signature = identity.sign('causeway.test.v1\0', message)
    const signed = withDomain('causeway.test.v1\0', message)
    assert.equal(Buffer.from(signed).toString('latin1'), 'causeway.test.v1\0\x01\x02\x03')
    assert.ok(await verifyEd25519(identity.peer, signed, signature))
    assert.ok(!(await verifyEd25519(identity.peer, message, signature)))
    assert.ok(!(await verifyEd25519(identity.peer, withDomain('causeway.other.v1\0', message), signature)))
  })

  test('a PeerId is 64 lowercase hex digits', () => {
    for (const text of ['', 'ab', 'A'.repeat(64), 'g'.repeat(64), '0'.repeat(63), `${'0'.repeat(64)}\n`])
      assert.throws(() => parsePeerId(text), { code: 'INVALID_ARGUMENT' })
  })
})
