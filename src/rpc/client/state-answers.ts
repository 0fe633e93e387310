/**
 * Reads a remote's answers about the state of a tree, and checks that they are answers to what was asked. A list must go
 * forward: page tokens are the place of the last row that was read (services/paging.ts), so a remote cannot keep its
 * caller in a circle. How large an answer may be is bounded by `limits.messageBytes`.
 */

import type {
  GetResponse,
  HistoryResponse,
  ListResponse,
  ListStoresResponse,
  WatchStoreResponse,
} from '../../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { compareBytes, utf8 } from '../../dag/bytes.ts'
import { none } from '../../dag/canonical.ts'
import { comparePositions, type Position } from '../../dag/id.ts'
import type {
  Item,
  ListOptions,
  Page,
  PastVersion,
  WatchMessage,
  WatchOptions,
} from '../../state/api/items.ts'
import type { StoreKey } from '../../state/effects.ts'
import { readCount } from '../convert.ts'
import { readItem, readPast } from '../convert-state.ts'
import { readPosition, readTextToken } from '../services/paging.ts'

/** Reads the first of the keys that were asked for: one at least. Throws PROTOCOL. */
export function readGet({ items }: GetResponse, keys: readonly StoreKey[]): Item[] {
  const found = readable(() => items.map(readItem))
  const isAsked = found.every(({ store, key }, index) => {
    const asked = keys[index]
    return asked !== undefined && asked.store === store && asked.key === key
  })
  if (!isAsked || found.length === 0) lied('other keys than were asked for')
  return found
}

/** Reads a page of keys that begin with a prefix. Throws PROTOCOL. */
export function readList(
  { items, nextPageToken }: Pick<ListResponse, 'items' | 'nextPageToken'>,
  { store, prefix = '', after, limit, texts = false }: ListOptions & { readonly limit: number },
): Page<Item> {
  const rows = readable(() => items.map(readItem))
  if (rows.length > limit) lied(`${rows.length} keys in place of at most ${limit}`)
  const isAsked = (row: Item) =>
    row.store === store &&
    row.key.startsWith(prefix) &&
    (row.version !== undefined || (texts && row.isText === true))
  if (!rows.every(isAsked)) lied('keys that were not asked for')
  const next = forward(
    rows.map(({ key }) => key),
    after,
    nextPageToken,
  )
  return { rows, next }
}

/** Reads a page of names of stores. Throws PROTOCOL. */
export function readStores({ stores, nextPageToken }: ListStoresResponse, after: string): Page<string> {
  const next = forward(stores, after, nextPageToken)
  if (next !== undefined && stores.length === 0) lied('an empty page, and says that more follow')
  return { rows: stores, next }
}

/** Reads a page of what was done to a key, newest first. Throws PROTOCOL. */
export function readHistory(
  { versions, nextPageToken }: HistoryResponse,
  after: Position | undefined,
  limit: number,
): { rows: PastVersion[]; next: Position | undefined } {
  const rows = readable(() => versions.map(readPast))
  const next = nextPageToken === '' ? undefined : readable(() => readPosition(nextPageToken))
  if (rows.length > limit || (rows.length === 0 && next !== undefined))
    lied('a page that is too large, or empty and not the last')
  let last = after
  for (const { version } of rows) {
    if (last !== undefined && comparePositions(version, last) >= 0) lied('a list that does not go forward')
    last = version
  }
  if (next !== undefined && comparePositions(next, last!) > 0) lied('a list that does not go forward')
  return { rows, next }
}

/** Reads a message of a watch. `before` is the message before it. Throws PROTOCOL. */
export function readWatch(
  { items: messages, sequence: count, synced }: WatchStoreResponse,
  { store, prefix = '' }: WatchOptions,
  before: WatchMessage | undefined,
): WatchMessage {
  const items = readable(() => messages.map(readItem))
  if (!items.every((item) => item.store === store && item.key.startsWith(prefix)))
    lied('keys that were not asked for')
  const sequence = readable(() => readCount(count, 'sequence'))
  const isBack = before !== undefined && (sequence < before.sequence || (before.synced && !synced))
  if (isBack || synced === (sequence === 0)) lied('a watch that goes back')
  return { items, sequence, synced }
}

/**
 * Checks that keys ascend from `after`, in the order of their bytes, and the place from which the next page goes on too.
 * Returns that place, or undefined after the last page.
 */
function forward(keys: readonly string[], after: string | undefined, token: string): string | undefined {
  const start = after === undefined ? none : utf8(after)
  let last: Uint8Array = start
  for (const key of keys) {
    const bytes = utf8(key)
    if (compareBytes(bytes, last) <= 0) lied('a list that does not go forward')
    last = bytes
  }
  if (token === '') return undefined
  const next = readable(() => readTextToken(token))
  const place = utf8(next)
  if (compareBytes(place, last) < 0 || compareBytes(place, start) <= 0)
    lied('a list that does not go forward')
  return next
}

function readable<Result>(read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    const cause = CausewayError.from(error)
    throw new CausewayError('PROTOCOL', `The remote sent an answer that cannot be: ${cause.message}`, {
      cause,
    })
  }
}

function lied(what: string): never {
  throw new CausewayError('PROTOCOL', `The remote sent ${what}.`)
}
