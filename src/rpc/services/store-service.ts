/** StoreService: the keys of a tree's stores, for whoever may read the tree. */

import type { HandlerContext, ServiceImpl } from '@connectrpc/connect'
import type {
  GetRequest,
  HistoryRequest,
  ListRequest,
  PrepareWriteRequest,
  StoreService,
  WatchStoreRequest,
} from '../../../gen/causeway/v1/store_pb.ts'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { idToBytes, type Position, type TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { PastVersion, ReadOptions } from '../../state/api/items.ts'
import type { KeyWrite } from '../../state/api/write.ts'
import { StateReader } from '../../state/reads.ts'
import type { Texts } from '../../state/text/texts.ts'
import type { Views } from '../../state/view.ts'
import { watchStore } from '../../state/watch.ts'
import type { StateWriter } from '../../state/writer.ts'
import { prepareBody } from '../../store/author/prepare.ts'
import { callerKey, stoppingKey } from '../caller.ts'
import { readCount, readId } from '../convert.ts'
import {
  readExpectations,
  readKey,
  readKeyChanges,
  readReadOptions,
  writeItem,
  writePast,
} from '../convert-state.ts'
import { loadKey } from '../server/load.ts'
import { type BlobHandlerParts, createBlobHandlers } from './blobs/blob-handlers.ts'
import { expectTree } from './expect-tree.ts'
import { pageSize, readPosition, readTextToken, writePosition, writeTextToken } from './paging.ts'
import { signerOf } from './signer.ts'
import { textTurns, watchText } from './text-handler.ts'

export interface StoreServiceParts extends BlobHandlerParts {
  readonly views: Views
  readonly writer: StateWriter
  readonly texts: Texts
  readonly clock: Clock
}

export function createStoreService(parts: StoreServiceParts): Partial<ServiceImpl<typeof StoreService>> {
  const reader = new StateReader(parts.views)
  /** Checks the caller's right, waits for the view, and reads in the caller's turn. */
  const reading = async <Result>(
    { tree: bytes, read }: Pick<GetRequest, 'tree' | 'read'>,
    { values, signal }: HandlerContext,
    task: (tree: TreeId) => Promise<Result>,
  ): Promise<Result> => {
    const tree = readId(bytes, 'tree')
    await parts.access.read(tree, values.get(callerKey))
    const options: ReadOptions = readReadOptions(read, signal)
    await reader.ready(tree, options)
    return values.get(loadKey).work(signal, () => task(tree))
  }
  return {
    listStores: (request, context) =>
      reading(request, context, async (tree) => {
        const after = readTextToken(request.pageToken)
        const limit = pageSize(request.pageSize)
        const { rows, next } = await reader.stores(tree, after, limit, request.texts)
        return { stores: [...rows], nextPageToken: writeTextToken(next) }
      }),
    async get(request, context) {
      const { values, signal } = context
      const items = await reading(request, context, (tree) => get(reader, tree, request))
      const turns = textTurns(values.get(loadKey), signal)
      const shown = await parts.texts.show(readId(request.tree, 'tree'), items, turns)
      return { items: shown.map(writeItem) }
    },
    list: (request, context) => reading(request, context, (tree) => list(reader, tree, request, false)),
    listConflicts: (request, context) =>
      reading(request, context, (tree) => list(reader, tree, request, true)),
    history: (request, context) => reading(request, context, (tree) => history(reader, tree, request)),
    async write(request) {
      const writes = readKeyChanges(request.changes)
      await expectEdits(parts, writes, parts.identity.peer)
      const entry = await parts.writer.write(readId(request.tree, 'tree'), {
        writes,
        other: request.other,
        expect: readExpectations(request.expect),
        durable: request.durable,
      })
      return { at: [idToBytes(entry.id)] }
    },
    prepareWrite: (request, context) => prepareWrite(parts, request, context),
    watchText: (request, context) => watchText(parts, reader, request, context),
    watchStore: (request, context) => watch(parts, reader, request, context),
    ...createBlobHandlers(parts, reader),
  }
}

async function prepareWrite(
  { store, writer, access, clock, texts }: StoreServiceParts,
  request: PrepareWriteRequest,
  { values, signal }: HandlerContext,
) {
  const caller = values.get(callerKey)
  const author = signerOf(request, caller)
  const tree = await expectTree({ store, access }, request.tree, caller)
  const body = await values.get(loadKey).work(signal, async () => {
    const writes = readKeyChanges(request.changes)
    await expectEdits({ texts }, writes, author)
    const changes = await writer.prepare(
      tree,
      {
        writes,
        other: request.other,
        expect: readExpectations(request.expect),
      },
      author,
    )
    const { nonce } = request
    return prepareBody(store, { tree, author, changes, nonce, createdAtMs: clock.now() })
  })
  return { body, validMs: limits.preparedMs }
}

/** Throws INVALID_ARGUMENT for an edit of a text that would count for nothing. */
async function expectEdits(
  { texts }: Pick<StoreServiceParts, 'texts'>,
  writes: readonly KeyWrite[],
  author: PeerId,
): Promise<void> {
  for (const { action } of writes) if ('text' in action) await texts.expectEdit(author, action.text)
}

function get(reader: StateReader, tree: TreeId, { keys }: GetRequest) {
  if (keys.length === 0 || keys.length > limits.stateGetKeys)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `\`keys\` must be 1 to ${limits.stateGetKeys}, got ${keys.length}.`,
    )
  return reader.get(tree, keys.map(readKey))
}

async function list(
  reader: StateReader,
  tree: TreeId,
  {
    store,
    prefix,
    pageSize: size,
    pageToken,
    texts = false,
  }: Pick<ListRequest, 'store' | 'prefix' | 'pageSize' | 'pageToken'> & { readonly texts?: boolean },
  conflictsOnly: boolean,
) {
  const after = readTextToken(pageToken) || undefined
  const { rows, next } = await reader.list(tree, {
    store,
    prefix,
    after,
    limit: pageSize(size),
    conflictsOnly,
    texts,
  })
  return { items: rows.map(writeItem), nextPageToken: writeTextToken(next) }
}

async function history(
  reader: StateReader,
  tree: TreeId,
  { key, pageSize: size, pageToken }: HistoryRequest,
) {
  const most = limits.listedByDefault
  if (size > most)
    throw new CausewayError('LIMIT_EXCEEDED', `\`page_size\` can be at most ${most}, got ${size}.`)
  const after: Position | undefined = pageToken === '' ? undefined : readPosition(pageToken)
  const rows: PastVersion[] = []
  let next = after
  let bytes = 0
  // Ends with the history, or when the page is full: each turn goes forward.
  do {
    const limit = Math.min((size || most) - rows.length, limits.stateHistoryRows)
    const part = await reader.history(tree, readKey(key), next, limit)
    rows.push(...part.rows)
    bytes += part.rows.reduce((sum, { version }) => sum + version.value.length, 0)
    next = part.next
  } while (next !== undefined && rows.length < (size || most) && bytes < limits.listedBytes)
  return { versions: rows.map(writePast), nextPageToken: next === undefined ? '' : writePosition(next) }
}

async function* watch(
  { views, access, clock }: StoreServiceParts,
  reader: StateReader,
  request: WatchStoreRequest,
  context: HandlerContext,
) {
  const tree = readId(request.tree, 'tree')
  const caller = context.values.get(callerKey)
  await access.read(tree, caller)
  const signal = AbortSignal.any([context.signal, context.values.get(stoppingKey)])
  const options = {
    store: request.store,
    prefix: request.prefix,
    after: readCount(request.afterSequence, 'after_sequence'),
    changesOnly: request.changesOnly,
  }
  const mayRead = () => access.mayRead(tree, caller)
  for await (const { items, sequence, synced } of watchStore(
    { views, reader, clock, mayRead },
    tree,
    options,
    signal,
  ))
    yield { items: items.map(writeItem), sequence: BigInt(sequence), synced }
}
