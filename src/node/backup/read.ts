/**
 * Reads an archive of entries: a backup, or any CAR file whose raw blocks are entries, parents first. Each block is
 * checked against its id. A backup says how much is in it, so one that was cut or changed is noticed; of other archives
 * only the blocks are checked.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { entryBytes, readEntry, type SignedEntry } from '../../dag/entry.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { type CarBlock, jsonCodec, rawCodec, readCar } from './car.ts'
import { type BackupHead, type BackupNote, decodeNote } from './notes.ts'

/** A bounded list of entries of one tree, parents first. */
export interface ArchivePage {
  readonly tree: TreeId
  readonly entries: readonly SignedEntry[]
}

/** A chunk of a blob. */
export interface ArchiveChunk {
  readonly chunkOf: TreeId
  readonly owner: PeerId
  readonly data: Uint8Array
}

export type ArchivePart = BackupNote | ArchivePage | ArchiveChunk

/** Yields what an archive holds, in its order. Throws STORE_CORRUPT, STORE_FORMAT, or the error of an entry. */
export async function* readArchive(source: AsyncIterable<Uint8Array>): AsyncGenerator<ArchivePart> {
  const contents = new Contents()
  let tree: TreeId | undefined
  let [page, bytes]: [SignedEntry[], number] = [[], 0]
  const take = function* (): Generator<ArchivePage> {
    if (tree !== undefined && page.length > 0) yield { tree, entries: page }
    ;[page, bytes] = [[], 0]
  }
  for await (const block of readCar(source)) {
    if (block.codec !== rawCodec) {
      const note = contents.note(block)
      if (note === undefined) continue
      yield* take()
      yield note
      continue
    }
    const chunk = contents.chunk(block)
    if (chunk !== undefined) {
      yield* take()
      yield chunk
      continue
    }
    const { tree: of, signed } = readEntry({
      signature: block.bytes.subarray(0, 64),
      body: block.bytes.subarray(64),
    })
    contents.entry()
    const size = entryBytes(signed)
    if (of !== tree || page.length === limits.pageEntries || bytes + size > limits.pageBytes) yield* take()
    tree = of
    page.push(signed)
    bytes += size
  }
  yield* take()
  contents.expectEnd()
}

/** Returns the first note of a backup, or undefined if the archive is no backup. */
export async function readHead(source: AsyncIterable<Uint8Array>): Promise<BackupHead | undefined> {
  for await (const part of readArchive(source)) return 'causeway' in part ? part : undefined
  return undefined
}

/** What a backup said that it holds, and what came. */
class Contents {
  private head: BackupHead | undefined
  private blocks = 0
  private trees = 0
  private entries = 0
  private chunks = 0
  /** Whose chunks the blocks are; undefined while they are entries. */
  private chunksOf: { readonly chunksOf: TreeId; readonly owner: PeerId } | undefined
  private ended = false

  /** Reads a block that is no entry; undefined if it says nothing to us, as in archives of others. */
  note({ codec, bytes, isRoot }: CarBlock): BackupNote | undefined {
    const isFirst = this.blocks++ === 0
    if (codec !== jsonCodec || (isFirst ? !isRoot : this.head === undefined)) return undefined
    const note = decodeNote(bytes)
    const expectsKey = this.head?.hasKey === true && this.blocks === 2
    if ('causeway' in note !== isFirst || 'key' in note !== expectsKey || this.ended)
      throw broken('has its notes in another order than they are written')
    if ('chunksOf' in note) this.chunksOf = note
    if ('causeway' in note) this.head = note
    else if ('trees' in note) this.trees += note.trees.length
    else if ('end' in note) {
      this.ended = true
      if (note.end.entries !== this.entries)
        throw broken(`says that it has ${note.end.entries} entries, but has ${this.entries}`)
      if (note.end.chunks !== this.chunks)
        throw broken(`says that it has ${note.end.chunks} chunks of blobs, but has ${this.chunks}`)
    }
    return note
  }

  /** Returns a block as a chunk if a note has said that chunks follow. */
  chunk({ bytes }: CarBlock): ArchiveChunk | undefined {
    if (this.chunksOf === undefined) return undefined
    this.blocks++
    this.chunks++
    return { chunkOf: this.chunksOf.chunksOf, owner: this.chunksOf.owner, data: bytes }
  }

  entry(): void {
    this.blocks++
    this.entries++
    if (this.ended) throw broken('has entries after its end')
  }

  /** Throws STORE_CORRUPT if the backup was cut between two blocks. */
  expectEnd(): void {
    const { head, trees, ended } = this
    if (head === undefined) return
    if (!ended) throw broken(`ends after ${this.entries} of ${head.entryCount} entries`)
    if (head.treeCount !== trees) throw broken(`lists ${trees} of its ${head.treeCount} trees`)
  }
}

function broken(what: string): CausewayError {
  return new CausewayError(
    'STORE_CORRUPT',
    `The backup ${what}: it was cut or changed. Use another copy of it.`,
  )
}
