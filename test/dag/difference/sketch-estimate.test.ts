/**
 * The estimate of a difference, and the choice that depends on it. Seeds are fixed, so a failure here means that the
 * formula changed, and is never chance.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import { createSketch } from '../../../src/dag/difference/sketch.ts'
import {
  type AnswerChoice,
  cellsFor,
  chooseAnswer,
  countDifferences,
  estimateDifference,
  havesWalkBudget,
} from '../../../src/dag/difference/sketch-estimate.ts'
import { peel, subtract } from '../../../src/dag/difference/sketch-peel.ts'
import { idsFrom, refuses } from './sketch-samples.ts'

/** Returns two sketches that differ by `ours` and `theirs` new ids, taken from the pool at an offset. */
function twoSketches(pool: Uint8Array[], run: number, ours: number, theirs: number, cellCount: number) {
  const [a, b] = [createSketch(cellCount), createSketch(cellCount)]
  const start = run * (ours + theirs)
  a.addAll(pool.slice(start, start + ours))
  b.addAll(pool.slice(start + ours, start + ours + theirs))
  return [a, b] as const
}

describe('the estimate', () => {
  for (const [ours, theirs, runs] of [
    [20, 20, 150],
    [500, 500, 60],
    [995, 5, 60],
    [0, 300, 60],
  ] as const)
    it(`of ${ours} and ${theirs} is right on average and rarely far off`, () => {
      const size = ours + theirs
      const pool = idsFrom(1, size * runs)
      for (const [cells, deviation] of [
        [64, 0.18],
        [256, 0.1],
      ] as const) {
        let sum = 0
        let far = 0
        for (let run = 0; run < runs; run++) {
          const [a, b] = twoSketches(pool, run, ours, theirs, 256)
          const estimate = estimateDifference(countDifferences(a, b.cells(0, cells)))
          assert.ok(estimate >= Math.abs(ours - theirs))
          sum += estimate / size
          if (Math.abs(estimate / size - 1) > 2.5 * deviation) far++
        }
        const mean = sum / runs
        assert.ok(mean > 0.94 && mean < 1.13, `mean ${mean} from ${cells} cells`)
        assert.ok(far <= runs * 0.05, `${far} of ${runs} far off from ${cells} cells`)
      }
    })

  it('treats cells and further counts alike', () => {
    const [a, b] = twoSketches(idsFrom(2, 200), 0, 150, 50, 256)
    const further = new Int32Array(192).map((_, n) => b.words[(64 + n) * 6 + 5]!)
    const whole = countDifferences(a, b)
    assert.deepEqual(countDifferences(a, b.cells(0, 64), further), whole)
    const smaller = createSketch(100)
    smaller.addAll(idsFrom(2, 150))
    assert.deepEqual(countDifferences(smaller, b), whole.slice(0, 100))
    refuses('INVALID_ARGUMENT', () => countDifferences(a, b.cells(1, 64)))
  })

  it('of equal sets, or from a single cell, is the difference of the sizes', () => {
    const [a] = twoSketches(idsFrom(3, 100), 0, 100, 0, 64)
    assert.equal(estimateDifference(countDifferences(a, a)), 0)
    assert.equal(estimateDifference(Int32Array.of(-7)), 7)
    assert.equal(estimateDifference(new Int32Array(0)), 0)
  })

  it('leads to cells that decode', () => {
    const pool = idsFrom(4, 200 * 60)
    for (const counts of [64, 256]) {
      let complete = 0
      for (let run = 0; run < 60; run++) {
        const [a, b] = twoSketches(pool, run, 120, 80, 1024)
        const cells = cellsFor(estimateDifference(countDifferences(a, b.cells(0, counts))), counts)
        if (peel(subtract(a, b.cells(0, Math.min(cells, 1024)))).complete) complete++
      }
      assert.ok(complete >= 57, `${complete} of 60 from ${counts} counts`)
    }
  })

  it('asks for fewer cells the more counts it is based on', () => {
    assert.deepEqual(
      [64, 128, 256].map((counts) => cellsFor(1000, counts)),
      [2386, 2081, 1825],
    )
    assert.equal(cellsFor(0, 64), 32)
    assert.equal(cellsFor(1000, 2), cellsFor(1000, 64))
  })

  it('asks for fewer cells the more of the difference is surplus, which is certain', () => {
    assert.deepEqual(
      [0, 500, -1000, 5000].map((surplus) => cellsFor(1000, 256, surplus)),
      [1825, 1728, 1640, 1640],
    )
  })
})

describe('the answer to cells that did not decode', () => {
  const choice: AnswerChoice = {
    estimatedDifference: 1000,
    counts: 256,
    tried: 80,
    surplus: 0,
    candidates: undefined,
    averageEntryBytes: 300,
    sketchCells: 8192,
    ids: 100_000,
  }

  it('is the sketch if no haves are known', () => {
    assert.deepEqual(chooseAnswer(choice), { kind: 'SKETCH', cells: cellsFor(1000, 256) })
  })

  it('is the candidates from the haves as long as few of them are redundant', () => {
    // 500 are missing: cells of 22 bytes and a twentieth of 150,000 bytes are the price of 150 redundant entries.
    const allowed = Math.floor(
      (cellsFor(choice.estimatedDifference, choice.counts) * 22 + 0.05 * 500 * 300) / 300,
    )
    assert.equal(chooseAnswer({ ...choice, candidates: 500 + allowed }).kind, 'HAVES')
    assert.equal(chooseAnswer({ ...choice, candidates: 501 + allowed }).kind, 'SKETCH')
    assert.equal(chooseAnswer({ ...choice, candidates: 300 }).kind, 'HAVES')
    assert.equal(chooseAnswer({ ...choice, candidates: 501 + allowed, averageEntryBytes: 200 }).kind, 'HAVES')
  })

  it('derives from the surplus which side lacks how much', () => {
    assert.equal(chooseAnswer({ ...choice, candidates: 1100, surplus: 1000 }).kind, 'HAVES')
    assert.equal(chooseAnswer({ ...choice, candidates: 600, surplus: -1000 }).kind, 'SKETCH')
  })

  it('is more cells than were tried, however small the difference seems', () => {
    for (const estimatedDifference of [0, 2, 20])
      assert.deepEqual(chooseAnswer({ ...choice, estimatedDifference }), { kind: 'SKETCH', cells: 120 })
  })

  it('is never more cells than there are, and a range past what they decode', () => {
    assert.deepEqual(chooseAnswer({ ...choice, sketchCells: 1600 }), { kind: 'SKETCH', cells: 1600 })
    assert.deepEqual(chooseAnswer({ ...choice, sketchCells: 1599 }), { kind: 'RANGE' })
    assert.deepEqual(chooseAnswer({ ...choice, estimatedDifference: 0, sketchCells: 0 }), { kind: 'RANGE' })
    assert.equal(chooseAnswer({ ...choice, sketchCells: 0, candidates: 500 }).kind, 'HAVES')
  })

  it('is not the candidates if naming every id costs less than the redundant ones', () => {
    const haves = { ...choice, ids: 1000, candidates: 500 + 60 }
    assert.equal(chooseAnswer({ ...haves, ids: 100_000 }).kind, 'HAVES')
    assert.equal(chooseAnswer({ ...haves, averageEntryBytes: 200 }).kind, 'HAVES')
    assert.equal(chooseAnswer({ ...haves, averageEntryBytes: 500 }).kind, 'IDS')
  })

  it('is all ids by name if there are fewer cells than probably decode', () => {
    const few = { ...choice, ids: 4000 }
    assert.equal(chooseAnswer({ ...few, sketchCells: 1600 }).kind, 'SKETCH')
    assert.equal(chooseAnswer({ ...few, sketchCells: 1599 }).kind, 'IDS')
  })

  it('is all ids by name if they take fewer bytes than the cells', () => {
    const even = Math.floor((cellsFor(1000, 256) * 22) / 16)
    assert.equal(chooseAnswer({ ...choice, ids: even }).kind, 'IDS')
    assert.equal(chooseAnswer({ ...choice, ids: even + 1 }).kind, 'SKETCH')
    assert.equal(chooseAnswer({ ...choice, ids: even, candidates: 500 }).kind, 'HAVES')
    const many = { ...choice, estimatedDifference: 50_000, sketchCells: 65_536 }
    assert.equal(chooseAnswer({ ...many, ids: limits.rangeIds }).kind, 'IDS')
    assert.equal(chooseAnswer({ ...many, ids: limits.rangeIds + 1 }).kind, 'RANGE')
  })

  it('gives a walk a budget that follows the difference', () => {
    assert.equal(havesWalkBudget(1000), 2512)
  })
})
