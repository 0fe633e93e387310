/**
 * Encodes and decodes pages of entries by hand. Protobuf's runtime walks the description of every message and field,
 * which is half of a page's cost to its sender, though an entry has two fields. The page is passed as an unknown field
 * of its number: the runtime writes such bytes unchanged, and keeps them when reading if its description leaves that
 * field out. JSON has no unknown fields, so pages in JSON are encoded by the runtime.
 */
import { create, type UnknownField } from '@bufbuild/protobuf'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import {
  EntryPageSchema,
  type SendEntriesRequest,
  SendEntriesRequestSchema,
  SyncService,
  type SyncTreeResponse,
  SyncTreeResponseSchema,
} from '../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { discard, sentGarbage } from '../base/garbage.ts'
import type { SignedEntry } from '../dag/entry.ts'
import { type EntryId, idToBytes, type TreeId } from '../dag/id.ts'
import type { SyncPage } from '../sync/remote.ts'
import { readCompactPage } from './compact/read-page.ts'
import { writeCompactPage } from './compact/write-page.ts'

const pageNumber = SyncTreeResponseSchema.field.page.number
const entriesNumber = EntryPageSchema.field.entries.number
const moreNumber = EntryPageSchema.field.more.number
const compactNumber = EntryPageSchema.field.compact.number
const none: Uint8Array = new Uint8Array(0)

/**
 * Returns a page of an answer, packed as a whole: the runtime copies bytes once for each message around them. With
 * `compactFor`, the page's tree, in the compact form.
 */
export function writePage(
  { entries, ids, more }: SyncPage,
  json: boolean,
  compactFor?: TreeId | undefined,
): SyncTreeResponse {
  if (compactFor !== undefined && entries.length > 0) {
    const compact = writeCompactPage(compactFor, entries, ids)
    discard(compact.length, sentGarbage)
    return create(SyncTreeResponseSchema, { part: { case: 'page', value: { compact, more } } })
  }
  if (json)
    return create(SyncTreeResponseSchema, { part: { case: 'page', value: { entries: [...entries], more } } })
  const size = packedBytes(entries) + (more ? 2 : 0)
  const packed = new PackedFields(tagBytes + varintBytes(size) + size)
  packed.head(pageNumber, size)
  packed.entries(entriesNumber, entries)
  if (more) packed.flag(moreNumber)
  discard(size, sentGarbage)
  const response = create(SyncTreeResponseSchema)
  response.$unknown = [packed.finish(pageNumber)]
  return response
}

const { syncTree } = SyncService.method
const fieldsWithoutPage = SyncTreeResponseSchema.fields.filter(({ number }) => number !== pageNumber)

/** SyncService for a client: answers to SyncTree leave their pages undecoded, for `readPage`. */
export const PackedSyncService: typeof SyncService = {
  ...SyncService,
  methods: SyncService.methods.map((method) =>
    method === syncTree
      ? { ...syncTree, output: { ...SyncTreeResponseSchema, fields: fieldsWithoutPage } }
      : method,
  ),
}

/**
 * Returns the page of entries of this tree in an answer of `PackedSyncService`, or undefined if there is none. Throws
 * PROTOCOL.
 */
export function readPage(tree: TreeId, { $unknown = [] }: SyncTreeResponse): SyncPage | undefined {
  let page: ReadPage | undefined
  try {
    for (const { no, wireType, data } of $unknown) {
      if (no !== pageNumber) continue
      expectType(wireType, WireType.LengthDelimited)
      page ??= { entries: [], more: false, compact: none }
      // A Buffer, since its views and its conversion to hex cost less.
      readFields(page, new BinaryReader(Buffer.from(data.buffer, data.byteOffset, data.byteLength)))
    }
    if (page === undefined || page.compact.length === 0) return page
    return { entries: onlyCompact(tree, page), more: page.more }
  } catch (cause) {
    throw new CausewayError(
      'PROTOCOL',
      `The remote sent a page that cannot be read: ${(cause as Error).message}`,
      {
        cause,
      },
    )
  }
}

/** Returns the entries of a page in its compact form. Throws PROTOCOL if it has others beside them. */
export function onlyCompact(
  tree: TreeId,
  { entries, compact }: { readonly entries: readonly unknown[]; readonly compact: Uint8Array },
): SignedEntry[] {
  if (entries.length > 0)
    throw new CausewayError(
      'PROTOCOL',
      `A page has its entries in one form, got ${entries.length} beside the compact ones.`,
    )
  return readCompactPage(tree, compact)
}

interface ReadPage {
  readonly entries: SignedEntry[]
  more: boolean
  compact: Uint8Array
}

function readFields(page: ReadPage, reader: BinaryReader): void {
  reader.uint32()
  // Ends: each turn reads a tag, at least a byte.
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (field === entriesNumber) page.entries.push(readEntry(reader, type))
    else if (field === moreNumber) {
      expectType(type, WireType.Varint)
      page.more = reader.bool()
    } else if (field === compactNumber) {
      expectType(type, WireType.LengthDelimited)
      page.compact = reader.bytes()
    } else reader.skip(type, field)
  }
}

function expectType(type: WireType, expected: WireType): void {
  if (type !== expected) throw new Error(`a field has the wire type ${type}, not ${expected}`)
}

function readEntry(reader: BinaryReader, entryType: WireType): SignedEntry {
  expectType(entryType, WireType.LengthDelimited)
  const end = reader.uint32() + reader.pos
  if (end > reader.len) throw new RangeError('an entry is longer than its page')
  let [body, signature] = [none, none]
  // Ends: each turn reads a tag, at least a byte.
  while (reader.pos < end) {
    const [field, type] = reader.tag()
    if (field > 2) {
      reader.skip(type, field)
      continue
    }
    expectType(type, WireType.LengthDelimited)
    if (field === 1) body = reader.bytes()
    else signature = reader.bytes()
  }
  if (reader.pos !== end) throw new RangeError('a field is longer than its entry')
  return { body, signature }
}

/** Returns the request to store a page in its compact form. `ids` are those of the entries, if they are known. */
export function writeCompactRequest(
  tree: TreeId,
  entries: readonly SignedEntry[],
  ids?: readonly EntryId[] | undefined,
): SendEntriesRequest {
  const compact = writeCompactPage(tree, entries, ids)
  discard(compact.length, sentGarbage)
  return create(SendEntriesRequestSchema, { tree: idToBytes(tree), compact })
}

/** Returns the request to store a page. A node's own calls never use JSON. */
export function writeSendRequest(tree: TreeId, entries: readonly SignedEntry[]): SendEntriesRequest {
  const request = create(SendEntriesRequestSchema, { tree: idToBytes(tree) })
  const { number } = SendEntriesRequestSchema.field.entries
  const size = packedBytes(entries)
  const packed = new PackedFields(size)
  packed.entries(number, entries)
  discard(size, sentGarbage)
  if (entries.length > 0) request.$unknown = [packed.finish(number)]
  return request
}

/** A buffer to which fields are written one after the other. */
class PackedFields {
  private readonly bytes: Buffer
  private at = 0

  constructor(length: number) {
    this.bytes = Buffer.allocUnsafe(length)
  }

  /** Writes the tag of a field that has a length, and the length. */
  head(field: number, length: number): void {
    this.bytes[this.at++] = (field << 3) | WireType.LengthDelimited
    for (; length >= 128; length >>>= 7) this.bytes[this.at++] = (length & 127) | 128
    this.bytes[this.at++] = length
  }

  private field(field: number, bytes: Uint8Array): void {
    this.head(field, bytes.length)
    this.bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  flag(field: number): void {
    this.bytes[this.at++] = (field << 3) | WireType.Varint
    this.bytes[this.at++] = 1
  }

  entries(field: number, entries: readonly SignedEntry[]): void {
    for (const signed of entries) {
      this.head(field, sizeOf(signed))
      this.field(1, signed.body)
      this.field(2, signed.signature)
    }
  }

  /** Returns the bytes as one field, whose tag the runtime writes. */
  finish(no: number): UnknownField {
    return { no, wireType: WireType.LengthDelimited, data: this.bytes.subarray(tagBytes) }
  }
}

const tagBytes = 1

/** Returns the bytes of these entries in a page, including tags. */
export function packedBytes(entries: readonly SignedEntry[]): number {
  let length = 0
  for (const signed of entries) {
    const size = sizeOf(signed)
    length += tagBytes + varintBytes(size) + size
  }
  return length
}

/** Returns the bytes of an entry's two fields. */
function sizeOf({ body, signature }: SignedEntry): number {
  const lengths = varintBytes(body.length) + varintBytes(signature.length)
  return 2 * tagBytes + lengths + body.length + signature.length
}

function varintBytes(value: number): number {
  return value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : 4
}
