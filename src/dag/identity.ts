/**
 * A key and the PeerId that names it. One Ed25519 key (RFC 8032) is a node's identity everywhere: it signs entries,
 * proves who makes a call, and is the endpoint's id on QUIC.
 */
import { CausewayError } from '../base/errors.ts'
import { bytes } from '../base/shape.ts'
import { importEd25519 } from './crypto.ts'

declare const peerIdBrand: unique symbol
/** An Ed25519 public key as 64 lowercase hex digits, as iroh prints it. Sorts like its bytes. */
export type PeerId = string & { readonly [peerIdBrand]: true }

const utf8 = new TextEncoder()
const peerIdPattern = /^[0-9a-f]{64}$/

/** Parses the text form of a PeerId. Throws INVALID_ARGUMENT for anything else. */
export function parsePeerId(text: string): PeerId {
  if (!peerIdPattern.test(text))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A PeerId is 64 lowercase hex digits, got ${JSON.stringify(text.slice(0, 80))}.`,
    )
  return text as PeerId
}

/** Whoever signs with a key: it may have the seed, or ask something that does not give it away. */
export interface Signer {
  readonly peer: PeerId
  /** Signs `domain ‖ message`; returns 64 bytes. The domain ends in NUL and is never chosen by a remote caller. */
  sign(domain: string, message: Uint8Array): Uint8Array | Promise<Uint8Array>
}

/** A node's key. The seed is its secret: 32 bytes, never logged, mode 0600 on disk. */
export interface Identity extends Signer {
  readonly seed: Uint8Array
  sign(domain: string, message: Uint8Array): Uint8Array
}

/** Returns the identity of a 32-byte seed, or a new random one. Throws INVALID_ARGUMENT. */
export function createIdentity(seed?: Uint8Array): Identity {
  if (seed !== undefined) bytes(seed, 'seed')
  if (seed !== undefined && seed.length !== 32)
    throw new CausewayError('INVALID_ARGUMENT', `An identity's seed is 32 bytes, got ${seed.length}.`)
  const key = importEd25519(seed)
  return {
    peer: key.publicKeyHex as PeerId,
    seed: key.seed,
    sign: (domain, message) => key.sign(withDomain(domain, message)),
  }
}

/** The bytes of each domain. There are only a handful. */
const domains = new Map<string, Uint8Array>()

export function domainBytes(domain: string): Uint8Array {
  let bytes = domains.get(domain)
  if (bytes === undefined) {
    bytes = utf8.encode(domain)
    domains.set(domain, bytes)
  }
  return bytes
}

/** Returns the bytes that are actually signed: the domain as UTF-8, then the message. */
export function withDomain(domain: string, message: Uint8Array): Uint8Array {
  const prefix = domainBytes(domain)
  const bytes = new Uint8Array(prefix.length + message.length)
  bytes.set(prefix)
  bytes.set(message, prefix.length)
  return bytes
}
