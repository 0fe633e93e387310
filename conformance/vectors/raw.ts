/**
 * Bodies written field by field, right or wrong, without the codec that the vectors check; and signatures that no
 * honest signer makes.
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToNumberLE, concatBytes, numberToBytesLE } from '@noble/curves/utils.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { entryDomain, policyStore } from '../../src/dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../src/dag/hex.ts'
import { createIdentity, type Identity, withDomain } from '../../src/dag/identity.ts'
import type { Bytes } from './format.ts'

export const utf8 = (text: string) => new TextEncoder().encode(text)
export const join = (...parts: readonly Uint8Array[]) => concatBytes(...parts)
export const none = new Uint8Array(0)
export const hex = (text: string) => new Uint8Array(hexToBytes(text))

/** Returns a minimal varint. */
export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt(value)
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Uint8Array.of(...bytes, Number(rest))
}

export const tag = (field: number, wireType: number) => varint(field * 8 + wireType)
export const num = (field: number, value: number | bigint) => join(tag(field, 0), varint(value))
export const len = (field: number, bytes: Uint8Array) => join(tag(field, 2), varint(bytes.length), bytes)
export const many = (field: number, items: readonly Uint8Array[]) =>
  join(...items.map((item) => len(field, item)))

/** Returns a change for field 8. `undefined` leaves a field out, as an empty one is. */
export function change(store?: string, kind?: string, payload?: Uint8Array): Uint8Array {
  return join(
    store ? len(1, utf8(store)) : none,
    kind ? len(2, utf8(kind)) : none,
    payload?.length ? len(3, payload) : none,
  )
}

export interface KeyDraft {
  readonly peer: Uint8Array
  readonly permission?: number
  readonly name?: string
  readonly revoked?: boolean
  readonly lastAccepted?: readonly Uint8Array[]
}

export function policyKey(key: KeyDraft): Uint8Array {
  return join(
    len(1, key.peer),
    key.permission ? num(2, key.permission) : none,
    key.name ? len(3, utf8(key.name)) : none,
    key.revoked ? num(4, 1) : none,
    many(5, key.lastAccepted ?? []),
  )
}

/** Returns a policy change for field 8. */
export function policyChange(name: string, access: number, keys: readonly Uint8Array[]): Uint8Array {
  const payload = join(name ? len(1, utf8(name)) : none, access ? num(2, access) : none, many(3, keys))
  return change(policyStore, '', payload)
}

/** The fields of a body as they are written, in ascending order. Any of them may be wrong. */
export interface Parts {
  readonly version: Uint8Array
  readonly tree: Uint8Array
  readonly parents: Uint8Array
  readonly height: Uint8Array
  readonly author: Uint8Array
  readonly time: Uint8Array
  readonly policy: Uint8Array
  readonly changes: Uint8Array
  readonly nonce: Uint8Array
  /** Past the last field. */
  readonly tail: Uint8Array
}

export function bodyOf(parts: Parts): Uint8Array {
  const { version, tree, parents, height, author, time, policy, changes, nonce, tail } = parts
  return join(version, tree, parents, height, author, time, policy, changes, nonce, tail)
}

/** Identities of the vectors: the seed is one byte, 32 times. */
export function vectorIdentity(n: number): Identity {
  return createIdentity(new Uint8Array(32).fill(n))
}

export const peerBytes = (identity: Identity) => hex(identity.peer)

export function sign(identity: Identity, body: Uint8Array): Uint8Array {
  return identity.sign(entryDomain, body)
}

const { Point } = ed25519
const order = Point.Fn.ORDER

/** Returns a signature with S + L instead of S, which meets the same equation. */
export function malleate(signature: Uint8Array): Uint8Array {
  return join(signature.slice(0, 32), numberToBytesLE(bytesToNumberLE(signature.slice(32)) + order, 32))
}

/** Returns the scalar of an identity's key, by RFC 8032. */
function scalarOf(identity: Identity): bigint {
  const head = sha512(identity.seed).slice(0, 32)
  head[0]! &= 248
  head[31] = (head[31]! & 127) | 64
  return Point.Fn.create(bytesToNumberLE(head))
}

function challenge(r: Uint8Array, author: Uint8Array, body: Uint8Array): bigint {
  return Point.Fn.create(bytesToNumberLE(sha512(join(r, author, withDomain(entryDomain, body)))))
}

/** Returns a signature whose R is the neutral point: it meets the equation, but strict rules refuse it. */
export function signWithSmallR(identity: Identity, body: Uint8Array): Uint8Array {
  const r = Point.ZERO.toBytes()
  return join(
    r,
    numberToBytesLE(Point.Fn.create(challenge(r, peerBytes(identity), body) * scalarOf(identity)), 32),
  )
}

/** A signature that holds for the neutral point as author, whatever the body says. */
export function signForNeutralAuthor(): Uint8Array {
  return join(Point.BASE.multiply(7n).toBytes(), numberToBytesLE(7n, 32))
}

const mixedScalar = 1_234_567_891_011_121_314_151_617_181_920n
const pointOfOrder8 = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')
/** A key that is the sum of a usual one and a point of order 8. */
export const mixedAuthor = Point.BASE.multiply(mixedScalar).add(pointOfOrder8).toBytes()

/**
 * A body (one of those that `make` gives for 0, 1, …) and a signature by the mixed key that fulfil the equation with
 * the cofactor, and without it exactly if `strictly`.
 */
export function signMixed(
  make: (attempt: number) => Uint8Array,
  strictly: boolean,
): [Uint8Array, Uint8Array] {
  const r = Point.BASE.multiply(99n).toBytes()
  for (let attempt = 0; ; attempt++) {
    const body = make(attempt)
    const k = challenge(r, mixedAuthor, body)
    if ((k % 8n === 0n) === strictly)
      return [body, join(r, numberToBytesLE(Point.Fn.create(99n + k * mixedScalar), 32))]
  }
}

/** Hex with runs of one repeated byte, of 256 bytes or more, written as repeats. */
export function compact(bytes: Uint8Array): Bytes {
  const pieces: (string | { repeat: string; times: number })[] = []
  let from = 0
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1
    while (end < bytes.length && bytes[end] === bytes[at]) end++
    if (end - at >= 256) {
      if (from < at) pieces.push(bytesToHex(bytes.subarray(from, at)))
      pieces.push({ repeat: bytesToHex(bytes.subarray(at, at + 1)), times: end - at })
      from = end
    }
    at = end
  }
  if (pieces.length === 0) return bytesToHex(bytes)
  if (from < bytes.length) pieces.push(bytesToHex(bytes.subarray(from)))
  return pieces
}
