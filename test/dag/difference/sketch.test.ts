/**
 * The sketch in memory and on the wire: it is the documented function of a set, the same in every language, and bytes
 * that no set can have are refused.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../../src/base/limits.ts'
import {
  checkOf,
  createSketch,
  mapInto,
  sketchCellsFor,
  wordsPerCell,
} from '../../../src/dag/difference/sketch.ts'
import {
  decodeCells,
  decodeCounts,
  encodeCells,
  encodeCounts,
  expectedCount,
  loadSketch,
  saveSketch,
} from '../../../src/dag/difference/sketch-codec.ts'
import { peel, subtract } from '../../../src/dag/difference/sketch-peel.ts'
import { projectFile } from '../../kit/project.ts'
import { bytesOf, hexOf, idsFrom, refuses, vectorId } from './sketch-samples.ts'

const vectors = JSON.parse(readFileSync(projectFile('conformance/vectors/sketch.json'), 'utf8'))

/** Sets of distinct ids, from a seed that fast-check shrinks. */
const someIds = fc.tuple(fc.integer(), fc.nat(60)).map(([seed, count]) => idsFrom(seed, count))
const cellCounts = fc.integer({ min: 1, max: 300 })

function sketchOf(cellCount: number, ids: Iterable<Uint8Array>) {
  const sketch = createSketch(cellCount)
  sketch.addAll(ids)
  return sketch
}

function wordsOf(id: Uint8Array): [number, number, number, number] {
  const view = new DataView(id.buffer, id.byteOffset)
  return [view.getInt32(0, true), view.getInt32(4, true), view.getInt32(8, true), view.getInt32(12, true)]
}

describe('the golden vectors', () => {
  it('map ids to cells and give their checks', () => {
    const at = new Int32Array(limits.sketchMaxCells)
    for (const vector of vectors.mappings) {
      const words = wordsOf(bytesOf(vector.id))
      const length = mapInto(at, words[0], words[1], limits.sketchMaxCells)
      assert.deepEqual([...at.subarray(0, length)], vector.cellsBelow65536)
      assert.equal(checkOf(...words) >>> 0, vector.check)
    }
  })

  it('give the average count of each cell', () => {
    for (const { total, cell, expected } of vectors.expectedCounts)
      assert.equal(expectedCount(total, cell), expected)
  })

  for (const vector of vectors.sets)
    it(`sum and encode the set ${vector.name}`, () => {
      const [first, last] = vector.ids as [number, number]
      const sketch = createSketch(256)
      for (let n = first; n <= last; n++) sketch.add(vectorId(n))
      assert.equal(sketch.total, vector.total)
      for (const [n, cell] of vector.cells.entries()) {
        const words = sketch.words.subarray(n * wordsPerCell, (n + 1) * wordsPerCell)
        assert.equal(hexOf(new Uint8Array(words.slice(0, 4).buffer)), cell.xor)
        assert.deepEqual([words[4]! >>> 0, words[5]], [cell.check, cell.count])
      }
      assert.equal(hexOf(encodeCells(sketch.cells(0, 64))), vector.encodedCells)
      assert.equal(hexOf(encodeCounts(sketch.cells(64, 256))), vector.encodedCounts64To256)
    })

  it('decode a difference from encoded cells', () => {
    const { ours, theirs, cells, complete, onlyOurs, onlyTheirs } = vectors.difference
    const [a, b] = [ours, theirs].map((name: string) => {
      const set = vectors.sets.find((candidate: { name: string }) => candidate.name === name)
      return decodeCells(bytesOf(set.encodedCells), { from: 0, total: set.total, maxCells: cells })
    })
    const peeled = peel(subtract(a!, b!))
    assert.equal(peeled.complete, complete)
    assert.deepEqual([...peeled.ours].sort(), onlyOurs)
    assert.deepEqual([...peeled.theirs].sort(), onlyTheirs)
  })
})

describe('a sketch', () => {
  it('does not depend on the order of adding, and removing undoes adding', () => {
    fc.assert(
      fc.property(someIds, someIds, cellCounts, (kept, passing, cellCount) => {
        const plain = sketchOf(cellCount, kept)
        const busy = sketchOf(cellCount, [...passing, ...kept.toReversed()])
        for (const id of passing) busy.remove(id)
        assert.deepEqual(busy.words, plain.words)
      }),
      { numRuns: 60, seed: 1 },
    )
  })

  it('begins with the sketch of fewer cells', () => {
    fc.assert(
      fc.property(someIds, cellCounts, cellCounts, (ids, one, other) => {
        const first = sketchOf(Math.max(one, other), ids).cells(0, Math.min(one, other))
        assert.deepEqual(first.words, sketchOf(Math.min(one, other), ids).words)
      }),
      { numRuns: 60, seed: 2 },
    )
  })

  it('stays the same once it is frozen, whatever is added later', () => {
    fc.assert(
      fc.property(someIds, someIds, cellCounts, (before, since, cellCount) => {
        const sketch = sketchOf(cellCount, before)
        const frozen = sketch.frozen()
        const again = frozen.frozen()
        sketch.addAll(since)
        assert.deepEqual(frozen.words, sketchOf(cellCount, before).words)
        assert.deepEqual(again.words, frozen.words)
        assert.deepEqual(sketch.words, sketchOf(cellCount, [...before, ...since]).words)
      }),
      { numRuns: 60, seed: 4 },
    )
  })

  it('copies its words once if it is changed after it was frozen', () => {
    const sketch = sketchOf(256, idsFrom(5, 10))
    const words = sketch.frozen().words
    assert.equal(sketch.words, words)
    for (const id of idsFrom(6, 2)) sketch.add(id)
    const copied = sketch.words
    assert.notEqual(copied, words)
    for (const id of idsFrom(7, 2)) sketch.add(id)
    assert.equal(sketch.words, copied)
  })

  it('puts ids into each cell as often as the closed form predicts', () => {
    const ids = idsFrom(3, 20_000)
    const sketch = sketchOf(512, ids)
    for (const cell of [1, 2, 5, 20, 63, 200, 511]) {
      const mean = expectedCount(ids.length, cell)
      const count = sketch.words[cell * wordsPerCell + 5]!
      assert.ok(Math.abs(count - mean) < 4 * Math.sqrt(mean), `cell ${cell} counts ${count}, not ${mean}`)
    }
  })

  it('refuses invalid ids, sizes and ranges', () => {
    const sketch = createSketch(64)
    refuses('INVALID_ARGUMENT', () => sketch.add(new Uint8Array(15)))
    refuses('INVALID_ARGUMENT', () => sketch.remove(vectorId(1)))
    for (const [from, to] of [
      [-1, 4],
      [4, 4],
      [0, 65],
      [0.5, 4],
    ] as const)
      refuses('INVALID_ARGUMENT', () => sketch.cells(from, to))
    for (const cellCount of [0, -1, 1.5, Number.NaN, limits.sketchMaxCells + 1])
      refuses('INVALID_ARGUMENT', () => createSketch(cellCount))
  })

  it('grows with its tree between its bounds', () => {
    const cells = [0, 1024, 1025, 60_000, 100_000, 262_144, 262_145, 1e9].map(sketchCellsFor)
    assert.deepEqual(cells, [256, 256, 512, 16_384, 32_768, 65_536, 65_536, 65_536])
  })
})

describe('cells on the wire', () => {
  it('decode as they were, from any first cell', () => {
    fc.assert(
      fc.property(someIds, cellCounts, cellCounts, (ids, one, other) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other) + 1]
        const sketch = sketchOf(to, ids)
        for (const cells of [sketch.cells(0, to), sketch.cells(from, to)]) {
          const header = { from: cells.from, total: ids.length, maxCells: cells.cellCount }
          const back = decodeCells(encodeCells(cells), header)
          assert.deepEqual({ ...back }, { ...cells, words: cells.words.slice() })
          const counts = decodeCounts(encodeCounts(cells), header)
          assert.deepEqual(
            counts,
            cells.words.filter((_, word) => word % wordsPerCell === 5),
          )
        }
      }),
      { numRuns: 60, seed: 4 },
    )
  })

  it('take some 22 bytes each for a hundred thousand ids', () => {
    const bytes = encodeCells(sketchOf(64, idsFrom(5, 100_000)).cells(0, 64))
    assert.ok(bytes.length < 64 * 22.5, `${bytes.length} bytes`)
  })

  it('are refused if they are malformed, and never read past their bound', () => {
    const ids = idsFrom(6, 40)
    const header = { from: 0, total: 40, maxCells: 64 }
    const good = encodeCells(sketchOf(64, ids).cells(0, 64))
    decodeCells(good, header)
    const change = (at: number, ...bytes: number[]) => {
      const bad = good.slice()
      bad.set(bytes, at)
      return bad
    }
    const malformed: [string, Uint8Array, Partial<typeof header>?][] = [
      ['no cells', new Uint8Array(0)],
      ['cut in a sum', good.slice(0, -5)],
      ['cut in a count', good.slice(0, 20)],
      ['cut in a long count', new Uint8Array([...good.slice(0, 20), 0x80])],
      ['a count that goes on', new Uint8Array([...good.slice(0, 20), 0x80, 0x80, 0x80, 0x80, 0x80, 1])],
      ['a count with a zero at its end', new Uint8Array([...good.slice(0, 20), 0x80, 0])],
      ['more cells than asked for', good, { maxCells: 63 }],
      ['far more than asked for', good, { maxCells: 8 }],
      ['a first count that is not the total', change(20, 1)],
      ['a total that its counts do not fit', good, { total: 1 }],
      ['a total that is no count', good, { total: -1 }],
      ['a total past counting', good, { total: 2 ** 32 }],
      ['cells past the last', good, { from: limits.sketchMaxCells - 1 }],
      ['a start that is no cell', good, { from: 0.5 }],
    ]
    for (const [name, bytes, other] of malformed)
      refuses('PROTOCOL', () => decodeCells(bytes, { ...header, ...other }), name)
    refuses('PROTOCOL', () => decodeCounts(new Uint8Array(65), header))
    refuses('PROTOCOL', () => decodeCounts(new Uint8Array(0), header))
    const single = encodeCells(sketchOf(1, [ids[0]!]).cells(0, 1))
    single[3]! ^= 1
    refuses('PROTOCOL', () => decodeCells(single, { from: 0, total: 1, maxCells: 1 }), 'a wrong check')
    const empty = encodeCells(createSketch(1).cells(0, 1))
    empty[3]! ^= 1
    refuses('PROTOCOL', () => decodeCells(empty, { from: 0, total: 0, maxCells: 1 }), 'an empty cell')
  })

  it('never throw anything but PROTOCOL, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(5000), fc.nat(1e6), (bytes, total, from) => {
        const header = { from, total, maxCells: 64 }
        for (const decode of [decodeCells, decodeCounts])
          try {
            decode(bytes, header)
          } catch (error) {
            assert.equal((error as { code?: string }).code, 'PROTOCOL')
          }
      }),
      { numRuns: 300, seed: 7 },
    )
  })
})

describe('a snapshot', () => {
  it('restores a sketch that can be added to', () => {
    const ids = idsFrom(8, 500)
    const loaded = loadSketch(saveSketch(sketchOf(256, ids.slice(0, 400))))
    loaded.addAll(ids.slice(400))
    assert.deepEqual(loaded.words, sketchOf(256, ids).words)
  })

  it('has parts of equal size if it is large', () => {
    const sketch = sketchOf(4_096, idsFrom(10, 100))
    const parts = saveSketch(sketch)
    const bytes = parts.map(({ length }) => length)
    assert.ok(parts.length > 2)
    assert.ok(bytes.slice(0, -1).every((length) => length === limits.sketchPartBytes))
    assert.ok(bytes.at(-1)! <= limits.sketchPartBytes)
    assert.deepEqual(loadSketch(parts).words, sketch.words)
    refuses('STORE_FORMAT', () => loadSketch(parts.slice(1)))
    refuses('STORE_CORRUPT', () => loadSketch(parts.slice(0, -1)))
    refuses('STORE_CORRUPT', () => loadSketch([parts[0]!, ...parts.slice(1).reverse()]))
  })

  it('is refused if it is torn, changed or of another version', () => {
    const [good] = saveSketch(sketchOf(256, idsFrom(9, 100))) as [Uint8Array]
    refuses('STORE_CORRUPT', () => loadSketch([]))
    refuses('STORE_CORRUPT', () => loadSketch([good.slice(0, 8)]))
    refuses('STORE_CORRUPT', () => loadSketch([good.slice(0, -4)]))
    refuses('STORE_CORRUPT', () => loadSketch([good.slice(0, 101), good.slice(101)]))
    for (const at of [4, 8, 12, 1000, good.length - 1]) {
      const bad = good.slice()
      bad[at]! ^= 0x10
      refuses('STORE_CORRUPT', () => loadSketch([bad]), `byte ${at}`)
    }
    const other = good.slice()
    other[0] = 2
    refuses('STORE_FORMAT', () => loadSketch([other]))
  })
})
