/** Pairs of sets: what an asker and a server have of one tree. conformance/README.md describes the shapes. */
import type { VerifiedEntry } from '../../../dag/entry.ts'
import { ordered } from '../asking.ts'
import { Grown, randomTree } from './trees.ts'

export interface Pair {
  readonly asker: readonly VerifiedEntry[]
  readonly server: readonly VerifiedEntry[]
}

/** A chain of `common` entries on the root; then a chain of the asker's and one of the server's on its end. */
export function forked(common: number, asker: number, server: number): Pair {
  const tree = new Grown(`forked ${common}`)
  const fork = tree.chain(tree.root, common).at(-1) ?? tree.root
  const shared = [...tree.entries]
  return {
    asker: [...shared, ...tree.chain(fork, asker, { key: 1 })],
    server: [...shared, ...tree.chain(fork, server, { key: 2 })],
  }
}

/** Children of the root: `common` that both have, then the asker's and the server's. */
export function starred(common: number, asker: number, server: number): Pair {
  const tree = new Grown(`starred ${common}`)
  const shared = [tree.root, ...tree.star(tree.root, common)]
  return {
    asker: [...shared, ...tree.star(tree.root, asker, { key: 1 })],
    server: [...shared, ...tree.star(tree.root, server, { key: 2 })],
  }
}

/** A wide random tree, of which the asker has the first entries in order, as after a first sync that was cut. */
export function cutShort(seed: number, count: number, asker: number): Pair {
  const server = ordered(randomTree(seed, count, 80))
  return { asker: server.slice(0, asker), server }
}

/** A chain on the root, of which the asker has nothing. */
function fresh(count: number): Pair {
  return { asker: [], server: forked(count, 0, 0).server }
}

/** A chain of the server's on the root, with children of its end; and a chain of the asker's on the root. */
function broom(chain: number, asker: number, server: number): Pair {
  const tree = new Grown('broom')
  const [end] = tree.chain(tree.root, chain).slice(-1)
  tree.star(end ?? tree.root, server, { key: 2 })
  const theirs = [...tree.entries]
  return { asker: [tree.root, ...tree.chain(tree.root, asker, { key: 1 })], server: theirs }
}

const shapes = { forked, starred, cutShort, fresh, broom }

/** A shape with its numbers. */
export type PairSpec = readonly [shape: keyof typeof shapes, ...numbers: [number, number, number]]

export function pairOf([shape, ...numbers]: PairSpec): Pair {
  return shapes[shape](...numbers)
}
