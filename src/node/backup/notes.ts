/**
 * What a backup says beside its entries, in JSON blocks: first who it is of, perhaps with the key, then the node's
 * records and its trees, and at the end how much there was. A backup without its end was cut.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { flag, hex32, list, object, optional, type Shape, text, wholeNumber } from '../../base/shape.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'

/** The numbers of the formats of backups: of whole ones, and of those that build on an earlier one. */
export const wholeFormat = 1
export const laterFormat = 2

/** The first block, which the archive names as its root. */
export interface BackupHead {
  readonly causeway: 'backup'
  readonly format: number
  /** The node that wrote it. */
  readonly node: PeerId
  /** The version of its software. */
  readonly version: string
  readonly createdAtMs: number
  readonly treeCount: number
  readonly entryCount: number
  /** Whether a note with the node's key comes next. */
  readonly hasKey: boolean
  /** The lifetime of the store; see since.ts. Backups of early versions do not say it. */
  readonly store?: string
  /** The name of the backup on which this one builds; absent in a whole one. */
  readonly since?: string
}

/** A tree of a backup, and how many entries it had. Its entries are its first arrivals, in the order of arrival. */
export interface BackupTree {
  readonly tree: TreeId
  readonly entries: number
  /** The local number of the tree in its store. Backups of early versions do not say it. */
  readonly number?: number
  /** How many of these entries are in the backups on which this one builds. Default: 0. */
  readonly after?: number
}

/** A tree of which a backup has only the first entries, or none, since it is damaged. */
export interface DamagedBackupTree {
  readonly tree: TreeId
  readonly message: string
}

export interface BackupEnd {
  readonly entries: number
  /** How many chunks of blobs. */
  readonly chunks: number
  /** How many trees lack entries, and the first `limits.backupDamaged` of them. */
  readonly damagedTrees: number
  readonly damaged: readonly DamagedBackupTree[]
}

/** A record by its key, as `Records` keep it. */
export type Row = readonly [key: string, value: object]

/** One note. */
export type BackupNote =
  | BackupHead
  | { readonly records: string; readonly rows: readonly Row[] }
  | { readonly trees: readonly BackupTree[] }
  /** The blocks up to the next note are chunks of blobs of this tree, which use this peer's quota. */
  | { readonly chunksOf: TreeId; readonly owner: PeerId }
  | { readonly end: BackupEnd }
  | { readonly key: string }

export function encodeNote(note: BackupNote): Uint8Array {
  return Buffer.from(JSON.stringify(note))
}

/** Cuts a list into notes of bounded size. */
export function* notesOf<Item>(
  items: Iterable<Item>,
  note: (items: readonly Item[]) => BackupNote,
): Generator<Uint8Array> {
  let [page, bytes]: [Item[], number] = [[], 0]
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item))
    if (page.length > 0 && bytes + size > limits.backupNoteBytes) {
      yield encodeNote(note(page))
      ;[page, bytes] = [[], 0]
    }
    page.push(item)
    bytes += size
  }
  if (page.length > 0) yield encodeNote(note(page))
}

const head = object({
  node: hex32,
  version: text,
  createdAtMs: wholeNumber,
  treeCount: wholeNumber,
  entryCount: wholeNumber,
  hasKey: flag,
  store: optional(hex32),
  since: optional(hex32),
})
const row: Shape = (value, name) => {
  list(() => {})(value, name)
  const [key, record] = value as unknown[]
  text(key, `${name}[0]`)
  object({})(record, `${name}[1]`)
}
/** The kinds of notes but the first, by the field that only this kind has. */
const kinds: Readonly<Record<string, Shape>> = {
  rows: object({ records: text, rows: list(row) }),
  trees: object({
    trees: list(
      object({
        tree: hex32,
        entries: wholeNumber,
        number: optional(wholeNumber),
        after: optional(wholeNumber),
      }),
    ),
  }),
  chunksOf: object({ chunksOf: hex32, owner: hex32 }),
  end: object({
    end: object({
      entries: wholeNumber,
      chunks: wholeNumber,
      damagedTrees: wholeNumber,
      damaged: list(object({ tree: hex32, message: text })),
    }),
  }),
  key: object({ key: hex32 }),
}

/** Reads a note. Throws STORE_CORRUPT if it is none, and STORE_FORMAT if it is of another format. */
export function decodeNote(bytes: Uint8Array): BackupNote {
  try {
    const note = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
    object({})(note, 'note')
    if (note.causeway === 'backup') {
      wholeNumber(note.format, 'format')
      expectFormat(note.format)
      head(note, 'note')
      return note
    }
    const kind = Object.keys(kinds).find((field) => field in note)
    if (kind === undefined) throw new Error(`it has the fields ${Object.keys(note).slice(0, 8).join(', ')}`)
    kinds[kind]!(note, 'note')
    return note
  } catch (error) {
    if (error instanceof CausewayError && error.code === 'STORE_FORMAT') throw error
    throw new CausewayError(
      'STORE_CORRUPT',
      `A note of the backup is malformed: ${(error as Error).message}`,
      {
        cause: error,
      },
    )
  }
}

function expectFormat(format: number): void {
  if (format === wholeFormat || format === laterFormat) return
  throw new CausewayError(
    'STORE_FORMAT',
    `The backup has format ${format}, but this version reads up to ${laterFormat}: use ${format > laterFormat ? 'a newer' : 'an older'} Causeway.`,
    { data: { format, expected: laterFormat } },
  )
}
