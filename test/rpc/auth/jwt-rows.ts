/**
 * The ways in which a JWT is known to have been forged or stretched, and what a node answers to each; and good tokens of
 * unusual forms. jwt-battery.test.ts sends them to a server.
 */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { limits } from '../../../src/base/limits.ts'
import type { Identity } from '../../../src/dag/identity.ts'
import { testIdentity } from '../../kit/entries.ts'
import { base64url, goodClaims, keyOf, signToken } from '../../kit/jwt.ts'
import type { ServingNode } from '../../kit/serving-node.ts'

const malformed = 'UNAUTHENTICATED malformed'
const badSignature = 'UNAUTHENTICATED signature'
const expired = 'UNAUTHENTICATED expired'
const lifetime = 'UNAUTHENTICATED lifetime'

const thief = testIdentity(3)
/** The node, and the operator who issues the tokens. */
export const [self, operator] = [testIdentity(1), testIdentity(2)] as const
const nowSeconds = Math.floor(Date.now() / 1000)
const skew = limits.proofSkewMs / 1000
const jwkOf = ({ peer }: Identity) => ({ kty: 'OKP', crv: 'Ed25519', x: base64url(Buffer.from(peer, 'hex')) })

type Claims = Record<string, unknown>
type Header = string | readonly string[] | undefined
export interface Row {
  /** `ok`, a code and its reason, or `cut` if the connection ends without an answer. */
  readonly expected: string
  /** Returns the Authorization header, given good claims of the operator. */
  readonly header: (claims: Claims, serving: ServingNode) => Header
}

const bearer = (token: string) => `Bearer ${token}`
/** A token that the operator signs, with some claims or a header of its own. */
const row = (expected: string, changed: Claims, head?: object | string): Row => ({
  expected,
  header: (claims) => bearer(signToken(operator, { ...claims, ...changed }, head)),
})
/** The same with one claim as it stands in the JSON text. */
const raw = (expected: string, name: string, value: string): Row => ({
  expected,
  header: ({ [name]: _, ...claims }) =>
    bearer(signToken(operator, `${JSON.stringify(claims).slice(0, -1)},"${name}":${value}}`)),
})
/** A good token whose text is changed. */
const text = (
  expected: string,
  change: (head: string, claims: string, signature: string) => string,
): Row => ({
  expected,
  header: (claims) => change(...(signToken(operator, claims).split('.') as [string, string, string])),
})
/** A token with another signature. */
const signed = (expected: string, head: object, signature: (input: string) => Uint8Array): Row => ({
  expected,
  header: (claims) => {
    const input = `${base64url(JSON.stringify(head))}.${base64url(JSON.stringify(claims))}`
    return bearer(`${input}.${base64url(signature(input))}`)
  },
})
/** A token that names a key of the thief, who signs it, to be used in place of the issuer's. */
const byThief = (head: object): Row => ({
  expected: badSignature,
  header: (claims) => bearer(signToken(thief, claims, { alg: 'EdDSA', ...head })),
})

/** S + L is the same scalar, so a lax verifier takes it for another valid signature. */
function plusOrder(signature: string): string {
  const bytes = Buffer.from(signature, 'base64url')
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order
  const more = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()
  return base64url(Buffer.concat([bytes.subarray(0, 32), more]))
}

/** The last character of 64 bytes has four bits that say nothing. */
function otherText(signature: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return signature.slice(0, -1) + alphabet[alphabet.indexOf(signature.at(-1)!) + 1]
}

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
const ed448 = generateKeyPairSync('ed448').privateKey
const hs256 = (key: string | Buffer) => (input: string) => createHmac('sha256', key).update(input).digest()
const EdDSA = { alg: 'EdDSA' }

const algorithms: Record<string, Row> = {
  'alg none': signed(malformed, { alg: 'none' }, () => Buffer.from('AA')),
  'alg none without a signature': text(malformed, (_, claims) =>
    bearer(`${base64url('{"alg":"none"}')}.${claims}.`),
  ),
  'alg NoNe': signed(malformed, { alg: 'NoNe' }, () => Buffer.from('AA')),
  'no alg': row(malformed, {}, { typ: 'JWT' }),
  'alg as a list': row(malformed, {}, { alg: ['EdDSA'] }),
  'alg in lower case': row(malformed, {}, { alg: 'eddsa' }),
  'HS256 with the public key as secret': signed(
    malformed,
    { alg: 'HS256' },
    hs256(Buffer.from(operator.peer, 'hex')),
  ),
  'HS256 with the PeerId as secret': signed(malformed, { alg: 'HS256' }, hs256(operator.peer)),
  'HS256, said to be EdDSA': signed(badSignature, EdDSA, hs256(operator.peer)),
  ES256: signed(malformed, { alg: 'ES256' }, (input) =>
    sign('sha256', Buffer.from(input), { key: ec, dsaEncoding: 'ieee-p1363' }),
  ),
  'ES256, said to be EdDSA': signed(badSignature, EdDSA, (input) =>
    sign('sha256', Buffer.from(input), { key: ec, dsaEncoding: 'ieee-p1363' }),
  ),
  RS256: signed(malformed, { alg: 'RS256' }, (input) => sign('sha256', Buffer.from(input), rsa)),
  'EdDSA by Ed448': signed(badSignature, EdDSA, (input) => sign(null, Buffer.from(input), ed448)),
  'the newer name of the algorithm': row(malformed, {}, { alg: 'Ed25519' }),
}

const headers: Record<string, Row> = {
  'crit that nobody knows': row(malformed, {}, { ...EdDSA, crit: ['exp'], exp: 1 }),
  'crit that is empty': row(malformed, {}, { ...EdDSA, crit: [] }),
  'crit that is no list': row(malformed, {}, { ...EdDSA, crit: 'b64' }),
  'b64 false, critical': row(malformed, {}, { ...EdDSA, crit: ['b64'], b64: false }),
  'b64 false, critical, with a payload as it is': {
    expected: malformed,
    header: (claims) => {
      const head = base64url(JSON.stringify({ ...EdDSA, crit: ['b64'], b64: false }))
      const input = `${head}.${JSON.stringify(claims)}`
      return bearer(`${input}.${base64url(sign(null, Buffer.from(input), keyOf(operator)))}`)
    },
  },
  'jwk of the thief': byThief({ jwk: jwkOf(thief) }),
  'jku of the thief': byThief({ jku: 'https://thief.example/keys' }),
  'x5u of the thief': byThief({ x5u: 'https://thief.example/chain' }),
  'kid of the thief': byThief({ kid: thief.peer }),
  'kid that is a path': byThief({ kid: '../../dev/null' }),
  'typ of another token': row(malformed, {}, { ...EdDSA, typ: 'at+jwt' }),
  'typ as a number': row(malformed, {}, { ...EdDSA, typ: 1 }),
  'a header that is no object': row(malformed, {}, '["EdDSA"]'),
  'a header that is no JSON': row(malformed, {}, 'EdDSA'),
  'a header nested without end': row(malformed, {}, `{"alg":"EdDSA","x":${'['.repeat(1_000)}`),
  'a compressed payload': {
    expected: malformed,
    header: (claims) => {
      const zip = base64url(deflateRawSync(JSON.stringify(claims)))
      const input = `${base64url(JSON.stringify({ ...EdDSA, zip: 'DEF' }))}.${zip}`
      return bearer(`${input}.${base64url(sign(null, Buffer.from(input), keyOf(operator)))}`)
    },
  },
  'a header of 10 KB': row(malformed, {}, { ...EdDSA, x: 'x'.repeat(10_000) }),
  // More than an HTTP request may have: the connection ends.
  'a header of 100 KB': row('cut', {}, { ...EdDSA, x: 'x'.repeat(100_000) }),
}

const signatures: Record<string, Row> = {
  'an empty signature': text(malformed, (head, claims) => bearer(`${head}.${claims}.`)),
  'a signature of one byte': text(badSignature, (head, claims) => bearer(`${head}.${claims}.AA`)),
  'a signature of zeros': text(badSignature, (head, claims) =>
    bearer(`${head}.${claims}.${base64url(Buffer.alloc(64))}`),
  ),
  'the signature of another token': {
    expected: badSignature,
    header: (claims, serving) => {
      const other = signToken(operator, goodClaims(serving, operator)).split('.')[2]
      return bearer(`${signToken(operator, claims).split('.').slice(0, 2).join('.')}.${other}`)
    },
  },
  'a signature with S + L': text(badSignature, (head, claims, signature) =>
    bearer(`${head}.${claims}.${plusOrder(signature)}`),
  ),
  'a byte after the signature': text(badSignature, (head, claims, signature) =>
    bearer(`${head}.${claims}.${base64url(Buffer.from(`${signature}AA`, 'base64url'))}AA`),
  ),
  'the signature of somebody else': {
    expected: badSignature,
    header: (claims) => bearer(signToken(thief, claims)),
  },
  'a detached payload': text(malformed, (head, _, signature) => bearer(`${head}..${signature}`)),
}

/** Keys for which a signature of zeros or the neutral point is valid for many messages or all. */
for (const point of [
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
])
  signatures[`an issuer of small order, ${point.slice(0, 4)}…${point.slice(-2)}`] = {
    expected: malformed,
    header: (claims) => {
      const input = `${base64url(JSON.stringify(EdDSA))}.${base64url(JSON.stringify({ ...claims, iss: point }))}`
      const neutral = Buffer.alloc(64)
      neutral[0] = 1
      return bearer(`${input}.${base64url(neutral)}`)
    },
  }

const texts: Record<string, Row> = {
  'two parts': text(malformed, (head, claims) => bearer(`${head}.${claims}`)),
  'four parts': text(malformed, (...parts) => bearer([...parts, parts[2]].join('.'))),
  'five parts, as if encrypted': text(malformed, (...parts) => bearer([...parts, 'AA', 'AA'].join('.'))),
  'padding after a part': text(malformed, (head, claims, signature) =>
    bearer(`${head}=.${claims}.${signature}==`),
  ),
  'whitespace in a part': text(malformed, (head, claims, signature) =>
    bearer(`${head}.${claims.slice(0, 9)} ${claims.slice(9)}.${signature}`),
  ),
  'base64 that is not base64url': text(malformed, (head, claims) => bearer(`${head}.${claims}.+/+/`)),
  'characters of no alphabet': text(malformed, (head, claims) => bearer(`${head}.${claims}.%00`)),
  'a part of a length that base64 cannot have': text(malformed, (head, claims, signature) =>
    bearer(`${head}A.${claims}.${signature}`),
  ),
  'a payload that is no object': { expected: malformed, header: () => bearer(signToken(operator, '[]')) },
  'a payload that is null': { expected: malformed, header: () => bearer(signToken(operator, 'null')) },
  'a payload that is no UTF-8': {
    expected: malformed,
    header: () => bearer(`${base64url(JSON.stringify(EdDSA))}.${base64url(Buffer.from([0xff, 0xfe]))}.AA`),
  },
  'another scheme': text(malformed, (...parts) => `Basic ${parts.join('.')}`),
  'another scheme after it': text(malformed, (...parts) => `${bearer(parts.join('.'))}, Basic YTpi`),
  'no scheme': text(malformed, (...parts) => parts.join('.')),
  'the scheme alone': { expected: malformed, header: () => 'Bearer' },
  'nothing in the header': { expected: malformed, header: () => '' },
  // Node keeps the first line.
  'a second header, and the first is bad': {
    expected: malformed,
    header: (claims) => ['Basic YTpi', bearer(signToken(operator, claims))],
  },
  'no header': { expected: 'UNAUTHENTICATED missing', header: () => undefined },
}

const claims: Record<string, Row> = {
  'exp in the past': row(expired, { exp: nowSeconds - skew - 5 }),
  'exp far in the future': row(lifetime, { exp: nowSeconds + 86_400 }),
  'exp negative': row(expired, { exp: -1 }),
  'exp in milliseconds': row(lifetime, { exp: Date.now() + 60_000 }),
  'exp 1e400': raw(malformed, 'exp', '1e400'),
  'exp 1e300': raw(lifetime, 'exp', '1e300'),
  'exp as a text': row(malformed, { exp: String(nowSeconds + 60) }),
  'exp null': row(malformed, { exp: null }),
  'no exp': row(malformed, { exp: undefined }),
  'nbf in the future': row(malformed, { nbf: nowSeconds + skew + 60 }),
  'nbf 1e400': raw(malformed, 'nbf', '1e400'),
  'nbf as a text': row(malformed, { nbf: '0' }),
  'iat 1e400': raw(malformed, 'iat', '1e400'),
  'iat -1e400': raw(malformed, 'iat', '-1e400'),
  'iat as a text': row(malformed, { iat: '0' }),
  'no jti': row(malformed, { jti: undefined }),
  'jti empty': row(malformed, { jti: '' }),
  'jti as a number': row(malformed, { jti: 1 }),
  'no iss': row(malformed, { iss: undefined }),
  'iss in upper case': row(malformed, { iss: operator.peer.toUpperCase() }),
  'iss of somebody else': row(badSignature, { iss: self.peer }),
  'no aud': row(malformed, { aud: undefined }),
  'aud of another node': row('UNAUTHENTICATED audience', { aud: thief.peer }),
  'aud as a list with this node': row(malformed, { aud: [self.peer] }),
  'aud in upper case': row('UNAUTHENTICATED audience', { aud: self.peer.toUpperCase() }),
  'no binding': row(malformed, { binding: undefined }),
  'the binding of plain HTTP': row('UNAUTHENTICATED binding', { binding: 'insecure' }),
  'the binding of another certificate': row('UNAUTHENTICATED binding', { binding: `tls:${'00'.repeat(32)}` }),
  'the binding of a host': row('UNAUTHENTICATED binding', { binding: 'host:node.example' }),
  'reusable as a text': row(malformed, { reusable: 'true' }),
  'reusable as a number': row(malformed, { reusable: 1 }),
  'reusable null': row(malformed, { reusable: null }),
  'reusable over plain HTTP': row(malformed, { reusable: true, binding: 'insecure' }),
  'reusable, and expired': row(expired, { reusable: true, exp: nowSeconds - skew - 5 }),
  'reusable for an hour': row(lifetime, { reusable: true, exp: nowSeconds + 3_600 }),
  'reusable with another binding': row('UNAUTHENTICATED binding', {
    ...{ reusable: true, binding: `tls:${'00'.repeat(32)}` },
  }),
  'the origin of a page': row('UNAUTHENTICATED binding', { origin: 'https://app.example' }),
}

const good: Record<string, Row> = {
  'a good token': row('ok', {}),
  'typ JWT': row('ok', {}, { ...EdDSA, typ: 'jwt' }),
  'kid, jku, x5u and jwk, which nobody reads': row(
    'ok',
    {},
    {
      ...EdDSA,
      kid: 'k',
      jku: 'https://thief.example/keys',
      x5u: 'https://thief.example',
      jwk: jwkOf(thief),
    },
  ),
  'b64 false that is not critical, so it says nothing': row('ok', {}, { ...EdDSA, b64: false }),
  'reusable false': row('ok', { reusable: false }),
  'exp with a fraction': row('ok', { exp: nowSeconds + 60.5 }),
  'iat and nbf in the past': row('ok', { iat: -1.5, nbf: -1 }),
  'iat in the future': row('ok', { iat: nowSeconds + 86_400 }),
  'claims that nobody knows': row('ok', { sub: 1, admin: true, toString: 0 }),
  'a scheme in lower case': text('ok', (...parts) => `bearer ${parts.join('.')}`),
  'a second header, and the first is good': {
    expected: 'ok',
    header: (claims) => [bearer(signToken(operator, claims)), 'Basic YTpi'],
  },
  'a signature in another text': text('ok', (head, claims, signature) =>
    bearer(`${head}.${claims}.${otherText(signature)}`),
  ),
}

export const rows: Readonly<Record<string, Readonly<Record<string, Row>>>> = {
  ...{ algorithms, headers, signatures, texts, claims },
  'good tokens': good,
}
