/**
 * Frees the memory of pages in time. Most of it is buffers outside V8's heap, but V8 collects the young generation by
 * what lies inside, so the buffers grow to several times that, and further the better the code is optimized. A process
 * that moves pages therefore counts both together and asks for a collection, which takes two to four milliseconds. That
 * needs `node --expose-gc`, or cli/heap.ts, which sets up our own processes.
 */
import { limits } from './limits.ts'

/** Bytes of garbage for each byte of a page at its sender: the store's rows, the page, its message, and the frame. */
export const sentGarbage = 4
/** The same at its receiver, by V8's profiler: bytes, message, writes, and some 6 KB of objects an entry. */
export const takenGarbage = 10
/** The same where a view counts entries: their bytes, what they do, and the rows that follow, some 12 KB an entry. */
export const countedGarbage = 24

let discardedBytes = 0

/** Counts a page, each byte of which leaves `garbage` bytes; collects once they reach `limits.garbageBytes`. */
export function discard(pageBytes: number, garbage: number): void {
  discardedBytes += pageBytes * garbage
  if (discardedBytes < limits.garbageBytes) return
  discardedBytes = 0
  globalThis.gc?.({ type: 'minor' })
}
