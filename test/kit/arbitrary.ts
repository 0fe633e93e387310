/**
 * Arbitrary bodies for property tests: canonical by construction, with the numbers, lengths and texts at which
 * encodings tend to fail.
 */
import fc from 'fast-check'
import type { Change, EntryBody } from '../../src/dag/body.ts'
import { bytesToHex } from '../../src/dag/hex.ts'
import type { EntryId } from '../../src/dag/id.ts'
import type { PeerId } from '../../src/dag/identity.ts'

export const anyId: fc.Arbitrary<EntryId> = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => bytesToHex(bytes) as EntryId)

/** Numbers that a body can hold, including the edges of varints and doubles. */
export const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.maxSafeNat(),
  fc.nat({ max: 300 }),
  fc.nat({ max: 52 }).chain((bits) => fc.constantFrom(2 ** bits - 1, 2 ** bits, 2 ** bits + 1)),
  fc.constant(Number.MAX_SAFE_INTEGER),
)

const anyName = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .filter((text) => new TextEncoder().encode(text).length <= 64)

export const anyChange: fc.Arbitrary<Change> = fc.record(
  {
    store: fc.oneof(anyName, fc.constantFrom('', '_policy', '\ufeffa', 's'.repeat(64))),
    kind: anyName,
    payload: fc.uint8Array({ maxLength: 200, size: 'max' }),
  },
  { noNullPrototype: true },
)

/** Bodies that can be encoded; not all of them are valid entries. */
export const anyBody: fc.Arbitrary<EntryBody> = fc.record(
  {
    version: fc.constant(1),
    tree: fc.option(anyId, { nil: undefined }),
    parents: fc.array(anyId, { maxLength: 5 }),
    height: anyNumber,
    author: fc.oneof(
      anyId.map((id) => id as string as PeerId),
      fc.constant('' as PeerId),
    ),
    createdAtMs: anyNumber,
    policy: fc.array(anyId, { maxLength: 3 }),
    changes: fc.array(anyChange, { maxLength: 4 }),
    nonce: fc.uint8Array({ maxLength: 40, size: 'max' }),
  },
  { noNullPrototype: true },
)

/** Bytes that are nearly the given ones: some are flipped, cut, doubled or inserted. */
export function mutations(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const at = fc.nat({ max: Math.max(0, bytes.length - 1) })
  const anyByte = fc.nat({ max: 255 })
  return fc.oneof(
    fc.tuple(at, anyByte).map(([index, byte]) => (bytes.length === 0 ? bytes : bytes.with(index, byte))),
    at.map((index) => bytes.slice(0, index)),
    fc
      .tuple(at, at)
      .map(([from, to]) => joined(bytes.slice(0, Math.max(from, to)), bytes.slice(Math.min(from, to)))),
    fc
      .tuple(at, fc.uint8Array({ minLength: 1, maxLength: 6 }))
      .map(([index, inserted]) => joined(bytes.slice(0, index), inserted, bytes.slice(index))),
    fc
      .tuple(at, fc.nat({ max: 40 }))
      .map(([index, gone]) => joined(bytes.slice(0, index), bytes.slice(index + gone))),
  )
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
