/**
 * Has the garbage of pages collected in time. Most of it is buffers outside V8's heap, and the young generation is
 * collected by what lies inside: until then the buffers grow to several times that, and to more the better the code is
 * optimized. So a process that moves pages asks for the collection, of two to four milliseconds, by what both are together.
 * It may under `node --expose-gc`, or as cli/heap.ts sets up the processes that are ours.
 */
import { limits } from './limits.ts'

/** Garbage for each byte of a page at its sender: the rows of the store, the page, its message, and that in its frame. */
export const sentGarbage = 4
/** At its receiver, by V8's profiler: what came, its message, what is written, and some 6 KB of objects an entry. */
export const takenGarbage = 10

let discarded = 0

/** Counts a page of so many bytes, each of which leaves so much garbage. */
export function discard(pageBytes: number, garbage: number): void {
  discarded += pageBytes * garbage
  if (discarded < limits.garbageBytes) return
  discarded = 0
  globalThis.gc?.({ type: 'minor' })
}
