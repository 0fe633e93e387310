/**
 * Implements the calls on the state of trees on a remote node, by clients of StoreService and TreeService. A write is
 * signed here, with the caller's key: the remote prepares it, and it is checked before it is signed.
 */
import type { Client } from '@connectrpc/connect'
import { StoreService } from '../../../gen/causeway/v1/store_pb.ts'
import { TreeService } from '../../../gen/causeway/v1/tree_pb.ts'
import { type Clock, deadline } from '../../base/clock.ts'
import { CausewayError, type ErrorCode } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { entryBytes, type VerifiedEntry } from '../../dag/entry.ts'
import { type EntryId, formatId, idToBytes, type Position, type TreeId } from '../../dag/id.ts'
import type { Identity } from '../../dag/identity.ts'
import type { StoreCalls } from '../../state/api/calls.ts'
import type { StoreKey } from '../../state/effects.ts'
import { signPreparedWrite } from '../../state/prepared.ts'
import type { Item, ListOptions, Page, ReadOptions } from '../../state/reads.ts'
import type { WatchMessage, WatchOptions } from '../../state/watch.ts'
import { checkWrite, type StateWrite } from '../../state/writer.ts'
import { writeExpectation, writeKeyChange, writeReadOptions } from '../convert-state.ts'
import { writePosition, writeTextToken } from '../services/paging.ts'
import type { RpcConnection } from './connection.ts'
import { callError } from './remote.ts'
import { readGet, readHistory, readList, readStores, readWatch } from './state-answers.ts'

export interface RemoteCallsParts {
  /** Returns an open connection on which the caller has proven its key. Throws the dial's error. */
  readonly connection: (signal: AbortSignal) => Promise<RpcConnection>
  /** The key that signs what is written. */
  readonly identity: Identity
  readonly clock: Clock
}

/** How long a call may take beside `limits.unaryTimeoutMs`. */
interface CallTime {
  readonly sentBytes?: number
  /** How long the remote waits before it answers. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal | undefined
}

type StoreClient = Client<typeof StoreService>

/** Returns the calls on the state that a remote node has. Each call may open a connection; none is closed here. */
export function remoteCalls(parts: RemoteCallsParts): StoreCalls {
  return new RemoteCalls(parts)
}

class RemoteCalls implements StoreCalls {
  private readonly parts: RemoteCallsParts

  constructor(parts: RemoteCallsParts) {
    this.parts = parts
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
    const { connection: connect, clock } = this.parts
    const over = new AbortController()
    const either = AbortSignal.any([signal, over.signal])
    const { store, prefix = '', after = 0 } = options
    const request = { tree: idToBytes(tree), store, prefix, afterSequence: BigInt(after) }
    const connection = await connect(either)
    let before: WatchMessage | undefined
    try {
      const answers = connection.client(StoreService).watchStore(request, { signal: either })
      const messages = answers[Symbol.asyncIterator]()
      // Ends with the call, or when nothing came for a while: the time that the reader takes does not count.
      for (;;) {
        const cancelTimer = clock.setTimer(limits.watchSilenceMs, () => over.abort(silent()))
        const step = await messages.next().finally(cancelTimer)
        if (step.done) throw new CausewayError('DISCONNECTED', 'The remote has ended the watch.')
        before = readWatch(step.value, options, before)
        yield before
      }
    } catch (error) {
      if (signal.aborted) return
      throw callError(connection, error, either)
    } finally {
      over.abort(new CausewayError('CANCELLED', 'The watch is over.'))
    }
  }

  async write(tree: TreeId, write: StateWrite): Promise<readonly EntryId[]> {
    checkWrite(write)
    const { identity, clock } = this.parts
    const { writes, other = [], expect = [], durable = false } = write
    const expected = expect.map(writeExpectation)
    const nonce = clock.randomBytes(limits.preparedNonceBytes)
    const request = { tree: idToBytes(tree), changes: writes.map(writeKeyChange), other: [...other], nonce }
    const sentBytes = writes.reduce(
      (sum, { action }) => sum + ('put' in action ? action.put.value.length : 0),
      0,
    )
    const { body } = await this.call('Preparing a write', { sentBytes }, (connection, signal) =>
      connection.client(StoreService).prepareWrite({ ...request, expect: expected }, { signal }),
    )
    const entry = signPreparedWrite(identity, body, { tree, write, nonce, nowMs: clock.now() })
    const page = { tree: request.tree, entries: [entry.signed], expect: expected, durable }
    await this.submit(entry, () =>
      this.call('Writing an entry', { sentBytes: entryBytes(entry.signed) }, (connection, signal) =>
        connection.client(TreeService).submitEntries(page, { signal }),
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

  async openText(): Promise<never> {
    throw noText()
  }

  async readText(): Promise<never> {
    throw noText()
  }

  private isStored(id: EntryId): Promise<boolean> {
    return this.call('Looking for an entry', {}, async (connection, signal) => {
      const request = { ids: [idToBytes(id)] }
      const { entries, missing } = await connection.client(TreeService).getEntries(request, { signal })
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
    return this.call(what, { patienceMs, signal }, (connection, signal) =>
      task(connection.client(StoreService), signal),
    )
  }

  /** Makes one unary call within its time. Throws the remote's error, or the reason for which the connection ended. */
  private async call<Result>(
    what: string,
    { sentBytes = 0, patienceMs = 0, signal }: CallTime,
    task: (connection: RpcConnection, signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const { clock, connection: connect } = this.parts
    const sendMs = Math.ceil((1_000 * sentBytes) / limits.slowestBytesPerSecond)
    using limit = deadline(clock, limits.unaryTimeoutMs + sendMs + patienceMs, what, signal)
    const connection = await connect(limit.signal)
    try {
      return await task(connection, limit.signal)
    } catch (error) {
      throw callError(connection, error, limit.signal)
    }
  }
}

/** Codes of a call whose answer did not come. */
const unanswered: ReadonlySet<ErrorCode> = new Set(['DISCONNECTED', 'UNREACHABLE', 'TIMEOUT', 'CLOSED'])

const at = (tree: TreeId, read: ReadOptions | undefined) => ({
  tree: idToBytes(tree),
  read: writeReadOptions(read),
})

function noText(): CausewayError {
  return new CausewayError(
    'UNIMPLEMENTED',
    "Texts are edited at a node of one's own, by `node.stores` of `createNode`. `Store.get` shows them.",
  )
}

function silent(): CausewayError {
  return new CausewayError('TIMEOUT', `The remote sent nothing for ${limits.watchSilenceMs} ms.`)
}
