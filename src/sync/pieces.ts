/** Pages in smaller pieces: no larger than a slow link carries soon, or than may cross twice when a stream is cut. */

/** Collects items into pieces of at most what `maxBytes` says now, or of one item that is larger. */
export class Collector<Item> {
  private readonly sizeOf: (item: Item) => number
  private readonly maxBytes: () => number
  private piece: Item[] = []
  /** Of the items that are in no piece yet. */
  bytes = 0

  constructor(sizeOf: (item: Item) => number, maxBytes: () => number) {
    this.sizeOf = sizeOf
    this.maxBytes = maxBytes
  }

  /** Whether the item would be too much for the piece that is collected: then that is to be taken first. */
  isFullFor(item: Item): boolean {
    return this.piece.length > 0 && this.bytes + this.sizeOf(item) > this.maxBytes()
  }

  add(item: Item): void {
    this.piece.push(item)
    this.bytes += this.sizeOf(item)
  }

  /** The piece as it is; what comes now begins the next. */
  take(): Item[] {
    const { piece } = this
    this.piece = []
    this.bytes = 0
    return piece
  }
}

/** Cuts a page, in its order, into such pieces. */
export function* pieces<Item>(
  page: readonly Item[],
  sizeOf: (item: Item) => number,
  maxBytes: () => number,
): Generator<Item[]> {
  const collector = new Collector(sizeOf, maxBytes)
  for (const item of page) {
    if (collector.isFullFor(item)) yield collector.take()
    collector.add(item)
  }
  if (page.length > 0) yield collector.take()
}
