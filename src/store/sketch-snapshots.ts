/**
 * The snapshots of sketches on the disk. One is written in parts, beside the one before, and then named by the tree's
 * record: a kill at any moment leaves a whole one. In parts, because once a buffer of megabytes was freed, glibc takes all
 * smaller ones from where it gives hardly anything back (its dynamic mmap threshold, see mallopt(3)).
 */

import { limits } from '../base/limits.ts'
import { type Sketch, wordsPerCell } from '../dag/difference/sketch.ts'
import { loadSketch } from '../dag/difference/sketch-codec.ts'
import type { TreeId } from '../dag/id.ts'
import type { Database } from './database/open.ts'

/** What a tree's record says: the arrival up to which the snapshot counts, and where it lies. */
interface Head {
  readonly sequence: number
  readonly slot: number
  readonly parts: number
}

// sequence(8) slot(1) parts(4)
const headBytes = 13
/** Of the largest sketch. */
const mostParts = 1 + Math.ceil((4 * wordsPerCell * limits.sketchMaxCells) / limits.sketchPartBytes)

export class SketchSnapshots {
  private readonly records: ReturnType<typeof recordsOf>

  constructor(db: Database) {
    this.records = recordsOf(db)
  }

  /** After the database was closed and opened again. */
  open(): Promise<void> {
    return this.records.open()
  }

  /** Undefined where there is none that holds. */
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

  /** One at a time for a tree. */
  async put(tree: TreeId, sequence: number, parts: readonly Uint8Array[]): Promise<void> {
    const before = decodeHead(await this.records.get(tree))
    const slot = before?.slot === 0 ? 1 : 0
    for (const [index, part] of parts.entries())
      await this.records.put(
        partKey(tree, slot, index),
        Buffer.from(part.buffer, part.byteOffset, part.length),
      )
    await this.records.put(tree, encodeHead({ sequence, slot, parts: parts.length }))
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
