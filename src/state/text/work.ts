/**
 * The work on one text that may take long: reading its updates, composing them, and making the document that they add up
 * to. Yjs compares an item with all that stand between its neighbours, so a hostile text takes the square of its size.
 * This runs where nobody else waits: on a thread, but for small texts.
 */
import type { EntryId } from '../../dag/id.ts'
import { Composer, type RankedUpdate } from './composer.ts'
import { type ReadUpdate, readUpdate, rootName } from './update.ts'
import type { YjsModule } from './yjs.ts'

/** The updates of a text, in the order of their ranks, as a message carries them to a thread. */
export interface TextJob {
  readonly clients: Float64Array
  /** For each update 1 if its entry is void. */
  readonly voids: Uint8Array
  /** Where each update ends in `bytes`. */
  readonly ends: Uint32Array
  readonly bytes: Uint8Array
  /** Comparisons that it may take. */
  readonly most: number
}

/** What a text is. */
export interface ComposedText {
  /** For each update 1 if it counts. */
  readonly counts: Uint8Array
  /** All that counts as one update. */
  readonly update: Uint8Array
  /** The text; '' if the updates say nothing. */
  readonly text: string
  /** Items and ranges of all updates that count. */
  readonly pieces: number
  /** Items that wait for others, which are not here. */
  readonly waiting: number
  /** The ranges of clocks that are taken, four numbers each: the client, from, to, and the number of the update. */
  readonly taken: Float64Array
}

/** Composes a text. Calls `onRead` with the number of the update that has most pieces, before the long part of the work. */
export function composeJob(yjs: YjsModule, job: TextJob, onRead: (largest: number) => void): ComposedText {
  const counts = new Uint8Array(job.clients.length)
  const updates: RankedUpdate[] = []
  let pieces = 0
  let largest = 0
  let most = -1
  for (let index = 0; index < counts.length; index++) {
    const update = job.bytes.subarray(job.ends[index - 1] ?? 0, job.ends[index])
    const read = readUpdate(yjs, update, job.clients[index]!)
    if (read === undefined) continue
    counts[index] = 1
    // They come in their order, so that their numbers are their ranks.
    updates.push({ isVoid: job.voids[index] === 1, height: index, id: '' as EntryId, index, read })
    const here = piecesOf(read)
    pieces += here
    if (here > most) {
      most = here
      largest = index
    }
  }
  onRead(largest)
  const composer = new Composer(yjs)
  const update = composer.add(updates)!
  const doc = new yjs.Doc()
  const text = doc.getText(rootName)
  yjs.applyUpdate(doc, update)
  const pending = doc.store.pendingStructs
  const waiting = pending === null ? 0 : yjs.decodeUpdateV2(pending.update).structs.length
  return { counts, update, text: text.toString(), pieces, waiting, taken: packTaken(composer) }
}

function packTaken({ taken }: Composer): Float64Array {
  const numbers: number[] = []
  for (const [client, ranges] of taken)
    for (const { from, to, rank } of ranges) numbers.push(client, from, to, rank.index)
  return Float64Array.from(numbers)
}

/** Returns how many items and deleted ranges an update has. */
export function piecesOf({ items, deletes }: ReadUpdate): number {
  let pieces = items.length
  for (const ranges of deletes.values()) pieces += ranges.length
  return pieces
}
