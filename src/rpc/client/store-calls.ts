/**
 * Implements the calls on the state of trees on a remote node, by clients of StoreService and TreeService. A write is
 * signed here, with the caller's key: the remote prepares it, and it is checked before it is signed.
 */

import type { Client } from '@connectrpc/connect'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { Patience } from '../../base/backoff.ts'
import { throwIfCancelled } from '../../base/clock.ts'
import { CausewayError, type ErrorCode } from '../../base/errors.ts'
import { KeyedQueue } from '../../base/keyed-queue.ts'
import { limits } from '../../base/limits.ts'
import { entryBytes, signBody, type VerifiedEntry } from '../../dag/entry.ts'
import { bytesToHex } from '../../dag/hex.ts'
import { type EntryId, formatId, idToBytes, type Position, type TreeId } from '../../dag/id.ts'
import type { Signer } from '../../dag/identity.ts'
import type { StoreCalls } from '../../state/api/calls.ts'
import type {
  Item,
  ListOptions,
  Page,
  ReadOptions,
  WatchMessage,
  WatchOptions,
} from '../../state/api/items.ts'
import { checkWrite, type StateWrite } from '../../state/api/write.ts'
import type { BlobRange } from '../../state/blobs/format.ts'
import { pathOf, type StoreKey } from '../../state/effects.ts'
import { type Blob, checkKey } from '../../state/payload.ts'
import { checkPreparedWrite } from '../../state/prepared.ts'
import type { SharedText } from '../../state/text/shared-text.ts'
import { writeExpectation, writeKeyChange, writeReadOptions } from '../convert-state.ts'
import { writePosition, writeTextToken } from '../services/paging.ts'
import { readRemoteBlob } from './blob-reader.ts'
import { Calls, type CallsParts } from './calls.ts'
import { readGet, readHistory, readList, readStores, readWatch } from './state-answers.ts'
import { readTextFeed } from './texts/text-feed.ts'
import type { TextTools } from './texts/text-tools.ts'

export interface RemoteCallsParts extends CallsParts {
  /** The key that signs what is written. */
  readonly signer: Signer
  /** Loads what opens texts. Default: none are opened. */
  readonly loadTextTools?: (() => Promise<TextTools>) | undefined
}

type StoreClient = Client<typeof StoreService>

/** Returns the calls on the state that a remote node has. Each call may open a connection; none is closed here. */
export function remoteCalls(parts: RemoteCallsParts): StoreCalls {
  return new RemoteCalls(parts)
}

class RemoteCalls implements StoreCalls {
  private readonly calls: Calls
  private readonly signer: Signer
  private readonly loadTextTools: () => Promise<TextTools>
  /** The writes of each key of a tree, one after another: two at once would replace the same versions, and conflict. */
  private readonly writes = new KeyedQueue<string>()

  constructor(parts: RemoteCallsParts) {
    this.calls = new Calls(parts)
    this.signer = parts.signer
    this.loadTextTools = parts.loadTextTools ?? noTexts
  }

  get(tree: TreeId, keys: readonly StoreKey[], read?: ReadOptions): Promise<readonly Item[]> {
    return this.read('Reading keys', read, async (client, signal) => {
      const request = { ...at(tree, read), keys: keys.map(({ store, key }) => ({ store, key })) }
      return readGet(await client.get(request, { signal }), keys)
    })
  }

  async list(tree: TreeId, options: ListOptions, read?: ReadOptions): Promise<Page<Item>> {
    let { after } = options
    // A page may be empty before the last one. Ends since there are at most so many of them.
    for (let pages = 0; pages < limits.emptyPages; pages++) {
      const page = await this.page(tree, { ...options, after }, read)
      if (page.rows.length > 0 || page.next === undefined) return page
      after = page.next
    }
    throw new CausewayError('PROTOCOL', `The remote sent ${limits.emptyPages} empty pages of a list.`)
  }

  private page(tree: TreeId, options: ListOptions, read: ReadOptions | undefined): Promise<Page<Item>> {
    const { store, prefix = '', after, conflictsOnly = false } = options
    // Each key may have many conflicts, of which a message holds so many.
    const { limit = conflictsOnly ? limits.listedByDefault : limits.listedEntries } = options
    return this.read('Listing keys', read, async (client, signal) => {
      const request = { ...at(tree, read), store, prefix, pageSize: limit, pageToken: writeTextToken(after) }
      const answer = conflictsOnly
        ? await client.listConflicts(request, { signal })
        : await client.list(request, { signal })
      return readList(answer, { ...options, limit })
    })
  }

  stores(tree: TreeId, after: string, read?: ReadOptions): Promise<Page<string>> {
    return this.read('Listing stores', read, async (client, signal) => {
      const pageToken = writeTextToken(after || undefined)
      const request = { ...at(tree, read), pageSize: limits.listedEntries, pageToken }
      return readStores(await client.listStores(request, { signal }), after)
    })
  }

  history(tree: TreeId, { store, key }: StoreKey, after: Position | undefined, read?: ReadOptions) {
    return this.read('Listing a history', read, async (client, signal) => {
      const pageToken = after === undefined ? '' : writePosition(after)
      const pageSize = limits.listedByDefault
      const request = { ...at(tree, read), key: { store, key }, pageSize, pageToken }
      return readHistory(await client.history(request, { signal }), after, pageSize)
    })
  }

  async *watch(tree: TreeId, options: WatchOptions, signal: AbortSignal): AsyncGenerator<WatchMessage> {
    const { store, prefix = '', after = 0, changesOnly = false } = options
    const request = { tree: idToBytes(tree), store, prefix, afterSequence: BigInt(after), changesOnly }
    let before: WatchMessage | undefined
    try {
      for await (const message of this.calls.stream(
        StoreService,
        (client, signal) => client.watchStore(request, { signal }),
        { silenceMs: limits.watchSilenceMs, signal },
      )) {
        before = readWatch(message, options, before)
        yield before
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
    if (!signal.aborted) throw new CausewayError('DISCONNECTED', 'The remote has ended the watch.')
  }

  async write(tree: TreeId, write: StateWrite, signal?: AbortSignal): Promise<readonly EntryId[]> {
    throwIfCancelled(signal)
    checkWrite(write)
    const { writes, expect = [] } = write
    const paths = [...writes, ...expect].map((key) => `${tree} ${pathOf(key)}`)
    return this.writes.runAll([...new Set(paths)], () => this.writeNow(tree, write, signal))
  }

  private async writeNow(
    tree: TreeId,
    write: StateWrite,
    signal: AbortSignal | undefined,
  ): Promise<readonly EntryId[]> {
    throwIfCancelled(signal)
    const { signer } = this
    const { clock } = this.calls
    const { writes, other = [], expect = [], durable = false } = write
    const expected = expect.map(writeExpectation)
    const nonce = clock.randomBytes(limits.preparedNonceBytes)
    const request = { tree: idToBytes(tree), changes: writes.map(writeKeyChange), other: [...other], nonce }
    const sentBytes = writes.reduce(
      (sum, { action }) => sum + ('put' in action ? action.put.value.length : 0),
      0,
    )
    const { body } = await this.calls.unary(
      'Preparing a write',
      StoreService,
      (client, signal) => client.prepareWrite({ ...request, expect: expected }, { signal }),
      { sentBytes, signal },
    )
    checkPreparedWrite(body, { tree, author: signer.peer, write, nonce, nowMs: clock.now() })
    const entry = await signBody(signer, body)
    // Whether an entry that was sent is stored would not be known: from here on it is not cancelled.
    throwIfCancelled(signal)
    const page = { tree: request.tree, entries: [entry.signed], expect: expected, durable }
    await this.submit(entry, () =>
      this.calls.unary(
        'Writing an entry',
        TreeService,
        (client, signal) => client.submitEntries(page, { signal }),
        { sentBytes: entryBytes(entry.signed) },
      ),
    )
    return [entry.id]
  }

  /**
   * Sends an entry, and the same entry once more if no answer comes. That is safe: its nonce is of this write alone, so
   * the node has it only if it took it the first time, and stores it once. Throws DISCONNECTED with `data.entry` if it is
   * not known after that whether the entry was stored.
   */
  private async submit(
    { id }: VerifiedEntry,
    send: () => Promise<{ readonly added: number; readonly known: number }>,
  ): Promise<void> {
    const sendOnce = async () => {
      const { added, known } = await send()
      if (added + known !== 1)
        throw new CausewayError('PROTOCOL', `The remote counts ${added + known} entries, but was sent one.`)
    }
    try {
      return await sendOnce()
    } catch (error) {
      if (!unanswered.has(CausewayError.from(error).code)) throw error
    }
    try {
      await sendOnce().catch(async (error) => {
        const { code } = CausewayError.from(error)
        // What the write expects does not hold any more once the entry itself is stored.
        if (code === 'CONFLICT' && (await this.isStored(id))) return
        throw error
      })
    } catch (error) {
      const cause = CausewayError.from(error)
      // The remote has judged the entry, so it did not have it.
      if (cause.code === 'CONFLICT' || cause.code.startsWith('ENTRY_')) throw cause
      throw new CausewayError(
        'DISCONNECTED',
        `Whether the entry ${formatId(id)} was stored is not known, since no answer came: read the key again before you repeat the write. ${cause.message}`,
        { data: { entry: id }, cause },
      )
    }
  }

  async putChunk(tree: TreeId, data: Uint8Array): Promise<string> {
    // A long upload is slowed down by a node that has others to serve too.
    const { hash } = await new Patience(this.calls.clock).retry(undefined, () =>
      this.calls.unary(
        'Putting a chunk',
        StoreService,
        (client, signal) => client.putChunk({ tree: idToBytes(tree), data }, { signal }),
        { sentBytes: data.length },
      ),
    )
    return bytesToHex(hash)
  }

  readBlob(tree: TreeId, blob: Blob, range: BlobRange, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return readRemoteBlob(this.calls, { tree, blob }, range, signal)
  }

  async openText(tree: TreeId, key: StoreKey): Promise<SharedText> {
    checkKey(key.key)
    const tools = await this.loadTextTools()
    return tools.open({
      ...{ clock: this.calls.clock, author: this.signer.peer },
      feed: (signal) => this.feed(tree, key, signal),
      write: async (edit) => (await this.write(tree, { writes: [{ ...key, action: { text: edit } }] }))[0]!,
    })
  }

  async readText(tree: TreeId, key: StoreKey, read?: ReadOptions): Promise<string | undefined> {
    checkKey(key.key)
    const tools = await this.loadTextTools()
    const over = new AbortController()
    const signal = read?.signal ? AbortSignal.any([read.signal, over.signal]) : over.signal
    try {
      for await (const { update } of this.feed(tree, key, signal, read))
        if (update !== undefined) return tools.textOf(update)
    } finally {
      over.abort()
    }
    throw new CausewayError('PROTOCOL', 'The remote ended the watch of a text before it told the text.')
  }

  /** Yields what becomes of a text. */
  private feed(tree: TreeId, { store, key }: StoreKey, signal: AbortSignal, read?: ReadOptions) {
    const request = { ...at(tree, read), key: { store, key } }
    return readTextFeed(
      this.calls.stream(StoreService, (client, signal) => client.watchText(request, { signal }), {
        silenceMs: limits.watchSilenceMs,
        signal,
      }),
    )
  }

  private isStored(id: EntryId): Promise<boolean> {
    return this.calls.unary('Looking for an entry', TreeService, async (client, signal) => {
      const { entries, missing } = await client.getEntries({ ids: [idToBytes(id)] }, { signal })
      if (entries.length + missing.length !== 1)
        throw new CausewayError('PROTOCOL', 'The remote was asked for one entry, and answers otherwise.')
      return entries.length === 1
    })
  }

  private read<Result>(
    what: string,
    { at: tokens = [], waitMs = limits.stateWaitMs, signal }: ReadOptions = {},
    task: (client: StoreClient, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const patienceMs = tokens.length > 0 ? Math.min(waitMs, limits.stateWaitMaxMs) : 0
    return this.calls.unary(what, StoreService, task, { patienceMs, signal })
  }
}

/** Codes of a call whose answer did not come. */
const unanswered: ReadonlySet<ErrorCode> = new Set(['DISCONNECTED', 'UNREACHABLE', 'TIMEOUT', 'CLOSED'])

const at = (tree: TreeId, read: ReadOptions | undefined) => ({
  tree: idToBytes(tree),
  read: writeReadOptions(read),
})

async function noTexts(): Promise<never> {
  throw new CausewayError(
    'UNIMPLEMENTED',
    'This client opens no texts: use `connectStores`, or `node.stores` of `createNode`. `Store.get` shows them.',
  )
}
