/**
 * Cuts pages into smaller pieces: no larger than a slow link carries soon, or than may cross again after a stream is
 * cut.
 */

/**
 * Collects items into pieces of at most `maxBytes()` bytes, or of one larger item. The bound may change at any time.
 */
export class Collector<Item> {
  private readonly sizeOf: (item: Item) => number
  private readonly maxBytes: () => number
  private piece: Item[] = []
  /** Bytes of the items collected since the last `take`. */
  bytes = 0

  constructor(sizeOf: (item: Item) => number, maxBytes: () => number) {
    this.sizeOf = sizeOf
    this.maxBytes = maxBytes
  }

  /** Reports whether the item no longer fits, so that the caller must take the piece before it adds the item. */
  isFullFor(item: Item): boolean {
    return this.piece.length > 0 && this.bytes + this.sizeOf(item) > this.maxBytes()
  }

  add(item: Item): void {
    this.piece.push(item)
    this.bytes += this.sizeOf(item)
  }

  /** Returns the collected piece and begins the next one. */
  take(): Item[] {
    const { piece } = this
    this.piece = []
    this.bytes = 0
    return piece
  }
}

/** Cuts a page into pieces as a Collector does, in its order. */
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
