/**
 * Sets V8 flags for the heap of a `causeway` process. A program that embeds a node gets the same with
 * `node --expose-gc --no-allocation-site-pretenuring`.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// V8 guesses from a few objects that all of their kind live long, and allocates them in the old generation, which only
// a full collection cleans. Entries come in pages that live or die as a whole, so V8 guessed wrong in one process of
// four, and its first sync took half as much memory again.
setFlagsFromString('--no-allocation-site-pretenuring')

// base/garbage.ts needs `gc`. The flag adds it to contexts created from now on, so take it from a new one.
setFlagsFromString('--expose-gc')
globalThis.gc ??= runInNewContext('gc') as NodeJS.GCFunction
