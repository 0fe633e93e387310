/** A `causeway` process can collect the garbage of pages, and collects only the young generation. */
import assert from 'node:assert/strict'
import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { test } from 'node:test'
import '../../src/cli/heap.ts'
import { discard } from '../../src/base/garbage.ts'
import { limits } from '../../src/base/limits.ts'

test('collects the young generation for the garbage of pages', { timeout: 10_000 }, async () => {
  const forced = new Promise<number | undefined>((resolve) => {
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { kind, flags } = (entry as PerformanceEntry & { detail: { kind?: number; flags?: number } })
          .detail
        if (flags !== constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) continue
        observer.disconnect()
        resolve(kind)
      }
    })
    observer.observe({ entryTypes: ['gc'] })
  })
  discard(limits.garbageBytes, 1)
  assert.equal(await forced, constants.NODE_PERFORMANCE_GC_MINOR)
})
