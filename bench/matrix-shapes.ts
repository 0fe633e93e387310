/**
 * The shapes of the matrix: each grows a common part and then, as often as asked, what one of two sides writes on top of
 * what both have.
 */
import type { VerifiedEntry } from '../src/dag/entry.ts'
import { below, prng } from '../test/kit/entries.ts'
import type { Forge } from './matrix.ts'
import { loadShape } from './shape.ts'

/** Grows the common part; the result grows `count` entries of side 0 or 1. */
export type Grow = (forge: Forge, entries: number) => (count: number, side: 0 | 1) => VerifiedEntry[]

function chain(forge: Forge, from: VerifiedEntry, count: number): VerifiedEntry[] {
  const added: VerifiedEntry[] = []
  for (let index = 0; index < count; index++) added.push(forge.add([added.at(-1) ?? from]))
  return added
}

const random = prng(3)
const anyOf = <Item>(items: readonly Item[]) => items[below(random, items.length)]!

export const growers: Readonly<Record<string, Grow>> = {
  linear(forge, entries) {
    const root = forge.add([])
    chain(forge, root, entries - 1)
    let start = forge.entries.length - 1
    return (count, side) => {
      // Both sides go on from what both have.
      if (side === 0) start = forge.entries.length - 1
      return chain(forge, forge.entries[start]!, count)
    }
  },

  'two branches'(forge, entries) {
    const root = forge.add([])
    const ends = [0, 1].map(() => chain(forge, root, entries >> 1).at(-1)!)
    return (count, side) => {
      const added = chain(forge, ends[side]!, count)
      ends[side] = added.at(-1)!
      return added
    }
  },

  'concurrent tips'(forge, entries) {
    const root = forge.add([])
    const tips = Array.from({ length: 3_000 }, () => forge.add([root]))
    while (forge.entries.length < entries) {
      const index = below(random, tips.length)
      tips[index] = forge.add([tips[index]!])
    }
    return (count, side) =>
      Array.from({ length: count }, () => {
        // Each side has its own half of the tips, and opens new ones.
        const index = 2 * below(random, tips.length >> 1) + side
        const entry = forge.add([random() < 0.1 ? root : tips[index]!])
        tips[index] = entry
        return entry
      })
  },

  'old fork'(forge, entries) {
    const root = forge.add([])
    const line = chain(forge, root, entries - 1)
    return (count, side) => chain(forge, line[10 + side]!, count)
  },

  'scattered forks'(forge, entries) {
    const root = forge.add([])
    chain(forge, root, entries - 1)
    const common = [...forge.entries]
    return (count) => Array.from({ length: count }, () => forge.add([anyOf(common)]))
  },

  'git history'(forge, entries) {
    const lines = loadShape(Math.min(entries, 81_000)).lines
    const root = forge.add([])
    for (const [back] of lines) {
      const here = forge.entries.length
      const parents = back
        .map((distance) => forge.entries[here - distance]!)
        .filter((parent) => parent !== undefined)
      forge.add(parents.length > 0 ? parents : [root])
    }
    return growLikeGit(forge)
  },

  'gossip of 16'(forge, entries) {
    const root = forge.add([])
    const writers = Array.from({ length: 16 }, () => forge.add([root]))
    const step = (from: number, to: number) => {
      const index = from + below(random, to - from)
      const entry = forge.add([writers[index]!, writers[from + below(random, to - from)]!])
      writers[index] = entry
      return entry
    }
    while (forge.entries.length < entries) step(0, 16)
    return (count, side) => Array.from({ length: count }, () => step(8 * side, 8 * side + 8))
  },
}

/** A main line a side, with branches that leave it and merge again soon. */
function growLikeGit(forge: Forge): (count: number, side: 0 | 1) => VerifiedEntry[] {
  let start = forge.entries.length - 1
  return (count, side) => {
    if (side === 0) start = forge.entries.length - 1
    const added: VerifiedEntry[] = []
    let main = forge.entries[start]!
    while (added.length < count) {
      const branch =
        random() < 0.25 && added.length + 2 < count ? forge.add([anyOf(added.slice(-20)) ?? main]) : undefined
      if (branch !== undefined) added.push(branch)
      main = forge.add(branch === undefined ? [main] : [main, branch])
      added.push(main)
    }
    return added.slice(0, count)
  }
}
