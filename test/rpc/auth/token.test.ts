/** Tokens that a caller signs: what they claim, and when a caller shows a new one. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { describe, it } from 'node:test'
import type { UnaryRequest, UnaryResponse } from '@connectrpc/connect'
import { jwtVerify } from 'jose'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import { Prover } from '../../../src/rpc/auth/prover.ts'
import { makeToken } from '../../../src/rpc/auth/token.ts'
import { testIdentity } from '../../kit/entries.ts'
import { VirtualClock } from '../../kit/virtual-clock.ts'

const [caller, server] = [testIdentity(1), testIdentity(2)]
const publicKey = createPublicKey({
  key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(caller.peer, 'hex').toString('base64url') },
  format: 'jwk',
})

describe('A token', () => {
  it('is a JWT that a library verifies, with these claims and no others', async () => {
    const clock = new VirtualClock()
    const nowSeconds = Math.floor(clock.now() / 1000)
    const verify = async (token: string) =>
      (await jwtVerify(token, publicKey, { algorithms: ['EdDSA'], currentDate: new Date(clock.now()) }))
        .payload
    const { jti, ...claims } = await verify(await makeToken(caller, server.peer, clock))
    const always = { iss: caller.peer, aud: server.peer, iat: nowSeconds, binding: '' }
    assert.deepEqual(claims, { ...always, exp: nowSeconds + limits.proofTtlMs / 1000 })
    const options = { binding: 'host:node.example', origin: 'https://app.example', ttlMs: 1, reusable: true }
    const { jti: other, ...further } = await verify(await makeToken(caller, server.peer, clock, options))
    assert.notEqual(jti, other)
    const { ttlMs, ...said } = options
    assert.deepEqual(further, { ...always, ...said, exp: nowSeconds + ttlMs })
  })
})

describe('A prover', () => {
  /** Makes calls whose answers are as `answer` says; returns the tokens that were shown. */
  function callsTo(answer: (token: string) => void = () => {}) {
    const clock = new VirtualClock()
    const prover = new Prover(clock)
    let made = 0
    prover.make = async () => `${++made}`
    const call = prover.interceptor(async (request) => {
      const token = request.header.get('authorization')!.replace('Bearer ', '')
      answer(token)
      return { token } as unknown as UnaryResponse
    })
    const show = async () => {
      const request = { stream: false, header: new Headers() } as unknown as UnaryRequest
      return ((await call(request)) as unknown as { token: string }).token
    }
    return { clock, prover, show }
  }

  it('shows one token for the life of a connection', async () => {
    const { clock, show } = callsTo()
    assert.equal(await show(), '1')
    await clock.advance(3_600_000)
    assert.equal(await show(), '1')
  })

  it('shows a new one when the old one is half over, and each call its own where it must', async () => {
    const { clock, prover, show } = callsTo()
    prover.renewAfterMs = 1_000
    assert.equal(await show(), '1')
    await clock.advance(999)
    assert.equal(await show(), '1')
    await clock.advance(1)
    assert.equal(await show(), '2')
    prover.renewAfterMs = 0
    assert.deepEqual([await show(), await show()], ['3', '4'])
  })

  it('makes a new one for each call once a token was refused as replayed', async () => {
    const { show } = callsTo((token) => {
      if (token === '1')
        throw new CausewayError('UNAUTHENTICATED', 'It was used before.', { data: { reason: 'replayed' } })
    })
    assert.deepEqual([await show(), await show()], ['2', '3'])
  })
})
