/** What the view of a tree knows of each entry that it draws, and the colours and lanes of authors. */
import type { Entry } from '../../../../gen/causeway/v1/tree_pb.ts'
import { moment } from '../../parts/format.ts'
import { hexOf, hueOf } from '../../parts/ids.ts'

export interface Dot {
  readonly id: string
  readonly cid: string
  readonly parents: readonly string[]
  readonly height: number
  readonly author: string
  /** The author's time, as people read it. */
  readonly time: string
  readonly createdAtMs: number
  readonly stores: readonly string[]
  readonly isVoid: boolean
  /** When it arrived while the reader looked, by `performance.now`; 0 if it was there before. */
  bornAt: number
  /** Its place among the entries of its height, and how many these are. */
  index: number
  siblings: number
  /** How many entries of its author stand before it at its height. */
  twin: number
}

/** Names of stores that are drawn beside an entry. */
const mostStores = 4

export function dotOf({ id, cid, body, isVoid }: Entry): Dot {
  return {
    // Formatting a time takes longer than drawing it, so it is done once.
    time: moment(Number(body!.createdAtMs)),
    id: hexOf(id),
    cid,
    parents: body!.parents.map(hexOf),
    height: Number(body!.height),
    author: hexOf(body!.author),
    createdAtMs: Number(body!.createdAtMs),
    stores: [...new Set(body!.changes.map(({ store }) => store))].slice(0, mostStores),
    isVoid,
    ...{ bornAt: 0, index: 0, siblings: 1, twin: 0 },
  }
}

/** Authors with a lane of their own; all further ones share the last lane. */
const mostLanes = 16

/** Gives each author a lane, in the order in which they are seen, and a colour. */
export class Authors {
  private readonly lanes = new Map<string, number>()
  private readonly colors = new Map<string, string>()

  laneOf(author: string): number {
    const known = this.lanes.get(author)
    if (known !== undefined) return known
    if (this.lanes.size >= mostLanes) return mostLanes
    const lane = this.lanes.size
    this.lanes.set(author, lane)
    return lane
  }

  colorOf(author: string): string {
    const known = this.colors.get(author)
    if (known !== undefined) return known
    if (this.colors.size > 10_000) this.colors.clear()
    const color = `hsl(${hueOf(author)} 55% 48%)`
    this.colors.set(author, color)
    return color
  }

  /** The authors that have lanes, in their order. */
  list(): string[] {
    return [...this.lanes.keys()]
  }

  get count(): number {
    return Math.min(this.lanes.size + 1, mostLanes + 1)
  }
}
