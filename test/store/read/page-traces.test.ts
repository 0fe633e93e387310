/** Spans of the latest pages: found by arrivals, and bounded by pages, trees and links. */
import { strict as assert } from 'node:assert'
import { it } from 'node:test'
import { limits } from '../../../src/base/limits.ts'
import type { TreeId } from '../../../src/dag/id.ts'
import { PageTraces } from '../../../src/store/read/page-traces.ts'

const tree = 'a'.repeat(64) as TreeId
const context = (n: number) => ({
  traceId: 'b'.repeat(32),
  spanId: n.toString(16).padStart(16, '0'),
  traceFlags: 1,
})
const numbers = (traces: PageTraces, from: number, upTo: number, of = tree) =>
  traces.between(of, from, upTo).map(({ spanId }) => Number.parseInt(spanId, 16))

it('finds the pages that brought some arrivals', () => {
  const traces = new PageTraces()
  for (const [after, upTo] of [
    [0, 3],
    [3, 4],
    [4, 9],
  ] as const)
    traces.add(tree, after, upTo, context(upTo))
  assert.deepEqual(numbers(traces, 0, 9), [3, 4, 9])
  assert.deepEqual(numbers(traces, 2, 3), [3])
  assert.deepEqual(numbers(traces, 3, 5), [4, 9])
  assert.deepEqual(numbers(traces, 9, 9), [])
  assert.deepEqual(numbers(traces, 0, 9, 'c'.repeat(64) as TreeId), [])
  traces.forget(tree)
  assert.deepEqual(numbers(traces, 0, 9), [])
})

it('keeps the last pages of a tree, and returns the last as far as a span has links', () => {
  const traces = new PageTraces()
  const last = limits.tracedPages + 10
  for (let upTo = 1; upTo <= last; upTo++) traces.add(tree, upTo - 1, upTo, context(upTo))
  assert.deepEqual(numbers(traces, 0, 10), [])
  assert.deepEqual(numbers(traces, 10, 12), [11, 12])
  const found = numbers(traces, 0, last)
  assert.equal(found.length, limits.traceLinks)
  assert.equal(found.at(-1), last)
})

it('keeps the trees that were written to last', () => {
  const traces = new PageTraces()
  const treeOf = (n: number) => n.toString(16).padStart(64, '0') as TreeId
  for (let n = 0; n < limits.tracedTrees; n++) traces.add(treeOf(n), 0, 1, context(1))
  traces.add(treeOf(0), 1, 2, context(2))
  traces.add(treeOf(limits.tracedTrees), 0, 1, context(1))
  assert.deepEqual(numbers(traces, 0, 2, treeOf(0)), [1, 2])
  assert.deepEqual(numbers(traces, 0, 2, treeOf(1)), [])
  assert.deepEqual(numbers(traces, 0, 2, treeOf(limits.tracedTrees)), [1])
})
