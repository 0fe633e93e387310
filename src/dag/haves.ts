/**
 * A few ids that say how far a tree is known: dense near its top, where trees differ, and ever sparser towards the
 * root. From those that it has too, a peer finds by a short walk what the asker lacks, without any sketch; it
 * works for however large a difference, as long as that difference lies near the tips.
 *
 * Ids travel as prefixes of 8 bytes, packed without separators. By chance one request in 10^11 names an entry that
 * the asker does not have (at a million entries); the asker then finds a parent missing and asks on.
 */
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'

/** Bytes of an id that a haves prefix keeps. */
const havePrefixBytes = 8
const stepRatio = 1.25

/** The heights to name ids at, descending from just under the top: maxHeight − ⌊1.25^k⌋, each once, down to 0. */
export function haveHeights(maxHeight: number): number[] {
  if (!Number.isSafeInteger(maxHeight) || maxHeight < 0)
    throw new CausewayError('INVALID_ARGUMENT', `A height is a whole number from 0, got ${maxHeight}.`)
  const heights: number[] = []
  for (let step = 1; Math.floor(step) <= maxHeight; step *= stepRatio) {
    const height = maxHeight - Math.floor(step)
    if (height !== heights.at(-1)) heights.push(height)
  }
  return heights
}

/**
 * Packs the ids found at each of `haveHeights`: one of every height first, so that the deep ones are never
 * crowded out, then second ones from the top down until there are 96.
 */
export function packHaves(idsByHeight: readonly (readonly Uint8Array[])[]): Uint8Array {
  const chosen: Uint8Array[] = []
  for (let round = 0; round < limits.havesPerHeightIds; round++) {
    for (const ids of idsByHeight) {
      const id = ids[round]
      if (id === undefined || chosen.length === limits.havesPackedIds) continue
      if (id.length < havePrefixBytes)
        throw new CausewayError('INVALID_ARGUMENT', `An entry id is 32 bytes, got ${id.length}.`)
      chosen.push(id)
    }
  }
  const bytes = new Uint8Array(chosen.length * havePrefixBytes)
  for (const [n, id] of chosen.entries()) bytes.set(id.subarray(0, havePrefixBytes), n * havePrefixBytes)
  return bytes
}

/** A peer's prefixes in its own order, as views; PROTOCOL if they are too many or cut short. */
export function unpackHaves(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % havePrefixBytes !== 0)
    throw new CausewayError(
      'PROTOCOL',
      `Packed haves are ${havePrefixBytes} bytes each, got ${bytes.length}.`,
    )
  const length = bytes.length / havePrefixBytes
  if (length > limits.havesRequestIds)
    throw new CausewayError(
      'PROTOCOL',
      `A request names at most ${limits.havesRequestIds} haves, got ${length}.`,
    )
  return Array.from({ length }, (_, n) => bytes.subarray(n * havePrefixBytes, (n + 1) * havePrefixBytes))
}
