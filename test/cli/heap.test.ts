/** A `causeway` process can collect the garbage of pages, and collects only the young generation. */
import assert from 'node:assert/strict'
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { test } from 'node:test'
import '../../src/cli/heap.ts'
import { discard } from '../../src/base/garbage.ts'
import { limits } from '../../src/base/limits.ts'
import { until } from '../kit/until.ts'

test('collects the young generation for the garbage of pages', async () => {
  let forced: number | undefined
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind, flags } = (entry as PerformanceEntry & { detail: { kind?: number; flags?: number } })
        .detail
      if (flags === constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) forced ??= kind
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  discard(limits.garbageBytes, 1)
  // Not a promise of the observer's: it does not keep the process alive, and Node 22 then ends before it reports.
  await until('a forced collection is reported', () => forced !== undefined)
  observer.disconnect()
  assert.equal(forced, constants.NODE_PERFORMANCE_GC_MINOR)
})
