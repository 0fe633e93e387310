/**
 * The same as `crypto.ts` for browsers and other places without `node:crypto`; bundlers replace that file with it.
 * WebCrypto verifies, off the main thread, if it has Ed25519; else noble does. Noble signs and hashes, since WebCrypto
 * cannot do either synchronously.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToNumberLE, concatBytes } from '@noble/curves/utils.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from './hex.ts'
import { pointFlaw } from './point.ts'

const { Point } = ed25519
const signatureBytes = 64
const subtle = globalThis.crypto?.subtle as typeof globalThis.crypto.subtle | undefined
type NativeKey = Awaited<ReturnType<typeof globalThis.crypto.subtle.importKey>>

const nativeKeys = new Map<string, Promise<NativeKey>>()
const nativeKeysKept = 4096

export function sha256Hex(...parts: Uint8Array[]): string {
  const state = sha256.create()
  for (const part of parts) state.update(part)
  return bytesToHex(state.digest())
}

function importNative(publicKey: Uint8Array): Promise<NativeKey> {
  return subtle!.importKey('raw', new Uint8Array(publicKey), { name: 'Ed25519' }, false, ['verify'])
}

let nativeWorks: Promise<boolean> | undefined

/** Returns whether there is a WebCrypto with Ed25519. It is tried once, with a key that is certainly valid. */
function hasNative(): Promise<boolean> {
  nativeWorks ??=
    subtle === undefined
      ? Promise.resolve(false)
      : importNative(Point.BASE.toBytes()).then(
          () => true,
          () => false,
        )
  return nativeWorks
}

function nativeKeyOf(publicKeyHex: string): Promise<NativeKey> {
  let key = nativeKeys.get(publicKeyHex)
  if (key === undefined) {
    key = importNative(hexToBytes(publicKeyHex))
    if (nativeKeys.size >= nativeKeysKept) nativeKeys.delete(nativeKeys.keys().next().value!)
    nativeKeys.set(publicKeyHex, key)
  }
  return key
}

/** See crypto.ts. The verdict on the same bytes is the same in every browser. */
export async function verifyEd25519(
  publicKeyHex: string,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (!(await hasNative())) return verifyPortable(publicKeyHex, message, signature)
  try {
    if (isFlawed(publicKeyHex, signature)) return false
    const key = await nativeKeyOf(publicKeyHex)
    return await subtle!.verify('Ed25519', key, new Uint8Array(signature), new Uint8Array(message))
  } catch {
    return false
  }
}

/** See crypto.ts. */
export function checkEd25519(
  publicKeyHex: string,
  message: readonly Uint8Array[],
  signature: Uint8Array,
  done: (holds: boolean) => void,
): void {
  void verifyEd25519(publicKeyHex, concatBytes(...message), signature).then(done)
}

function isFlawed(publicKeyHex: string, signature: Uint8Array): boolean {
  return (
    signature.length !== signatureBytes ||
    pointFlaw(signature) !== undefined ||
    pointFlaw(hexToBytes(publicKeyHex)) !== undefined
  )
}

/**
 * Verifies without WebCrypto. Noble's own `verify` multiplies by the cofactor and so accepts signatures that Node and
 * WebCrypto refuse: with a key of mixed order, somebody could make peers disagree.
 */
export function verifyPortable(publicKeyHex: string, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    if (isFlawed(publicKeyHex, signature)) return false
    const publicKey = hexToBytes(publicKeyHex)
    const author = Point.fromBytes(new Uint8Array(publicKey))
    const r = signature.subarray(0, 32)
    const s = bytesToNumberLE(new Uint8Array(signature.subarray(32)))
    if (s >= Point.Fn.ORDER) return false
    const hash = sha512.create().update(r).update(publicKey).update(message).digest()
    const k = Point.Fn.create(bytesToNumberLE(hash))
    const expected = Point.BASE.multiplyUnsafe(s).subtract(author.multiplyUnsafe(k))
    return bytesToHex(expected.toBytes()) === bytesToHex(r)
  } catch {
    return false
  }
}

/** Returns the signing key of a 32-byte seed, or a new random one. */
export function importEd25519(seed?: Uint8Array): {
  seed: Uint8Array
  publicKeyHex: string
  sign(message: Uint8Array): Uint8Array
} {
  const secret = new Uint8Array(seed ?? globalThis.crypto.getRandomValues(new Uint8Array(32)))
  return {
    seed: secret,
    publicKeyHex: bytesToHex(ed25519.getPublicKey(secret)),
    sign: (message) => ed25519.sign(message, secret),
  }
}
