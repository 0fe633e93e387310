/**
 * Writes bindings.json: `npx tsx conformance/vectors/make-bindings.ts`. Everything follows from fixed seeds and the
 * certificates in certificates/, so the file stays the same byte for byte; a test checks that.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bytesToHex } from '../../src/dag/hex.ts'
import { type Identity, withDomain } from '../../src/dag/identity.ts'
import { testIdentity } from '../../test/kit/entries.ts'
import { projectFile } from '../../test/kit/project.ts'

export const bindingsFile = projectFile('conformance/vectors/bindings.json')
const certificatesFolder = projectFile('conformance/vectors/certificates')

const about = [
  'Golden vectors of channel bindings, handshakes and tokens (docs/protocol.md), for implementations in any language.',
  'Bytes are lowercase hex. Seeds are 32-byte Ed25519 seeds; their signatures are deterministic.',
  'certificates: the binding of a TLS channel is "tls:" and the hash of the server\'s certificate (der) by the function named in hash.',
  'handshakes: signed = "causeway.handshake.v2\\0" || callerNonce || serverNonce || UTF-8(binding); signature is the server\'s over it.',
  'refusedHandshakes: those whose signature proves nobody; name says what is wrong. A caller refuses them with WRONG_PEER.',
  'tokens: a compact JWT that the caller signed; claims is its decoded payload. A server with the PeerId and settings in server gets it at nowMs.',
  "tokens[].channel: what the server sees of the connection. kind is tls (with its certificate's hash), keys (QUIC), local (loopback) or none (plain HTTP that leaves the machine); origin is the Origin header.",
  'tokens[].reason: data.reason of the refusal with UNAUTHENTICATED, or "" if the token proves its issuer. On a second connection a token that holds is refused as "replayed", unless its claim reusable is true.',
]

export interface TokenVector {
  readonly name: string
  readonly seed: string
  readonly claims: Readonly<Record<string, unknown>>
  readonly token: string
  readonly nowMs: number
  readonly server: {
    readonly peer: string
    readonly tlsBindings: readonly string[]
    readonly allowedHosts: readonly string[]
    readonly corsOrigins: readonly string[]
    readonly insecure: boolean
  }
  readonly channel: { readonly kind: string; readonly certificate?: string; readonly origin?: string }
  readonly reason: string
}

/** The hash functions of the files whose names do not end with it: RFC 5929 replaces MD5 and SHA-1, Ed25519 has none. */
const replaced = ['rsa-md5', 'rsa-sha1', 'rsa-pss-sha1', 'ecdsa-sha1', 'ed25519']

function certificates() {
  return readdirSync(certificatesFolder)
    .sort()
    .map((file) => {
      const name = file.replace('.pem', '')
      const { raw } = new X509Certificate(readFileSync(join(certificatesFolder, file)))
      const hash = replaced.includes(name) ? 'sha256' : /sha(3-)?\d+$/.exec(name)![0]
      const binding = `tls:${createHash(hash).update(raw).digest('hex')}`
      return { name, hash, der: raw.toString('hex'), binding }
    })
}

const [server, caller] = [testIdentity(81), testIdentity(82)]
const seedOf = ({ seed }: Identity) => bytesToHex(seed)
const [own, proxy, relay] = ['11', '22', '33'].map((byte) => byte.repeat(32)) as [string, string, string]

function handshakes() {
  const [callerNonce, serverNonce] = [new Uint8Array(32).fill(0xaa), new Uint8Array(32).fill(0xbb)]
  return ['', `tls:${own}`, 'host:node.example', 'insecure'].map((binding) => {
    const rest = Buffer.concat([callerNonce, serverNonce, Buffer.from(binding)])
    return {
      seed: seedOf(server),
      peer: server.peer,
      callerNonce: bytesToHex(callerNonce),
      serverNonce: bytesToHex(serverNonce),
      binding,
      signed: bytesToHex(withDomain('causeway.handshake.v2\0', rest)),
      signature: bytesToHex(server.sign('causeway.handshake.v2\0', rest)),
    }
  })
}

/** L, the order of the base point, little-endian. A signature whose S has it added is refused. */
const order = 2n ** 252n + 27742317777372353535851937790883648493n

/** Returns a signature with L added to its S. */
function withLargeS(signature: Uint8Array): Uint8Array {
  const s = BigInt(`0x${Buffer.from(signature.slice(32)).reverse().toString('hex')}`) + order
  const bytes = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()
  return new Uint8Array([...signature.slice(0, 32), ...bytes])
}

/** Handshakes that prove nobody: each has one fault. */
function refusedHandshakes() {
  const [callerNonce, serverNonce] = [new Uint8Array(32).fill(0xaa), new Uint8Array(32).fill(0xbb)]
  const signedBy = (key: Identity, domain: string, ...parts: readonly (Uint8Array | string)[]) =>
    key.sign(domain, Buffer.concat(parts.map((part) => Buffer.from(part as string))))
  const domain = 'causeway.handshake.v2\0'
  const right = signedBy(server, domain, callerNonce, serverNonce, '')
  const neutral = `01${'00'.repeat(31)}`
  const faults: Readonly<Record<string, { signature: Uint8Array; peer?: string; binding?: string }>> = {
    'signed by another key': { signature: signedBy(caller, domain, callerNonce, serverNonce, '') },
    'for another binding': { signature: right, binding: 'insecure' },
    'for no binding, where there is one': { signature: right, binding: `tls:${own}` },
    'for a binding, where there is none': {
      signature: signedBy(server, domain, callerNonce, serverNonce, `tls:${own}`),
    },
    'of the version before': {
      signature: signedBy(server, 'causeway.handshake.v1\0', callerNonce, serverNonce, ''),
    },
    'of an entry': { signature: signedBy(server, 'causeway.entry.v1\0', callerNonce, serverNonce, '') },
    'without a domain': { signature: signedBy(server, '', callerNonce, serverNonce, '') },
    'with the nonces the other way round': {
      signature: signedBy(server, domain, serverNonce, callerNonce, ''),
    },
    "without the server's nonce": { signature: signedBy(server, domain, callerNonce, '') },
    "without the caller's nonce": { signature: signedBy(server, domain, serverNonce, '') },
    'with a bit flipped': { signature: right.map((byte, at) => (at === 40 ? byte ^ 1 : byte)) },
    'with L added to S': { signature: withLargeS(right) },
    'all zeros': { signature: new Uint8Array(64) },
    // S = 0 and R = A = the neutral point hold for any message in libraries that let points of small order pass.
    'by a key of small order': {
      signature: new Uint8Array([...Buffer.from(neutral, 'hex'), ...new Uint8Array(32)]),
      peer: neutral,
    },
  }
  return Object.entries(faults).map(([name, { signature, peer = server.peer, binding = '' }]) => ({
    ...{ name, peer, callerNonce: bytesToHex(callerNonce), serverNonce: bytesToHex(serverNonce) },
    ...{ binding, signature: bytesToHex(signature) },
  }))
}

const nowMs = 1_800_000_000_000
const local = { kind: 'local' }
const tls = { kind: 'tls', certificate: own }
const host = 'host:node.example'
const page = 'https://app.example'

/** Name, claims besides the usual ones, channel, reason, and settings of the server. */
type TokenCase = [
  name: string,
  claims: Record<string, unknown>,
  channel: TokenVector['channel'],
  reason: string,
  settings?: Partial<TokenVector['server']>,
]

const tokenCases: readonly TokenCase[] = [
  ['nothing, on loopback', { binding: '' }, local, ''],
  ['nothing, over QUIC, which a tunnel carries', { binding: '' }, { kind: 'keys' }, ''],
  ['nothing, over TLS', { binding: '' }, tls, 'binding'],
  ['nothing, over plain HTTP', { binding: '' }, { kind: 'none' }, 'binding'],
  ['the own certificate', { binding: `tls:${own}` }, tls, ''],
  ['the own certificate, in upper case', { binding: `TLS:${own.toUpperCase()}` }, tls, 'binding'],
  ['the certificate of a relay', { binding: `tls:${relay}` }, tls, 'binding'],
  ['a certificate, on loopback', { binding: `tls:${own}` }, local, 'binding'],
  [
    'a certificate, over QUIC',
    { binding: `tls:${proxy}` },
    { kind: 'keys' },
    'binding',
    { tlsBindings: [proxy] },
  ],
  ['the certificate of a proxy', { binding: `tls:${proxy}` }, local, '', { tlsBindings: [proxy] }],
  ['the certificate of a proxy, over TLS', { binding: `tls:${proxy}` }, tls, '', { tlsBindings: [proxy] }],
  ['a host', { binding: host }, tls, '', { allowedHosts: ['node.example'] }],
  ['a host, behind a proxy', { binding: host }, local, '', { allowedHosts: ['node.example'] }],
  ['a host that the server was not given', { binding: host }, tls, 'binding'],
  ['a host, by a page', { binding: host, origin: page }, { ...tls, origin: page }, '', named()],
  ['a host, by a page without the claim', { binding: host }, { ...tls, origin: page }, 'binding', named()],
  [
    'a host, by another page',
    { binding: host, origin: page },
    { ...tls, origin: 'https://node.example' },
    'binding',
    named(),
  ],
  [
    'a host, by a page that the server was not given',
    { binding: host, origin: page },
    tls,
    'binding',
    { allowedHosts: ['node.example'] },
  ],
  ['plain HTTP', { binding: 'insecure' }, { kind: 'none' }, 'binding'],
  ['plain HTTP, after --insecure', { binding: 'insecure' }, { kind: 'none' }, '', { insecure: true }],
  ['plain HTTP, on loopback', { binding: 'insecure' }, local, 'binding', { insecure: true }],
  ['no binding', {}, local, 'malformed'],
  ['a binding that is no text', { binding: 1 }, local, 'malformed'],
  ['an issuer that is no text', { binding: '', iss: { toString: 0 } }, local, 'malformed'],
  ['several audiences', { binding: '', aud: [server.peer] }, local, 'malformed'],
  ['another audience', { binding: '', aud: caller.peer }, local, 'audience'],
  ['an end that is text', { binding: '', exp: '1800000060' }, local, 'malformed'],
  ['an end that has passed', { binding: '', exp: nowMs / 1000 - 60 }, local, 'expired'],
  ['an end that is too far ahead', { binding: '', exp: nowMs / 1000 + 361 }, local, 'lifetime'],
  ['nothing, reusable', { binding: '', reusable: true }, local, ''],
  ['nothing, reusable, over QUIC', { binding: '', reusable: true }, { kind: 'keys' }, ''],
  ['the own certificate, reusable', { binding: `tls:${own}`, reusable: true }, tls, ''],
  ['the certificate of a relay, reusable', { binding: `tls:${relay}`, reusable: true }, tls, 'binding'],
  ['a host, reusable', { binding: host, reusable: true }, tls, '', { allowedHosts: ['node.example'] }],
  [
    'a host, reusable, by a page',
    { binding: host, origin: page, reusable: true },
    { ...tls, origin: page },
    '',
    named(),
  ],
  [
    'a host, reusable, by another page',
    { binding: host, origin: page, reusable: true },
    { ...tls, origin: 'https://node.example' },
    'binding',
    named(),
  ],
  [
    'plain HTTP, reusable',
    { binding: 'insecure', reusable: true },
    { kind: 'none' },
    'malformed',
    { insecure: true },
  ],
  ['nothing, reusable as text', { binding: '', reusable: 'true' }, local, 'malformed'],
  ['nothing, not reusable', { binding: '', reusable: false }, local, ''],
  [
    'nothing, reusable, for the longest time',
    { binding: '', exp: nowMs / 1000 + 360, reusable: true },
    local,
    '',
  ],
  [
    'nothing, reusable, for longer',
    { binding: '', exp: nowMs / 1000 + 361, reusable: true },
    local,
    'lifetime',
  ],
  [
    'nothing, reusable, and has passed',
    { binding: '', exp: nowMs / 1000 - 60, reusable: true },
    local,
    'expired',
  ],
]

function named() {
  return { allowedHosts: ['node.example'], corsOrigins: [page] }
}

function tokens(): TokenVector[] {
  return tokenCases.map(([name, more, channel, reason, settings = {}], index) => {
    const claims = {
      ...{ iss: caller.peer, aud: server.peer, exp: nowMs / 1000 + 60, jti: `vector ${index}` },
      ...more,
    }
    const text = [{ alg: 'EdDSA', typ: 'JWT' }, claims]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    const signature = caller.sign('', Buffer.from(text))
    return {
      ...{ name, seed: seedOf(caller), claims, nowMs, channel, reason },
      token: `${text}.${Buffer.from(signature).toString('base64url')}`,
      server: {
        ...{ peer: server.peer, tlsBindings: [], allowedHosts: [], corsOrigins: [], insecure: false },
        ...settings,
      },
    }
  })
}

export function makeBindingVectors(): string {
  const vectors = {
    about,
    certificates: certificates(),
    handshakes: handshakes(),
    refusedHandshakes: refusedHandshakes(),
    tokens: tokens(),
  }
  return `${JSON.stringify(vectors, null, 1)}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(bindingsFile, makeBindingVectors())
}
