/**
 * Ids for the tests of the sketch and related code: many cheap ones from a seed, those of the golden vectors, and those
 * that an attacker would grind.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { CausewayError, type ErrorCode } from '../../../src/base/errors.ts'
import { mapInto } from '../../../src/dag/difference/sketch.ts'

/** Returns `count` ids that look random and depend only on the seed. */
export function idsFrom(seed: number, count: number): Uint8Array[] {
  // One long hash, cut up: a thousand times cheaper than a hash an id.
  const key = createHash('sha256').update(`ids from ${seed}`).digest('hex')
  const bytes = createHash('shake256', { outputLength: Math.max(1, count) * 32 })
    .update(key)
    .digest()
  return Array.from({ length: count }, (_, n) => new Uint8Array(bytes.subarray(n * 32, n * 32 + 32)))
}

/** Returns the id of a number in conformance/vectors/sketch.json. */
export function vectorId(n: number): Uint8Array {
  return new Uint8Array(createHash('sha256').update(`causeway sketch vector ${n}`).digest())
}

/** Returns pairs of ids in exactly the same cells below `cellCount`, so that neither is ever alone in one. */
export function groundPairs(seed: number, pairs: number, cellCount: number): Uint8Array[] {
  const at = new Int32Array(cellCount)
  const waiting = new Map<string, Uint8Array>()
  const ground: Uint8Array[] = []
  for (let round = 0; ground.length < pairs * 2; round++) {
    for (const id of idsFrom(seed + round, 1000)) {
      const view = new DataView(id.buffer, id.byteOffset)
      const length = mapInto(at, view.getInt32(0, true), view.getInt32(4, true), cellCount)
      const cells = at.subarray(0, length).join()
      const twin = waiting.get(cells)
      if (twin === undefined) waiting.set(cells, id)
      else if (ground.length < pairs * 2) {
        ground.push(twin, id)
        waiting.delete(cells)
      }
    }
  }
  return ground
}

export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Returns an id in the form that peeling returns. */
export function prefixOf(id: Uint8Array): string {
  return hexOf(id.subarray(0, 16))
}

export function refuses(code: ErrorCode, run: () => unknown, name?: string): void {
  assert.throws(run, (error) => error instanceof CausewayError && error.code === code, name)
}
