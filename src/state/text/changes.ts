/** Reads the updates of one text: all that the tree's view has, or those of what it has counted since an arrival. */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { decodeBody } from '../../dag/body.ts'
import type { Position, TreeId } from '../../dag/id.ts'
import { effectsOf, pathOf, type StoreKey } from '../effects.ts'
import { flipOf, flipRange, flipsAfter, keyBytes, rankOf, versionRange } from '../rows.ts'
import type { Views } from '../view.ts'
import type { Rank, RankedUpdate } from './composer.ts'
import { clientOf, readUpdate } from './update.ts'
import type { YjsModule } from './yjs.ts'

/** An update of a text as its entry has it: nobody has looked at it, so it may count for nothing. */
export interface StoredUpdate extends Rank {
  /** The client of its author and session. */
  readonly client: number
  readonly bytes: Uint8Array
}

/** What is needed to read the updates of one text. */
export interface TextSource {
  readonly views: Views
  readonly tree: TreeId
  readonly key: StoreKey
}

/** Reports whether a key has a text that stands, as far as the newest of its versions tell. The view must be current. */
export async function hasText({ views, tree, key }: TextSource): Promise<boolean> {
  const { store } = views
  const range = versionRange(store.treeNumber(tree), keyBytes(key))
  const rows = await store.db.iterator({ ...range, limit: limits.stateScanRows }).all()
  const marked = rows.flatMap(([row, mark]) => (mark.length > 0 ? [rankOf(row)] : []))
  return marked.length > 0 && (await store.voidAmong(tree, marked)).size < marked.length
}

/**
 * Returns all updates of a text, also those that count for nothing. The view must be current. Throws LIMIT_EXCEEDED if
 * they have more bytes than `most`.
 */
export async function allUpdates(
  source: TextSource,
  most = Number.POSITIVE_INFINITY,
): Promise<StoredUpdate[]> {
  const { store } = source.views
  const range = versionRange(store.treeNumber(source.tree), keyBytes(source.key))
  const updates: StoredUpdate[] = []
  let bytes = 0
  for await (const rows of store.rows(range, { pageEntries: limits.pageEntries })) {
    const positions = rows.flatMap(([row, mark]) => (mark.length > 0 ? [rankOf(row)] : []))
    for (let from = 0; from < positions.length; from += readAtOnce)
      for (const update of await updatesAt(source, positions.slice(from, from + readAtOnce))) {
        updates.push(update)
        bytes += update.bytes.length
        if (bytes > most)
          throw new CausewayError(
            'LIMIT_EXCEEDED',
            `The updates of this text have more than ${most} bytes: read it with \`node.stores.readText\`.`,
            { data: { max: most } },
          )
      }
  }
  return updates
}

/** What became of a text in some arrivals. */
export interface TextNews {
  readonly updates: readonly RankedUpdate[]
  /** Whether entries of the text became void, or no longer void. */
  readonly hasFlips: boolean
  /** The last of these arrivals. */
  readonly through: number
}

/** Returns those of these updates that count. */
export function readAll(yjs: YjsModule, stored: readonly StoredUpdate[]): RankedUpdate[] {
  return stored.flatMap(({ client, bytes, ...rank }) => {
    const read = readUpdate(yjs, bytes, client)
    return read === undefined ? [] : [{ ...rank, read }]
  })
}

/** Returns what the next arrivals after one brought, as far as the view counts them. */
export async function newsSince(yjs: YjsModule, source: TextSource, after: number): Promise<TextNews> {
  const { views, tree } = source
  const { store } = views
  const end = views.counted(tree)
  const arrivals = await store.arrivals(tree, after, limits.watchEntries)
  const here = arrivals.filter(({ sequence }) => sequence <= end)
  const through = here.at(-1)?.sequence ?? end
  let hasFlips = false
  for await (const rows of store.rows(flipRange(store.treeNumber(tree), flipsAfter(after), through))) {
    const flipped = rows.map(([row]) => flipOf(row).position)
    for (let from = 0; from < flipped.length && !hasFlips; from += readAtOnce)
      hasFlips = readAll(yjs, await updatesAt(source, flipped.slice(from, from + readAtOnce))).length > 0
    if (hasFlips) break
  }
  const updates: RankedUpdate[] = []
  for (let from = 0; from < here.length; from += readAtOnce)
    updates.push(...readAll(yjs, await updatesAt(source, here.slice(from, from + readAtOnce))))
  return { updates, hasFlips, through }
}

/** How many entries are read at a time. */
const readAtOnce = 64

async function updatesAt(
  { views, tree, key }: TextSource,
  positions: readonly Position[],
): Promise<StoredUpdate[]> {
  const { store } = views
  const path = pathOf(key)
  const voids = await store.voidAmong(tree, positions)
  const updates: StoredUpdate[] = []
  for (const { height, id, signed } of await store.read(tree, positions)) {
    const { author, changes } = decodeBody(signed.body)
    const isVoid = voids.has(id)
    for (const { session, update, index } of effectsOf(changes).get(path)?.texts ?? [])
      updates.push({ height, id, index, isVoid, client: clientOf(author, session), bytes: update })
  }
  return updates
}
