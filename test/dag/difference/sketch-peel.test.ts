/**
 * Peeling: it finds the symmetric difference, a failure returns what was found and says so, and hostile cells cause
 * neither much work nor a false claim of completeness.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { limits } from '../../../src/base/limits.ts'
import { applyAt, checkOf, createSketch, mapInto, wordsPerCell } from '../../../src/dag/difference/sketch.ts'
import { joinCells, type Peeled, peel, subtract } from '../../../src/dag/difference/sketch-peel.ts'
import { groundPairs, idsFrom, prefixOf, refuses } from './sketch-samples.ts'

/** Peels the sketches of two sets that share some ids. */
function reconcile(cellCount: number, ours: Uint8Array[], theirs: Uint8Array[], shared: Uint8Array[] = []) {
  const a = createSketch(cellCount)
  const b = createSketch(cellCount)
  a.addAll(shared)
  a.addAll(ours)
  b.addAll(theirs)
  b.addAll(shared)
  return peel(subtract(a, b))
}

function assertDifference(peeled: Peeled, ours: Uint8Array[], theirs: Uint8Array[]): void {
  assert.deepEqual([...peeled.ours].sort(), ours.map(prefixOf).sort())
  assert.deepEqual([...peeled.theirs].sort(), theirs.map(prefixOf).sort())
}

/** Returns the words of an id and its mapping, as peeling sees them. */
function putInto(words: Int32Array, cellCount: number, id: Int32Array, sign: number): void {
  const at = new Int32Array(cellCount)
  const [w0, w1, w2, w3] = id as unknown as [number, number, number, number]
  applyAt(words, at, mapInto(at, w0, w1, cellCount), w0, w1, w2, w3, checkOf(w0, w1, w2, w3), sign)
}

describe('peeling', () => {
  it('finds the symmetric difference of any two sets', () => {
    const sizes = fc.record({
      seed: fc.integer(),
      ours: fc.nat(40),
      theirs: fc.nat(40),
      shared: fc.nat(100),
    })
    fc.assert(
      fc.property(sizes, ({ seed, ours, theirs, shared }) => {
        const ids = idsFrom(seed, ours + theirs + shared)
        const [a, b] = [ids.slice(0, ours), ids.slice(ours, ours + theirs)]
        const peeled = reconcile(512, a, b, ids.slice(ours + theirs))
        assert.equal(peeled.complete, true)
        assertDifference(peeled, a, b)
      }),
      { numRuns: 100, seed: 1 },
    )
  })

  it('with too few cells finds only ids of the difference, and reports it as incomplete', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 64 }), fc.nat(60), (seed, cellCount, size) => {
        const ids = idsFrom(seed, size)
        const [a, b] = [ids.slice(size >> 1), ids.slice(0, size >> 1)]
        const peeled = reconcile(cellCount, a, b)
        if (peeled.complete) return assertDifference(peeled, a, b)
        const [ours, theirs] = [new Set(a.map(prefixOf)), new Set(b.map(prefixOf))]
        assert.ok(peeled.ours.every((id) => ours.has(id)) && peeled.theirs.every((id) => theirs.has(id)))
        assert.ok(peeled.ours.length + peeled.theirs.length < size)
      }),
      { numRuns: 100, seed: 2 },
    )
  })

  it('decodes 10 to 30 differences from the 64 cells of a request', () => {
    for (const [difference, least] of [
      [10, 398],
      [20, 394],
      [30, 384],
    ] as const) {
      const ids = idsFrom(difference, 400 * difference)
      let complete = 0
      for (let run = 0; run < 400; run++) {
        const some = ids.slice(run * difference, (run + 1) * difference)
        if (reconcile(64, some.slice(difference / 2), some.slice(0, difference / 2)).complete) complete++
      }
      assert.ok(complete >= least, `${complete} of 400 at ${difference}`)
    }
  })

  it('decodes a thousand from 1.6 times as many cells', () => {
    const ids = idsFrom(4, 3000)
    const peeled = reconcile(1600, ids.slice(0, 990), ids.slice(990, 1000), ids.slice(1000))
    assert.equal(peeled.complete, true)
    assert.equal(peeled.peels, 1000)
    assertDifference(peeled, ids.slice(0, 990), ids.slice(990, 1000))
  })

  it('accepts further cells if the first ones did not suffice', () => {
    const ids = idsFrom(5, 100)
    const [a, b] = [createSketch(256), createSketch(256)]
    a.addAll(ids)
    b.addAll(ids.slice(100))
    assert.equal(peel(subtract(a, b.cells(0, 64))).complete, false)
    const joined = joinCells(b.cells(0, 64), b.cells(64, 256))
    assertDifference(peel(subtract(a, joined)), ids, [])
    refuses('PROTOCOL', () => joinCells(b.cells(0, 64), b.cells(65, 256)))
    refuses('PROTOCOL', () => joinCells(b.cells(0, 64), a.cells(64, 256)))
    refuses('INVALID_ARGUMENT', () => subtract(a, b.cells(64, 256)))
    refuses('INVALID_ARGUMENT', () => peel(a.cells(64, 256)))
  })
})

describe('a hostile sketch', () => {
  it('with pairs ground to share their cells still yields most honest entries, as incomplete', () => {
    const pairs = groundPairs(6, 32, 64)
    const ids = idsFrom(1007, 1000)
    let recovered = 0
    for (let run = 0; run < 50; run++) {
      const honest = ids.slice(run * 20, (run + 1) * 20)
      const [a, b] = [honest.slice(0, 10), honest.slice(10)]
      const peeled = reconcile(64, [...a, ...pairs.slice(0, 32)], [...b, ...pairs.slice(32)])
      assert.equal(peeled.complete, false)
      const known = new Set(honest.map(prefixOf))
      assert.ok([...peeled.ours, ...peeled.theirs].every((id) => known.has(id)))
      recovered += peeled.ours.length + peeled.theirs.length
    }
    assert.ok(recovered > 0.8 * 1000, `${recovered} of 1000`)
  })

  it('with such a pair split between the sides omits it, and is not complete', () => {
    // One of ours and one of theirs in the same cells: the counts cancel out, the xors do not.
    const [ours, theirs] = groundPairs(8, 1, 64) as [Uint8Array, Uint8Array]
    assert.deepEqual(reconcile(64, [ours], [theirs]), { complete: false, ours: [], theirs: [], peels: 0 })
  })

  it('does not keep peeling busy: at most twice the cells', () => {
    // Cells of random words that all claim a single id with a right check, and lie about every other cell.
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 128 }), (seed, cellCount) => {
        const words = new Int32Array(cellCount * wordsPerCell)
        for (const [cell, bytes] of idsFrom(seed, cellCount).entries()) {
          const id = new Int32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 16))
          const [w0, w1, w2, w3] = id as unknown as [number, number, number, number]
          words.set([w0, w1, w2, w3, checkOf(w0, w1, w2, w3), cell % 2 === 0 ? 1 : -1], cell * wordsPerCell)
        }
        const before = words.slice()
        const peeled = peel({ from: 0, cellCount, total: 0, words })
        assert.ok(peeled.peels <= limits.sketchPeelsPerCell * cellCount)
        assert.deepEqual(words, before)
      }),
      { numRuns: 200, seed: 9 },
    )
  })

  it('that adds and removes an id forever is cut off', () => {
    // Cell 0 holds an id that the other cells lack: removing it from all puts its opposite into those.
    const cellCount = 32
    const words = new Int32Array(cellCount * wordsPerCell)
    const id = new Int32Array(idsFrom(10, 1)[0]!.slice(0, 16).buffer)
    const [w0, w1, w2, w3] = id as unknown as [number, number, number, number]
    words.set([w0, w1, w2, w3, checkOf(w0, w1, w2, w3), 1])
    const peeled = peel({ from: 0, cellCount, total: 1, words })
    assert.deepEqual(peeled, { complete: false, ours: [], theirs: [], peels: 2 * cellCount })
  })

  it('with an id in a cell that is not its own yields nothing', () => {
    const words = new Int32Array(wordsPerCell * 64)
    const id = new Int32Array(idsFrom(12, 1)[0]!.slice(0, 16).buffer)
    const [w0, w1, w2, w3] = id as unknown as [number, number, number, number]
    const at = new Int32Array(64)
    const mapped = at.slice(0, mapInto(at, w0, w1, 64))
    const other = Array.from(at.keys()).find((cell) => !mapped.includes(cell))!
    words.set([w0, w1, w2, w3, checkOf(w0, w1, w2, w3), 1], other * wordsPerCell)
    const peeled = peel({ from: 0, cellCount: 64, total: 0, words })
    assert.deepEqual(peeled, { complete: false, ours: [], theirs: [], peels: 0 })
  })

  it('with an id twice is not complete', () => {
    const words = new Int32Array(wordsPerCell * 8)
    const id = new Int32Array(idsFrom(11, 1)[0]!.slice(0, 16).buffer)
    putInto(words, 8, id, 1)
    putInto(words, 8, id, 1)
    const peeled = peel({ from: 0, cellCount: 8, total: 2, words })
    assert.deepEqual({ ...peeled, peels: 0 }, { complete: false, ours: [], theirs: [], peels: 0 })
  })
})
