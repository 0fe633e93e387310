/**
 * The three primitives that the DAG needs, for Node: SHA-256, Ed25519 verification on the thread pool, and signing.
 * Bundlers for browsers replace it with `crypto.web.ts` (the `browser` field of package.json), so the rest of `dag/`
 * does not depend on Node.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { hexToBytes } from './hex.ts'
import { pointFlaw } from './point.ts'

// DER prefix of RFC 8410, so that a raw 32-byte seed can be imported synchronously.
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const publicKeyBytes = 32

/** Imported public keys are cached, at 1.2 KB each, since an import costs a tenth of a verification. */
const publicKeys = new Map<string, KeyObject>()
const publicKeysKept = 1024

/** Small parts are joined here: most entries fit, and a buffer for each of them would fill memory. */
const scratch = new Uint8Array(4096)

/** Returns the parts joined in a buffer that the next call reuses, or undefined if they do not fit. */
function joinedSmall(parts: readonly Uint8Array[]): Uint8Array | undefined {
  let length = 0
  for (const part of parts) length += part.length
  if (length > scratch.length) return undefined
  let at = 0
  for (const part of parts) {
    scratch.set(part, at)
    at += part.length
  }
  return scratch.subarray(0, length)
}

export function sha256Hex(...parts: Uint8Array[]): string {
  // One call into OpenSSL is cheaper than a hash object.
  const joined = hash === undefined ? undefined : parts.length === 1 ? parts[0] : joinedSmall(parts)
  if (joined !== undefined) return hash('sha256', joined, 'hex')
  const state = createHash('sha256')
  for (const part of parts) state.update(part)
  return state.digest('hex')
}

function publicKeyOf(publicKeyHex: string): KeyObject {
  let key = publicKeys.get(publicKeyHex)
  if (key === undefined) {
    const bytes = hexToBytes(publicKeyHex)
    // OpenSSL ignores bytes after the key.
    const flaw = bytes.length === publicKeyBytes ? pointFlaw(bytes) : `${bytes.length} bytes long`
    if (flaw !== undefined)
      throw new TypeError(`A key is a valid Ed25519 point of 32 bytes, got ${publicKeyHex}: ${flaw}.`)
    // As JWK, since OpenSSL 3 takes ten times as long to parse DER.
    const x = Buffer.from(bytes).toString('base64url')
    key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    if (publicKeys.size >= publicKeysKept) publicKeys.delete(publicKeys.keys().next().value!)
    publicKeys.set(publicKeyHex, key)
  }
  return key
}

/**
 * Verifies a signature off the main thread, by the one rule that all peers share: RFC 8032 without the cofactor, S < L,
 * and neither the key nor the signature's R of small order or in a non-canonical encoding. The message comes in parts.
 * Calls `done` later, with false for anything invalid. It takes a callback, since this runs for every entry received.
 */
export function checkEd25519(
  publicKeyHex: string,
  message: readonly Uint8Array[],
  signature: Uint8Array,
  done: (holds: boolean) => void,
): void {
  try {
    if (signature.length === 64 && pointFlaw(signature) === undefined) {
      // Node copies the message before it leaves the main thread.
      const joined = joinedSmall(message) ?? Buffer.concat(message)
      verify(null, joined, publicKeyOf(publicKeyHex), signature, (error, valid) =>
        done(error === null && valid),
      )
      return
    }
  } catch {
    // An invalid key has signed nothing.
  }
  queueMicrotask(() => done(false))
}

/** Does the same as `checkEd25519` with a promise. */
export function verifyEd25519(
  publicKeyHex: string,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => checkEd25519(publicKeyHex, [message], signature, resolve))
}

/** Returns the signing key of a 32-byte seed, or a new random one. */
export function importEd25519(seed?: Uint8Array): {
  seed: Uint8Array
  publicKeyHex: string
  sign(message: Uint8Array): Uint8Array
} {
  const key =
    seed === undefined
      ? generateKeyPairSync('ed25519').privateKey
      : createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' })
  const publicDer = createPublicKey(key).export({ format: 'der', type: 'spki' })
  return {
    seed: new Uint8Array(seed ?? key.export({ format: 'der', type: 'pkcs8' }).subarray(pkcs8Prefix.length)),
    publicKeyHex: publicDer.subarray(-publicKeyBytes).toString('hex'),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  }
}
