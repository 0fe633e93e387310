/**
 * The entries of a tree around what the reader sees, in pieces of some heights each. A piece is fetched when it comes into
 * sight, again when the tree has changed since, and forgotten when too much else was seen: so a tree of any size takes
 * the same memory.
 */
import { EntryView } from '../../../../gen/causeway/v1/tree_pb.ts'
import { treeCalls } from '../../api/clients.ts'
import { bytesOf } from '../../parts/ids.ts'
import { type Dot, dotOf } from './dots.ts'

/** Entries that a piece should have about. */
const pieceEntries = 300
const longestPiece = 256
/** Entries of one piece that are drawn at most: more than there are points in a line of the screen. */
const mostOfPiece = 2_000
/** Entries that are kept at most. */
const mostKept = 40_000
const mostFetches = 2
/** How soon a piece that could not be fetched is asked for again. */
const againMs = 2_000

interface Piece {
  /** By height, in the order of lanes. */
  readonly rows: ReadonlyMap<number, readonly Dot[]>
  readonly count: number
  /** Whether there are more entries than are drawn. */
  readonly isCut: boolean
  /** The tree's latest arrival when it was fetched. */
  readonly sequence: bigint
  usedAt: number
}

const nothing: readonly Dot[] = []

export class DagData {
  /** Changes with what is here. */
  version = 0
  /** Heights in a piece. */
  readonly pieceHeights: number
  private readonly tree: Uint8Array<ArrayBuffer>
  private readonly onChange: () => void
  private readonly pieces = new Map<number, Piece>()
  private readonly byId = new Map<string, Dot>()
  private readonly fetches = new Map<number, AbortController>()
  private readonly failedAt = new Map<number, number>()
  private wanted: readonly number[] = []
  private sequence = 0n
  private kept = 0
  private isClosed = false

  /** `count` and `height` say how dense the tree is. `onChange` is called when there is more to draw. */
  constructor(tree: string, count: number, height: number, onChange: () => void) {
    this.tree = bytesOf(tree)
    this.onChange = onChange
    const perHeight = Math.max(1, count / (height + 1))
    this.pieceHeights = Math.max(1, Math.min(longestPiece, Math.round(pieceEntries / perHeight)))
  }

  /** The entries of a height, in the order of their lanes. */
  row(height: number): readonly Dot[] {
    return this.pieces.get(Math.floor(height / this.pieceHeights))?.rows.get(height) ?? nothing
  }

  dot(id: string): Dot | undefined {
    return this.byId.get(id)
  }

  /** The entries that stand on this one, as far as they are here. */
  childrenOf(id: string): Dot[] {
    return [...this.byId.values()].filter(({ parents }) => parents.includes(id))
  }

  /** The number of entries that memory holds. */
  get size(): number {
    return this.kept
  }

  /** Whether some entries between two heights are left out. */
  isCut(from: number, to: number): boolean {
    return this.piecesBetween(from, to).some((index) => this.pieces.get(index)?.isCut)
  }

  /** Whether all between two heights is here. */
  isHere(from: number, to: number): boolean {
    return this.piecesBetween(from, to).every((index) => this.pieces.has(index))
  }

  /** Whether all between two heights is here as it was when the tree had an arrival, or later. */
  isOf(sequence: bigint, from: number, to: number): boolean {
    return this.piecesBetween(from, to).every(
      (index) => (this.pieces.get(index)?.sequence ?? -1n) >= sequence,
    )
  }

  /** Fetches what is missing or old between two heights, nearest to the middle first, and nothing else any more. */
  want(from: number, to: number, sequence: bigint): void {
    this.sequence = sequence
    const middle = (from + to) / 2 / this.pieceHeights
    this.wanted = this.piecesBetween(from, to).sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))
    for (const [index, fetch] of this.fetches) if (!this.wanted.includes(index)) fetch.abort()
    const now = performance.now()
    for (const index of this.wanted) {
      const piece = this.pieces.get(index)
      if (piece !== undefined) piece.usedAt = now
    }
    this.next()
  }

  close(): void {
    this.isClosed = true
    for (const fetch of this.fetches.values()) fetch.abort()
  }

  private piecesBetween(from: number, to: number): number[] {
    const [first, last] = [from, to].map((height) => Math.floor(Math.max(0, height) / this.pieceHeights))
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index)
  }

  private next(): void {
    for (const index of this.wanted) {
      if (this.fetches.size >= mostFetches || this.isClosed) return
      const isFailed = performance.now() - (this.failedAt.get(index) ?? Number.NEGATIVE_INFINITY) < againMs
      if (this.fetches.has(index) || isFailed || this.pieces.get(index)?.sequence === this.sequence) continue
      void this.fetch(index)
    }
  }

  private async fetch(index: number): Promise<void> {
    const over = new AbortController()
    this.fetches.set(index, over)
    const { sequence } = this
    const from = index * this.pieceHeights
    const dots: Dot[] = []
    let pageToken = ''
    try {
      // Ends with the last page, or with more entries than are drawn.
      do {
        const page = await treeCalls.listEntries(
          {
            ...{ tree: this.tree, pageToken, newestFirst: true, includeVoid: true, pageSize: 1000 },
            ...{ minHeight: BigInt(from), maxHeight: BigInt(from + this.pieceHeights - 1) },
            view: EntryView.OUTLINE,
          },
          { signal: over.signal },
        )
        for (const entry of page.entries) dots.push(dotOf(entry))
        pageToken = page.nextPageToken
      } while (pageToken !== '' && dots.length < mostOfPiece)
      this.failedAt.delete(index)
      this.keep(index, dots, pageToken !== '', sequence)
    } catch {
      if (!over.signal.aborted) {
        this.failedAt.set(index, performance.now())
        setTimeout(() => this.isClosed || this.onChange(), againMs)
      }
    } finally {
      this.fetches.delete(index)
      if (!this.isClosed) {
        this.onChange()
        this.next()
      }
    }
  }

  private keep(index: number, dots: readonly Dot[], isCut: boolean, sequence: bigint): void {
    const before = this.pieces.get(index)
    const now = performance.now()
    const rows = new Map<number, Dot[]>()
    for (const dot of dots) {
      const known = this.byId.get(dot.id)
      // What comes while the reader looks slides in.
      dot.bornAt = known?.bornAt ?? (before === undefined ? 0 : now)
      const row = rows.get(dot.height)
      if (row === undefined) rows.set(dot.height, [dot])
      else row.push(dot)
    }
    for (const row of rows.values()) {
      row.sort((a, b) => (a.author < b.author ? -1 : a.author > b.author ? 1 : a.id < b.id ? -1 : 1))
      for (const [place, dot] of row.entries()) {
        const before = row[place - 1]
        dot.index = place
        dot.siblings = row.length
        dot.twin = before?.author === dot.author ? before.twin + 1 : 0
      }
    }
    this.forget(index)
    for (const dot of dots) this.byId.set(dot.id, dot)
    this.pieces.set(index, { rows, count: dots.length, isCut, sequence, usedAt: now })
    this.kept += dots.length
    this.version++
    this.makeRoom()
  }

  private makeRoom(): void {
    if (this.kept <= mostKept) return
    const oldestFirst = [...this.pieces].sort(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [index] of oldestFirst) {
      if (this.kept <= mostKept) return
      if (!this.wanted.includes(index)) this.forget(index)
    }
  }

  private forget(index: number): void {
    const piece = this.pieces.get(index)
    if (piece === undefined) return
    for (const row of piece.rows.values()) for (const { id } of row) this.byId.delete(id)
    this.kept -= piece.count
    this.pieces.delete(index)
  }
}
