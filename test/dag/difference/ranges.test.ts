/**
 * Chunked ranges: only the ids decide the cuts, so that a difference stays local, and comparing finds every difference
 * and little else.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../../src/base/limits.ts'
import {
  compareChunks,
  compareKeys,
  type RangeChunk,
  RangeChunker,
  type RangeDifference,
  type RangeKey,
} from '../../../src/dag/difference/ranges.ts'
import { projectFile } from '../../kit/project.ts'
import { bytesOf, hexOf, idsFrom, refuses } from './sketch-samples.ts'

const vectors = JSON.parse(readFileSync(projectFile('conformance/vectors/sketch.json'), 'utf8'))
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

function chunksOf(keys: readonly RangeKey[]): RangeChunk[] {
  const chunker = new RangeChunker(sha256)
  const chunks = keys.map(({ height, id }) => chunker.push(height, id))
  return [...chunks, chunker.finish()].filter((chunk) => chunk !== undefined)
}

/**
 * Returns entries of a tree some ten wide. Each `every`-th ends a chunk, which otherwise takes thousands of entries.
 */
function keysFrom(seed: number, count: number, every = 0): RangeKey[] {
  return idsFrom(seed, count)
    .map((id, n) => {
      if (every > 0) id.set(n % every === 0 ? [0, 0] : [1, 1], 30)
      return { height: Math.floor(n / 10), id }
    })
    .sort(compareKeys)
}

function isWithin(key: RangeKey, { after, through }: RangeDifference): boolean {
  return (
    (after === undefined || compareKeys(after, key) < 0) &&
    (through === undefined || compareKeys(key, through) <= 0)
  )
}

describe('chunks', () => {
  it('are the golden ones', () => {
    const { height, ids, chunks } = vectors.ranges
    const cut = chunksOf(ids.map((id: string) => ({ height, id: bytesOf(id) })))
    const shown = cut.map(({ last, count, fingerprint }) => ({
      last: { height: last.height, id: hexOf(last.id) },
      count,
      fingerprint: hexOf(fingerprint),
    }))
    assert.deepEqual(shown, chunks)
  })

  it('hold a thousand entries on average and cover all of them', () => {
    const keys = keysFrom(1, 60_000)
    const chunks = chunksOf(keys)
    assert.equal(
      chunks.reduce((sum, chunk) => sum + chunk.count, 0),
      60_000,
    )
    assert.ok(chunks.length > 40 && chunks.length < 80, `${chunks.length} chunks`)
    assert.equal(compareKeys(chunks.at(-1)!.last, keys.at(-1)!), 0)
  })

  it('end at their bound if no id ends them', () => {
    const keys = keysFrom(2, limits.rangeChunkMaxEntries + 5, 1e9).filter((key) => key.id[31] !== 0)
    const counts = chunksOf(keys).map((chunk) => chunk.count)
    assert.deepEqual(counts, [limits.rangeChunkMaxEntries, 4])
  })

  it('need ascending entries with whole ids', () => {
    const chunker = new RangeChunker(sha256)
    const [one, two] = idsFrom(3, 2) as [Uint8Array, Uint8Array]
    chunker.push(5, one)
    refuses('INVALID_ARGUMENT', () => chunker.push(5, one))
    refuses('INVALID_ARGUMENT', () => chunker.push(4, two))
    refuses('INVALID_ARGUMENT', () => chunker.push(6, two.slice(1)))
    assert.equal(new RangeChunker(sha256).finish(), undefined)
  })
})

describe('comparing chunks', () => {
  it('finds every difference and leaves equal chunks alone', () => {
    const edits = fc.array(fc.nat(399), { maxLength: 12 })
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(399), edits, edits, (seed, start, ourGaps, theirGaps) => {
        const keys = keysFrom(seed, 400, 8)
        const after = keys[start]!
        const rest = keys.slice(start + 1)
        const ours = rest.filter((key) => !ourGaps.includes(keys.indexOf(key)))
        const theirs = rest.filter((key) => !theirGaps.includes(keys.indexOf(key)))
        const differences = compareChunks(after, chunksOf(ours), chunksOf(theirs))

        const uncovered = (some: RangeKey[]) =>
          some.filter((key) => !differences.some((range) => isWithin(key, range))).map((key) => hexOf(key.id))
        assert.deepEqual(uncovered(ours), uncovered(theirs))
        for (const [n, range] of differences.entries())
          if (n > 0) assert.ok(compareKeys(differences[n - 1]!.through!, range.after!) < 0)
        const gaps = new Set([...ourGaps, ...theirGaps]).size
        const covered = rest.filter((key) => differences.some((range) => isWithin(key, range))).length
        if (gaps === 0) assert.equal(differences.length, 0)
        else assert.ok(covered <= gaps * 80 + 80, `${covered} entries for ${gaps} gaps`)
      }),
      { numRuns: 150, seed: 4 },
    )
  })

  it('of an empty list with another returns the whole range', () => {
    const keys = keysFrom(5, 20, 8)
    assert.deepEqual(compareChunks(undefined, [], chunksOf(keys)), [{ after: undefined, through: undefined }])
    assert.deepEqual(compareChunks(keys[3], chunksOf(keys.slice(4)), []), [
      { after: keys[3], through: undefined },
    ])
    assert.deepEqual(compareChunks(undefined, [], []), [])
  })

  it('refuses a peer whose chunks do not ascend or are malformed', () => {
    const keys = keysFrom(6, 40, 8)
    const chunks = chunksOf(keys)
    const [first] = chunks as [RangeChunk]
    refuses('PROTOCOL', () => compareChunks(undefined, chunks, chunks.toReversed()))
    refuses('PROTOCOL', () => compareChunks(keys.at(-1), [], chunks))
    for (const bad of [
      { ...first, count: 0 },
      { ...first, count: Number.NaN },
      { ...first, fingerprint: new Uint8Array(15) },
      { ...first, last: { height: 0, id: new Uint8Array(31) } },
    ])
      refuses('PROTOCOL', () => compareChunks(undefined, chunks, [bad]))
  })
})
