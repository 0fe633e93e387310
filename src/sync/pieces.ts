/** Pages in smaller pieces: no larger than a slow link carries soon, or than may cross twice when a stream is cut. */

/** Cuts a page, in its order, into pieces of at most what `maxBytes` says now, or of one item that is larger. */
export function* pieces<Item>(
  page: readonly Item[],
  sizeOf: (item: Item) => number,
  maxBytes: () => number,
): Generator<Item[]> {
  let piece: Item[] = []
  let bytes = 0
  for (const item of page) {
    const size = sizeOf(item)
    if (piece.length > 0 && bytes + size > maxBytes()) {
      yield piece
      piece = []
      bytes = 0
    }
    piece.push(item)
    bytes += size
  }
  if (piece.length > 0) yield piece
}
