/** The golden vectors of bindings: the file is what its generator writes, and this implementation agrees with it. */
import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { create } from '@bufbuild/protobuf'
import {
  bindingsFile,
  makeBindingVectors,
  type TokenVector,
} from '../../../conformance/vectors/make-bindings.ts'
import { HandshakeRequestSchema, HandshakeResponseSchema } from '../../../gen/causeway/v1/sync_pb.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import type { Protection } from '../../../src/base/protection.ts'
import { bytesToHex, hexToBytes } from '../../../src/dag/hex.ts'
import { createIdentity, parsePeerId } from '../../../src/dag/identity.ts'
import { Bindings } from '../../../src/rpc/auth/binding.ts'
import { signHandshake, verifyHandshake } from '../../../src/rpc/auth/handshake.ts'
import { Proofs } from '../../../src/rpc/auth/proof.ts'
import { openMemory } from '../../../src/store/database/open.ts'
import { certificateHash } from '../../../src/transport/certificate.ts'

const vectors = JSON.parse(readFileSync(bindingsFile, 'utf8')) as {
  certificates: { name: string; der: string; binding: string }[]
  handshakes: Record<
    'seed' | 'peer' | 'callerNonce' | 'serverNonce' | 'binding' | 'signed' | 'signature',
    string
  >[]
  refusedHandshakes: Record<
    'name' | 'peer' | 'callerNonce' | 'serverNonce' | 'binding' | 'signature',
    string
  >[]
  tokens: TokenVector[]
}

describe('binding vectors', () => {
  it('the file is what the generator writes, byte for byte', () => {
    assert.ok(
      readFileSync(bindingsFile, 'utf8') === makeBindingVectors(),
      'If the change is intended, run npx tsx conformance/vectors/make-bindings.ts.',
    )
  })

  for (const { name, der, binding } of vectors.certificates)
    it(`the certificate ${name} has its hash`, () =>
      assert.equal(`tls:${certificateHash(hexToBytes(der))}`, binding))

  for (const { seed, peer, callerNonce, serverNonce, binding, signature } of vectors.handshakes)
    it(`a handshake for ${JSON.stringify(binding)} has its signature, and verifies for no other`, async () => {
      const nonce = hexToBytes(callerNonce)
      const request = create(HandshakeRequestSchema, { version: 2, nonce, binding })
      const signed = signHandshake(createIdentity(hexToBytes(seed)), request, hexToBytes(serverNonce))
      assert.equal(bytesToHex(signed), signature)
      const answer = create(HandshakeResponseSchema, {
        ...{ version: 2, peer: hexToBytes(peer), nonce: hexToBytes(serverNonce), signature: signed },
      })
      assert.equal(await verifyHandshake(nonce, binding, answer), peer)
      for (const { binding: other } of vectors.handshakes)
        if (other !== binding)
          await assert.rejects(verifyHandshake(nonce, other, answer), { code: 'WRONG_PEER' })
    })

  for (const { name, peer, callerNonce, serverNonce, binding, signature } of vectors.refusedHandshakes)
    it(`a handshake ${name} proves nobody`, async () => {
      const answer = create(HandshakeResponseSchema, {
        ...{ version: 2, peer: hexToBytes(peer), nonce: hexToBytes(serverNonce) },
        signature: hexToBytes(signature),
      })
      await assert.rejects(verifyHandshake(hexToBytes(callerNonce), binding, answer), { code: 'WRONG_PEER' })
    })

  for (const { name, claims, token, nowMs, server, channel, reason } of vectors.tokens)
    it(`a token that names ${name} ${reason === '' ? 'holds' : `is refused: ${reason}`}`, async () => {
      const { peer, tlsBindings, allowedHosts, corsOrigins, insecure } = server
      const proofs = await Proofs.open({
        audience: parsePeerId(peer),
        clock: { ...systemClock, now: () => nowMs },
        db: await openMemory(),
        bindings: new Bindings({
          certificates: tlsBindings,
          hosts: allowedHosts,
          origins: corsOrigins,
          insecure,
        }),
        shareOf: () => 'stranger',
      })
      const { origin = null, ...protection } = channel
      const caller = { remoteAddress: '192.0.2.1:1', transport: 'test', operator: false }
      const show = () =>
        proofs.spend(token, { ...caller, protection: protection as Protection }, origin).then(
          () => '',
          (error) => (error instanceof CausewayError ? error.data.reason : String(error)),
        )
      assert.equal(await show(), reason)
      // As if on another connection.
      assert.equal(await show(), reason === '' && claims.reusable !== true ? 'replayed' : reason)
    })
})
