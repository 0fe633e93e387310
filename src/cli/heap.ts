/**
 * How V8 is to treat the heap of a process that is ours. A program that embeds a node has the same if it starts with
 * `node --expose-gc --no-allocation-site-pretenuring`.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

// V8 guesses from a few objects that all of their kind live long and puts them among the old, where only a full
// collection finds them. Entries come in pages, a page lives as a whole or not at all, and so it guessed wrong in one
// process of four, whose first sync took half as much memory again.
setFlagsFromString('--no-allocation-site-pretenuring')

// For garbage.ts. Contexts that are made from now on have it.
setFlagsFromString('--expose-gc')
globalThis.gc ??= runInNewContext('gc') as NodeJS.GCFunction
