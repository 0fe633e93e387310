/** Level `author`: what a key signs. Ed25519 is deterministic, so all bytes are known before. */
import { toBase64Url, utf8 } from '../../../dag/bytes.ts'
import { hexToBytes } from '../../../dag/hex.ts'
import { createIdentity } from '../../../dag/identity.ts'
import { type Case, expectSame } from '../case.ts'
import { type BindingVectors, type EntryVector, plainFields, plainHex, readVectors } from '../vectors.ts'

export function authorCases(): Case[] {
  const { valid } = readVectors<{ valid: EntryVector[] }>('entries')
  const { certificates, handshakes, refusedHandshakes, tokens } = readVectors<BindingVectors>('bindings')
  return [
    ...valid.filter(({ seed }) => typeof seed === 'string').map(signs),
    ...certificates.map(binds),
    ...handshakes.map(shakes),
    ...refusedHandshakes.map(provesNobody),
    ...tokens.filter(({ reason, claims }) => reason === '' && isOfPrograms(claims)).map(proves),
  ]
}

/** Whether a program that is no web page signs such claims. `reusable` is left out where it is false. */
function isOfPrograms(claims: object): boolean {
  return !('origin' in claims) && !('reusable' in claims && claims.reusable === false)
}

/** The program encodes the fields and signs them. */
function signs(vector: EntryVector): Case {
  return {
    name: `author: signs: ${vector.name}`,
    level: 'author',
    rules: ['E2', 'E3', 'E4'],
    async run({ program }) {
      const answer = await program.expect('sign', { seed: vector.seed, fields: plainFields(vector.fields) })
      expectSame('E4', 'the body', plainHex(vector.body), answer.body)
      expectSame('E2', 'the signature of the body', vector.signature, answer.signature)
      expectSame('E3', 'the id', vector.id, answer.id)
    },
  }
}

function binds({ name, der, binding }: BindingVectors['certificates'][number]): Case {
  return {
    name: `author: binding: ${name}`,
    level: 'author',
    rules: ['C2'],
    async run({ program }) {
      const answer = await program.expect('binding', { der })
      expectSame('C2', 'the binding of the certificate', binding, answer.binding)
    },
  }
}

/** The program checks a server's half of a handshake. */
function shakes({ seed: _, ...handshake }: BindingVectors['handshakes'][number]): Case {
  return {
    name: `author: handshake: ${handshake.binding === '' ? 'no binding' : handshake.binding.slice(0, 40)}`,
    level: 'author',
    rules: ['H1', 'H4'],
    async run({ program }) {
      const holds = async (what: string, fields: object, expected: boolean) => {
        const answer = await program.expect('handshake', { ...handshake, ...fields })
        expectSame('H4', `whether ${what} holds`, expected, answer.holds)
      }
      const flipped = (hex: string) => `${hex.startsWith('0') ? '1' : '0'}${hex.slice(1)}`
      await holds('the proof', {}, true)
      await holds('the proof for another binding', { binding: `${handshake.binding}x` }, false)
      await holds(
        'the proof for another nonce of ours',
        { callerNonce: flipped(handshake.callerNonce) },
        false,
      )
      await holds(
        'the proof for another nonce of the server',
        { serverNonce: flipped(handshake.serverNonce) },
        false,
      )
      await holds('another signature', { signature: flipped(handshake.signature) }, false)
    },
  }
}

/** The program refuses a handshake that has one fault. */
function provesNobody({ name, ...handshake }: BindingVectors['refusedHandshakes'][number]): Case {
  return {
    ...{ name: `author: no handshake: ${name}`, level: 'author', rules: ['H4', 'H1'] },
    async run({ program }) {
      const { holds } = await program.expect('handshake', handshake)
      expectSame('H4', `whether the proof ${handshake.signature} holds`, false, holds)
    },
  }
}

/** The program signs a token with these claims. JSON has no one encoding, so what is signed is compared as a value. */
function proves({ name, seed, claims, token }: BindingVectors['tokens'][number]): Case {
  return {
    name: `author: token: ${name}`,
    level: 'author',
    rules: ['I1'],
    async run({ program }) {
      const { token: got } = await program.expect('token', { seed, claims })
      const parts = String(got).split('.')
      const decoded = (part = '') => JSON.parse(Buffer.from(part, 'base64url').toString()) as object
      const sorted = (value: object) => Object.fromEntries(Object.entries(value).sort())
      expectSame('I1', 'the number of parts of the token', 3, parts.length)
      expectSame('I1', 'the algorithm', 'EdDSA', (decoded(parts[0]) as { alg?: string }).alg)
      expectSame('I1', 'the claims', sorted(claims), sorted(decoded(parts[1])))
      expectSame('I1', 'whether the signature holds', true, holds(seed, parts))
      if (parts.slice(0, 2).join('.') === token.split('.').slice(0, 2).join('.'))
        expectSame('I1', 'the token', token, got)
    },
  }
}

/** Ed25519 is deterministic: signing again shows whether a signature holds. */
function holds(seed: string, [header, payload, signature]: readonly string[]): boolean {
  const signed = createIdentity(hexToBytes(seed)).sign('', utf8(`${header}.${payload}`))
  return toBase64Url(signed) === signature
}
