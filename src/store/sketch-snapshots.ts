/**
 * The snapshots of sketches on the disk. A snapshot is written beside the last one and then named by the tree's head
 * record, so a kill at any moment leaves a whole one. It is written in parts, because once a buffer of megabytes was
 * freed, glibc takes all smaller ones from memory of which it returns hardly any (its dynamic mmap threshold, see
 * mallopt(3)).
 */

import { limits } from '../base/limits.ts'
import { type Sketch, wordsPerCell } from '../dag/difference/sketch.ts'
import { loadSketch } from '../dag/difference/sketch-codec.ts'
import type { TreeId } from '../dag/id.ts'
import type { Database } from './database/open.ts'

/** A tree's head record: the arrival up to which the snapshot counts, and where its parts are. */
interface Head {
  readonly sequence: number
  readonly slot: number
  readonly parts: number
}

// sequence(8) slot(1) parts(4)
const headBytes = 13
/** The parts of the largest sketch. */
const mostParts = 1 + Math.ceil((4 * wordsPerCell * limits.sketchMaxCells) / limits.sketchPartBytes)

/** The snapshots in one database, at most one whole one for each tree. */
export class SketchSnapshots {
  private readonly records: ReturnType<typeof recordsOf>

  constructor(db: Database) {
    this.records = recordsOf(db)
  }

  /** Opens the records again, after the database was closed and opened. */
  open(): Promise<void> {
    return this.records.open()
  }

  /** Returns the tree's snapshot, or undefined if there is none or it is damaged. */
  async get(tree: TreeId): Promise<{ sketch: Sketch; sequence: number } | undefined> {
    const head = decodeHead(await this.records.get(tree))
    if (head === undefined) return undefined
    const keys = Array.from({ length: head.parts }, (_, part) => partKey(tree, head.slot, part))
    const parts = await this.records.getMany(keys)
    try {
      return { sketch: loadSketch(parts.filter((part) => part !== undefined)), sequence: head.sequence }
    } catch {
      return undefined
    }
  }

  /** Writes a snapshot. The caller writes one at a time for a tree. */
  async put(tree: TreeId, sequence: number, parts: readonly Uint8Array[]): Promise<void> {
    const previous = decodeHead(await this.records.get(tree))
    const slot = previous?.slot === 0 ? 1 : 0
    for (const [index, part] of parts.entries())
      await this.records.put(
        partKey(tree, slot, index),
        Buffer.from(part.buffer, part.byteOffset, part.length),
      )
    await this.records.put(tree, encodeHead({ sequence, slot, parts: parts.length }))
  }

  /** Removes all records of a tree's snapshots. */
  remove(tree: TreeId): Promise<void> {
    // The head comes first, so that a kill leaves no head without its parts.
    return this.records.clear({ gte: tree, lt: `${tree}/` })
  }
}

function recordsOf(db: Database) {
  return db.sublevel<string, Buffer>('sketch', { keyEncoding: 'utf8', valueEncoding: 'buffer' })
}

function partKey(tree: TreeId, slot: number, part: number): string {
  return `${tree}.${slot}.${part}`
}

function encodeHead({ sequence, slot, parts }: Head): Buffer {
  const head = Buffer.alloc(headBytes)
  head.writeBigUInt64BE(BigInt(sequence))
  head[8] = slot
  head.writeUInt32BE(parts, 9)
  return head
}

function decodeHead(head: Buffer | undefined): Head | undefined {
  if (head?.length !== headBytes) return undefined
  const parts = head.readUInt32BE(9)
  return parts > mostParts ? undefined : { sequence: Number(head.readBigUInt64BE()), slot: head[8]!, parts }
}
