/**
 * A few ids that show how much of a tree the asker has: dense near the top, where trees differ, and ever sparser
 * towards the root. From those that it has too, a peer finds what the asker lacks by a short walk, without any sketch.
 * That works for a difference of any size, as long as it lies near the tips.
 *
 * Ids travel as prefixes of 8 bytes, packed without separators. At a million entries, one request in 10^11 names by
 * chance an entry that the asker does not have; the asker then finds a parent missing and asks again.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'

/** Bytes of an id in a prefix. */
const havePrefixBytes = 8
const stepRatio = 1.25
/** Steps of at least this many heights end at a round height. */
const roundFrom = 16

/**
 * Returns the heights to name ids at, each once, descending from just below the top. For each step s = ⌊1.25^k⌋ down to
 * the root that is maxHeight − s. From s = 16 on it is rounded down to a multiple of the greatest power of two that is
 * at most s / 8, so that most heights stay the same while the tree grows.
 */
export function haveHeights(maxHeight: number): number[] {
  if (!Number.isSafeInteger(maxHeight) || maxHeight < 0)
    throw new CausewayError('INVALID_ARGUMENT', `A height is a whole number from 0, got ${maxHeight}.`)
  const heights: number[] = []
  for (let step = 1; Math.floor(step) <= maxHeight; step *= stepRatio) {
    const down = Math.floor(step)
    const round = down < roundFrom ? 1 : 2 ** Math.floor(Math.log2(down / 8))
    const height = Math.floor((maxHeight - down) / round) * round
    if (height !== heights.at(-1)) heights.push(height)
  }
  return heights
}

/**
 * Packs the ids found at each of `haveHeights`: first one of every height, so that the deep ones are never crowded out,
 * then a second one of each from the top down, up to `limits.havesPackedIds`.
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

/** Returns a peer's prefixes in its own order, as views. Throws PROTOCOL if they are too many or cut short. */
export function unpackHaves(bytes: Uint8Array): Uint8Array[] {
  if (bytes.length % havePrefixBytes !== 0)
    throw new CausewayError(
      'PROTOCOL',
      `Packed haves have ${havePrefixBytes} bytes each, got ${bytes.length} in all.`,
    )
  const length = bytes.length / havePrefixBytes
  if (length > limits.havesRequestIds)
    throw new CausewayError(
      'PROTOCOL',
      `A request names at most ${limits.havesRequestIds} haves, got ${length}.`,
    )
  return Array.from({ length }, (_, n) => bytes.subarray(n * havePrefixBytes, (n + 1) * havePrefixBytes))
}
