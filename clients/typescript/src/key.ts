/**
 * The key of a program: it proves who calls, and signs entries. It is made of a seed, which the program keeps, or of a key
 * pair of WebCrypto, which may be one that a browser keeps and never shows.
 */

import { type Draft, encodeDraft, signBody, type VerifiedEntry } from '../../../src/dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../../src/dag/hex.ts'
import {
  createIdentity,
  type PeerId,
  parsePeerId,
  type Signer,
  withDomain,
} from '../../../src/dag/identity.ts'
import { seedIn } from './key-file.ts'
import { signerOf } from './signer.ts'

type NativeKey = Parameters<typeof globalThis.crypto.subtle.sign>[1]
type Sign = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>

export class Key implements Signer {
  /** The public key, 64 hex digits. */
  readonly peer: PeerId
  /** The secret, 32 bytes; undefined if the key is one of WebCrypto. */
  readonly seed: Uint8Array | undefined
  private readonly signBytes: Sign

  private constructor(peer: PeerId, seed: Uint8Array | undefined, signBytes: Sign) {
    this.peer = peer
    this.seed = seed
    this.signBytes = signBytes
  }

  /** Returns the key in a file, in Node. Makes it if there is none. Throws INVALID_ARGUMENT for a file of another kind. */
  static async open(path: string): Promise<Key> {
    return Key.fromSeed(await seedIn(path, Key.generate().seed!))
  }

  /** Returns a new random key. Keep its `seed`, or it is lost with the program. */
  static generate(): Key {
    return Key.fromSeed()
  }

  /** Returns the key of a seed: 32 bytes, or 64 hex digits. Throws INVALID_ARGUMENT. */
  static fromSeed(seed?: Uint8Array | string): Key {
    const identity = createIdentity(typeof seed === 'string' ? hexToBytes(seed) : seed)
    return new Key(identity.peer, identity.seed, signerOf(identity))
  }

  /** Returns the key of an Ed25519 key pair of WebCrypto. The private key need not be extractable. */
  static async fromCryptoKeys(keys: {
    readonly publicKey: NativeKey
    readonly privateKey: NativeKey
  }): Promise<Key> {
    const { subtle } = globalThis.crypto
    const raw = new Uint8Array(await subtle.exportKey('raw', keys.publicKey))
    const sign = async (message: Uint8Array) =>
      new Uint8Array(await subtle.sign('Ed25519', keys.privateKey, new Uint8Array(message)))
    return new Key(parsePeerId(bytesToHex(raw)), undefined, sign)
  }

  /** Signs `domain ‖ message`. */
  sign(domain: string, message: Uint8Array): Uint8Array | Promise<Uint8Array> {
    return this.signBytes(withDomain(domain, message))
  }

  /** Signs a new entry. Throws an entry error for a draft that cannot be one. */
  signEntry(draft: Draft): Promise<VerifiedEntry> {
    return signBody(this, encodeDraft(this.peer, draft))
  }
}
