/**
 * The shapes of the matrix. Each grows a part that both sides have and then, on demand, what one of the two sides
 * writes on top of it.
 */
import { below } from '../test/kit/entries.ts'
import type { Forge, Forged } from './forge.ts'
import { loadShape } from './shape.ts'

/** Grows the common part and returns a function that grows `count` entries of side 0 or 1. */
export type Grow = (forge: Forge, entries: number) => (count: number, side: 0 | 1) => Forged[]

function chain(forge: Forge, from: Forged, count: number): Forged[] {
  const added: Forged[] = []
  for (let index = 0; index < count; index++) added.push(forge.add([added.at(-1) ?? from]))
  return added
}

/** Random choices from the source of a forge. */
function lots(forge: Forge) {
  const random = forge.lots
  return { random, anyOf: <Item>(items: readonly Item[]) => items[below(random, items.length)]! }
}

export const growers: Readonly<Record<string, Grow>> = {
  linear(forge, entries) {
    const root = forge.add([])
    chain(forge, root, entries - 1)
    let start = forge.entries.length - 1
    return (count, side) => {
      // Both sides continue from the common part.
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
    const { random } = lots(forge)
    const root = forge.add([])
    const tips = Array.from({ length: Math.min(3_000, entries) }, () => forge.add([root]))
    while (forge.entries.length < entries) {
      const index = below(random, tips.length)
      tips[index] = forge.add([tips[index]!])
    }
    return (count, side) =>
      Array.from({ length: count }, () => {
        // Each side has its own half of the tips, and sometimes starts a new branch.
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
    const { anyOf } = lots(forge)
    const root = forge.add([])
    chain(forge, root, entries - 1)
    const common = [...forge.entries]
    return (count) => Array.from({ length: count }, () => forge.add([anyOf(common)]))
  },

  'git history'(forge, entries) {
    const { lines } = loadShape(Math.min(entries - 1, 81_000))
    let root = forge.add([])
    // A longer history repeats the same shape on top.
    while (forge.entries.length < entries) {
      const start = forge.entries.length
      for (const [back] of lines.slice(0, entries - start)) {
        const here = forge.entries.length
        const parents = back.flatMap((distance) =>
          here - distance < start ? [] : [forge.entries[here - distance]!],
        )
        forge.add(parents.length > 0 ? parents : [root])
      }
      root = forge.entries.at(-1)!
    }
    return growLikeGit(forge)
  },

  /** About 24 parallel lines that seldom merge: few enough tips to send all of them. */
  braid(forge, entries) {
    const { random } = lots(forge)
    const root = forge.add([])
    const width = Math.min(24, entries)
    const lines = Array.from({ length: width }, () => forge.add([root]))
    const step = (side: number, sides: number) => {
      const index = sides * below(random, Math.floor(width / sides)) + side
      const other = lines[below(random, width)]!
      const entry = forge.add(random() < 0.05 ? [lines[index]!, other] : [lines[index]!])
      lines[index] = entry
      return entry
    }
    while (forge.entries.length < entries) step(0, 1)
    const common = [...lines]
    return (count, side) => {
      // Neither side builds on what the other writes.
      for (const [index, entry] of common.entries()) lines[index] = entry
      const added = Array.from({ length: count }, () => step(side, 2))
      return added
    }
  },

  'gossip of 16'(forge, entries) {
    const { random } = lots(forge)
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

/** One main line for each side, with branches that leave it and soon merge again. */
function growLikeGit(forge: Forge): (count: number, side: 0 | 1) => Forged[] {
  const { random, anyOf } = lots(forge)
  let start = forge.entries.length - 1
  return (count, side) => {
    if (side === 0) start = forge.entries.length - 1
    const added: Forged[] = []
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
