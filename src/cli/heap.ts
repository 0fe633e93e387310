/**
 * How V8 is to treat the heap of a process that is ours. It guesses from a few objects that all of their kind live long
 * and puts them among the old, where only a full collection finds them. Entries come in pages, a page lives as a whole or
 * not at all, and so it guessed wrong in one process of four, whose first sync took half as much memory again. A program
 * that embeds a node starts with `node --no-allocation-site-pretenuring` to have the same.
 */
import { setFlagsFromString } from 'node:v8'

setFlagsFromString('--no-allocation-site-pretenuring')
