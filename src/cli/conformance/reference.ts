/** Our own node as the reference: what it says of entries is what other implementations must say. */
import { limits } from '../../base/limits.ts'
import type { Entry, VerifiedEntry } from '../../dag/entry.ts'
import { createNode, type Node } from '../../node/node.ts'

export interface Judgement {
  /** The code of each entry, '' for one that is stored. */
  readonly codes: readonly string[]
  /** The ids of the entries that are void, ascending. */
  readonly voids: readonly string[]
}

/** Returns what an empty store makes of the entries of one tree, in this order. */
export async function judge(entries: readonly VerifiedEntry[]): Promise<Judgement> {
  await using node = await createNode({ background: false })
  const codes = await storeIn(node, entries)
  const stored = entries.filter((_, index) => codes[index] === '')
  const positions = stored.map(({ id, body }) => ({ id, height: body.height }))
  return { codes, voids: [...(await node.store.voidAmong(entries[0]!.tree, positions))].sort() }
}

/** Stores entries of one tree in a node, and returns the code of each. */
export async function storeIn(node: Node, entries: readonly VerifiedEntry[]): Promise<string[]> {
  const codes = Array<string>(entries.length).fill('')
  for (let start = 0; start < entries.length; start += limits.pageEntries) {
    const page = entries.slice(start, start + limits.pageEntries)
    const { refused } = await node.store.append(entries[0]!.tree, page)
    for (const { index, error } of refused) codes[start + index] = error.code
  }
  return codes
}

/** Returns the entries that a store takes, of these in this order. */
export async function standing<Some extends VerifiedEntry>(entries: readonly Some[]): Promise<Some[]> {
  const { codes } = await judge(entries)
  return entries.filter((_: Entry, index) => codes[index] === '')
}
