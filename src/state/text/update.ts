/**
 * Reads and writes updates of Yjs (its first encoding) as far as docs/state.md, "Text", lets them count: pieces of one
 * text, by the one client that belongs to their author. What else Yjs can say counts for nothing here, since an author
 * could move or hide with it what others have written.
 */
import { limits } from '../../base/limits.ts'
import { sha256Hex } from '../../dag/crypto.ts'
import { hexToBytes } from '../../dag/hex.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Doc, Item, YjsModule } from './yjs.ts'

/** The name of the text in its document. */
export const rootName = 'text'

/** A range of clocks: of the UTF-16 units and marks that a client has inserted, counted from 0. */
export interface ClockRange {
  readonly from: number
  /** The first clock after the range. */
  readonly to: number
}

/** Ranges of clocks by client. */
export type Deletes = ReadonlyMap<number, readonly ClockRange[]>

export interface ReadUpdate {
  readonly client: number
  /** In ascending order of their clocks, without gaps. */
  readonly items: readonly Item[]
  readonly deletes: Deletes
  /** The length of the update. */
  readonly bytes: number
}

const domain = new TextEncoder().encode('causeway.yjs.v1\0')

/** Returns the client that an author is in a session: the first 53 bits of a hash of both. */
export function clientOf(author: PeerId, session: Uint8Array): number {
  const digest = sha256Hex(domain, hexToBytes(author), session)
  return Number(BigInt(`0x${digest.slice(0, 14)}`) >> 3n)
}

/** Returns what an update says, or undefined if it counts for nothing. `client` is that of its author. */
export function readUpdate(yjs: YjsModule, update: Uint8Array, client: number): ReadUpdate | undefined {
  const decoded = decode(yjs, update)
  if (decoded === undefined) return undefined
  const items: Item[] = []
  for (const struct of decoded.structs) {
    if (!(struct instanceof yjs.Item) || !isOfText(yjs, struct, client)) return undefined
    const last = items.at(-1)
    if (last !== undefined && struct.id.clock !== endOf(last)) return undefined
    items.push(struct)
  }
  const deletes = new Map<number, ClockRange[]>()
  for (const [of, list] of decoded.ds.clients) {
    const ranges = list.map(({ clock, len }) => ({ from: clock, to: clock + len }))
    if (ranges.some(({ from, to }) => to <= from || !Number.isSafeInteger(to))) return undefined
    if (ranges.length > 0) deletes.set(of, ranges)
  }
  return { client, items, deletes, bytes: update.length }
}

function decode(yjs: YjsModule, update: Uint8Array) {
  try {
    return yjs.decodeUpdate(update)
  } catch {
    // Whatever Yjs throws for bytes that are no update, the update cannot be read.
    return undefined
  }
}

/** Reports whether an item is a piece of the text, by this client, and refers to no later item of it. */
function isOfText(yjs: YjsModule, item: Item, client: number): boolean {
  const { id, parent, parentSub, content, origin, rightOrigin } = item
  const isPiece = [yjs.ContentString, yjs.ContentDeleted, yjs.ContentFormat, yjs.ContentEmbed].some(
    (kind) => content instanceof kind,
  )
  if (!isPiece || parentSub !== null || id.client !== client || !isShallow(content)) return false
  if (item.length < 1 || !Number.isSafeInteger(endOf(item))) return false
  // An item lies beside those that it names; only the first one of a text says where it belongs.
  const parentText: unknown = parent
  if (origin === null && rightOrigin === null && parentText !== rootName) return false
  return [origin, rightOrigin].every((name) => name?.client !== client || name.clock < id.clock)
}

/** Reports whether the JSON of a mark or an object nests so little that everybody can write it. */
function isShallow(content: Item['content']): boolean {
  let level: unknown[] = 'embed' in content ? [content.embed] : 'value' in content ? [content.value] : []
  // Each turn goes one level down; ends below the deepest one, or at the bound.
  for (let depth = 0; level.length > 0; depth++) {
    level = level.filter((value) => typeof value === 'object' && value !== null)
    if (level.length > 0 && depth === limits.textJsonDepth) return false
    level = level.flatMap((value) => Object.values(value as object))
  }
  return true
}

export const endOf = (item: Item): number => item.id.clock + item.length

/** Returns the part of an item that is in a range. The range overlaps the item. */
export function partOf(yjs: YjsModule, item: Item, { from, to }: ClockRange): Item {
  const { client, clock } = item.id
  if (from <= clock && to >= endOf(item)) return item
  const start = Math.max(from, clock)
  let content = item.content.copy()
  if (start > clock) content = content.splice(start - clock)
  if (to < endOf(item)) content.splice(to - start)
  const origin = start > clock ? yjs.createID(client, start - 1) : item.origin
  return new yjs.Item(
    ...([yjs.createID(client, start), null, origin, null, item.rightOrigin, item.parent, null] as const),
    content,
  )
}

/** Encodes items, those of each client in ascending order, and deletes as one update. */
export function encodeUpdate(
  yjs: YjsModule,
  items: ReadonlyMap<number, readonly Item[]>,
  deletes: Deletes,
): Uint8Array {
  const out = new yjs.UpdateEncoderV1()
  out.writeLen(items.size)
  for (const [client, of] of items) writeItems(out, client, of)
  out.writeLen(deletes.size)
  for (const [client, ranges] of deletes) {
    out.writeLen(client)
    out.writeLen(ranges.length)
    for (const { from, to } of ranges) {
      out.writeLen(from)
      out.writeLen(to - from)
    }
  }
  return out.toUint8Array()
}

/** What Yjs writes where a client's clocks are not known. */
const skip = 10

function writeItems(
  out: InstanceType<YjsModule['UpdateEncoderV1']>,
  client: number,
  items: readonly Item[],
): void {
  const gaps = items.filter((item, index) => index > 0 && item.id.clock !== endOf(items[index - 1]!))
  out.writeLen(items.length + gaps.length)
  out.writeClient(client)
  let next = items[0]!.id.clock
  out.writeLen(next)
  for (const item of items) {
    if (item.id.clock > next) {
      out.writeInfo(skip)
      out.writeLen(item.id.clock - next)
    }
    item.write(out, 0)
    next = endOf(item)
  }
}

/**
 * Tries again to apply the items that wait for others: Yjs does so only where a client gets further that it notes, and
 * misses some when several wait for each other.
 */
export function retryWaiting(yjs: YjsModule, doc: Doc, origin: unknown): void {
  const waiting = doc.store.pendingStructs
  if (waiting === null || waiting.update.length > limits.textWaitingBytes) return
  doc.store.pendingStructs = null
  yjs.applyUpdateV2(doc, waiting.update, origin)
}

/** Returns the text that an update makes of a new document, or undefined if it says nothing at all. */
export function textOf(yjs: YjsModule, update: Uint8Array): string | undefined {
  const { structs, ds } = yjs.decodeUpdate(update)
  if (structs.length === 0 && ds.clients.size === 0) return undefined
  const doc = new yjs.Doc()
  const text = doc.getText(rootName)
  yjs.applyUpdate(doc, update)
  return text.toString()
}

/** Returns an update as parts that each can be written: the update itself if it is small. Throws LIMIT_EXCEEDED. */
export function splitUpdate(yjs: YjsModule, update: Uint8Array, client: number): Uint8Array[] {
  if (update.length <= limits.textUpdateBytes) return [update]
  const read = readUpdate(yjs, update, client)
  if (read === undefined) return [update]
  const parts: Uint8Array[] = []
  let items: Item[] = []
  let bytes = 0
  const end = () => {
    if (items.length > 0) parts.push(encodeUpdate(yjs, new Map([[client, items]]), new Map()))
    items = []
    bytes = 0
  }
  for (const item of read.items.flatMap((each) => smallParts(yjs, each))) {
    // Alone it takes at least as many bytes as among others.
    const alone = encodeUpdate(yjs, new Map([[client, [item]]]), new Map()).length
    if (bytes + alone > limits.textUpdateBytes) end()
    items.push(item)
    bytes += alone
  }
  end()
  for (const [of, ranges] of read.deletes)
    for (let from = 0; from < ranges.length; from += limits.textPartRanges)
      parts.push(
        encodeUpdate(yjs, new Map(), new Map([[of, ranges.slice(from, from + limits.textPartRanges)]])),
      )
  return parts
}

/** Cuts a long string, but no character in two. */
function smallParts(yjs: YjsModule, item: Item): Item[] {
  if (!(item.content instanceof yjs.ContentString)) return [item]
  const { str } = item.content
  const parts: Item[] = []
  for (let from = 0; from < str.length; ) {
    let to = Math.min(from + limits.textPartUnits, str.length)
    if (to < str.length && /[\ud800-\udbff]/.test(str[to - 1]!)) to--
    parts.push(partOf(yjs, item, { from: item.id.clock + from, to: item.id.clock + to }))
    from = to
  }
  return parts
}
