/**
 * The trees of a node and their entries. What the node sends is verified before it is shown: each entry has a valid
 * signature and the id that names it. That entries are left out is found only by `fetch`, which takes a whole tree.
 */
import type { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { SyncService } from '../../../gen/causeway/v1/sync_pb.ts'
import {
  type Entry as EntryMessage,
  EntryView,
  type Tree as TreeMessage,
  TreeService,
} from '../../../gen/causeway/v1/tree_pb.ts'
import { CausewayError } from '../../../src/base/errors.ts'
import { limits } from '../../../src/base/limits.ts'
import {
  entryBytes,
  readEntry,
  type SignedEntry,
  type VerifiedEntry,
  verifyEntry,
} from '../../../src/dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../../src/dag/hex.ts'
import {
  comparePositions,
  type EntryId,
  formatId,
  idFromBytes,
  idToBytes,
  type Position,
  type TreeId,
} from '../../../src/dag/id.ts'
import type { Calls } from '../../../src/rpc/client/calls.ts'
import { readAccessAnswer } from '../../../src/rpc/convert.ts'
import { resuming } from '../../../src/state/api/resuming.ts'
import { WholeTree } from './whole-tree.ts'

/** A tree as the node describes it. */
export interface TreeInfo {
  readonly id: TreeId
  readonly name: string
  readonly publicAccess: PublicAccess
  readonly count: number
  readonly height: number
  /** SHA-256 over all tips: two nodes with the same entries have the same digest. */
  readonly tipsDigest: string
  /** The number of the latest arrival at the node. */
  readonly sequence: number
}

/** An entry that the node shows. */
export interface ShownEntry {
  readonly entry: VerifiedEntry
  /** Whether the node says that its author had no right to write it. `WholeTree` finds that out itself. */
  readonly isVoid: boolean
}

/** Some arrivals at the node. */
export interface Arrivals {
  readonly entries: readonly ShownEntry[]
  /** The last arrival covered: pass it as `after` to go on from here. */
  readonly sequence: number
  /** Whether the policy changed: entries shown before may now be void, or no longer. */
  readonly policyChanged: boolean
}

/** What became of a request for access. */
export interface AccessReply {
  /** `pending`: an admin decides; ask again, but seldom. */
  readonly status: 'granted' | 'pending' | 'rejected'
  /** What was granted. */
  readonly permission: Permission
  /** A message of the admin; may be empty. */
  readonly reason: string
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

export interface EntryFilter {
  /** Only entries that change one of these stores. Default: all. */
  readonly stores?: readonly string[] | undefined
  /** Whether to show void entries. Default: no. */
  readonly includeVoid?: boolean | undefined
}

/** After so many signs of life in a row, of which one comes every 15 s, a node keeps back the rest of a tree. */
const signsOfLife = 4

export class Trees {
  private readonly calls: Calls

  constructor(calls: Calls) {
    this.calls = calls
  }

  /** Yields all trees that the caller may read. */
  async *list({ signal }: CallOptions = {}): AsyncGenerator<TreeInfo> {
    yield* this.pages(byId, async (pageToken) => {
      const { trees, nextPageToken } = await this.calls.unary(
        'Listing trees',
        TreeService,
        (client, signal) => client.listTrees({ pageSize: limits.listedEntries, pageToken }, { signal }),
        { signal },
      )
      return { rows: trees.map(readTree), next: nextPageToken }
    })
  }

  /** Returns a tree. Throws UNKNOWN_TREE if the node does not have it, or the caller may not read it. */
  async get(tree: TreeId, { signal }: CallOptions = {}): Promise<TreeInfo> {
    const request = { tree: idToBytes(tree), maxTips: 1 }
    const { tree: found } = await this.calls.unary(
      'Reading a tree',
      TreeService,
      (client, signal) => client.getTree(request, { signal }),
      { signal },
    )
    if (found === undefined || bytesToHex(found.id) !== tree) throw lied('another tree than was asked for')
    return readTree(found)
  }

  /** Yields the entries of a tree, parents first or newest first. */
  async *entries(
    tree: TreeId,
    options: EntryFilter & CallOptions & { readonly newestFirst?: boolean | undefined } = {},
  ): AsyncGenerator<ShownEntry> {
    const { newestFirst = false, includeVoid = false, stores = [], signal } = options
    const request = { tree: idToBytes(tree), newestFirst, includeVoid, stores: [...stores] }
    const order = newestFirst ? (before: ShownEntry, row: ShownEntry) => byPlace(row, before) : byPlace
    yield* this.pages(order, async (pageToken) => {
      const page = { ...request, pageToken, pageSize: limits.listedEntries, view: EntryView.SIGNED }
      const { entries, nextPageToken } = await this.calls.unary(
        'Listing entries',
        TreeService,
        (client, signal) => client.listEntries(page, { signal }),
        { signal },
      )
      return { rows: await verifyShown(tree, entries), next: nextPageToken }
    })
  }

  /**
   * Yields the entries of a tree in the order of their arrival at the node, then each new one, until the signal fires. A
   * connection that is lost is made again, and the watch goes on where it was.
   */
  async *watch(
    tree: TreeId,
    { after = 0, signal, ...filter }: EntryFilter & { readonly after?: number; readonly signal: AbortSignal },
  ): AsyncGenerator<Arrivals> {
    let sequence = after
    for await (const arrivals of resuming(() => this.arrivals(tree, sequence, filter, signal), signal)) {
      sequence = arrivals.sequence
      if (arrivals.entries.length > 0 || arrivals.policyChanged) yield arrivals
    }
  }

  /**
   * Sends entries that their authors have signed, parents first. Throws the code of the first that is refused, and
   * CONFLICT; the others are stored.
   */
  async submit(
    tree: TreeId,
    entries: readonly { readonly signed: SignedEntry }[],
    { durable = false, signal }: CallOptions & { readonly durable?: boolean } = {},
  ): Promise<{ readonly added: number; readonly known: number; readonly at: readonly EntryId[] }> {
    const signed = entries.map((entry) => entry.signed)
    const request = { tree: idToBytes(tree), entries: signed, durable }
    const { added, known, at } = await this.calls.unary(
      'Sending entries',
      TreeService,
      (client, signal) => client.submitEntries(request, { signal }),
      { signal, sentBytes: bytesOf(signed) },
    )
    if (added + known !== entries.length) throw lied('another count of entries than it was sent')
    return { added, known, at: at.map(idFromBytes) }
  }

  /** Sends any number of entries, parents first: as `submit` does, in as many calls as they need. */
  async push(
    tree: TreeId,
    entries: Iterable<{ readonly signed: SignedEntry }>,
    options: CallOptions & { readonly durable?: boolean } = {},
  ): Promise<{ readonly added: number; readonly known: number }> {
    let added = 0
    let known = 0
    for (const page of pagesOf(entries)) {
      const sent = await this.submit(tree, page, options)
      added += sent.added
      known += sent.known
    }
    return { added, known }
  }

  /**
   * Asks for access to a tree, or for the answer to an earlier request. `invitation` is that of a ticket. Throws
   * UNAUTHENTICATED without a key.
   */
  async requestAccess(
    tree: TreeId,
    permission: Permission.READ | Permission.WRITE,
    {
      message = '',
      invitation = '',
      signal,
    }: CallOptions & { readonly message?: string; readonly invitation?: string | undefined } = {},
  ): Promise<AccessReply> {
    const request = { tree: idToBytes(tree), permission, message, invitation: hexToBytes(invitation) }
    const answer = await this.calls.unary(
      'Asking for access',
      SyncService,
      (client, signal) => client.requestAccess(request, { signal }),
      { signal },
    )
    const { status, permission: granted, reason } = readAccessAnswer(answer)
    return { status, permission: granted, reason }
  }

  /**
   * Takes a whole tree as the node has it now, void entries included, and verifies all of it: see `WholeTree`. Throws
   * PROTOCOL if the node leaves something out.
   */
  async fetch(tree: TreeId, { signal }: CallOptions = {}): Promise<WholeTree> {
    const over = new AbortController()
    const either = signal === undefined ? over.signal : AbortSignal.any([signal, over.signal])
    const { sequence, tipsDigest, count } = await this.get(tree, { signal })
    const whole = new WholeTree(tree)
    let after = 0
    let silent = 0
    const follow = () => this.arrivals(tree, after, { includeVoid: true }, either)
    for await (const { entries, sequences, sequence: covered } of resuming(follow, either)) {
      // What has come since the tree was described is not part of it.
      for (const [index, { entry }] of entries.entries()) if (sequences[index]! <= sequence) whole.add(entry)
      after = covered
      // A node that has sent all that it will send gives signs of life.
      silent = entries.length > 0 ? 0 : silent + 1
      if (after >= sequence || whole.count > count || silent === signsOfLife) break
    }
    over.abort()
    signal?.throwIfAborted()
    if (whole.count !== count || whole.tipsDigest !== tipsDigest)
      throw lied(`${whole.count} entries of ${count}, which are not those that it has described`)
    return whole
  }

  private async *arrivals(
    tree: TreeId,
    after: number,
    { stores = [], includeVoid = false }: EntryFilter,
    signal: AbortSignal,
  ): AsyncGenerator<Arrivals & { readonly sequences: readonly number[] }> {
    const request = { tree: idToBytes(tree), afterSequence: BigInt(after), stores: [...stores], includeVoid }
    const messages = this.calls.stream(
      TreeService,
      (client, signal) => client.watchTree({ ...request, view: EntryView.SIGNED }, { signal }),
      { silenceMs: limits.watchSilenceMs, signal },
    )
    let last = after
    for await (const { entries, sequence, sequences, policyChanged } of messages) {
      const numbers = sequences.map(Number)
      if (sequence < last || numbers.length !== entries.length) throw lied('a watch that goes back')
      last = Number(sequence)
      yield { entries: await verifyShown(tree, entries), sequence: last, sequences: numbers, policyChanged }
    }
  }

  /** Yields the rows of all pages. Throws PROTOCOL if they do not go forward, or the node never comes to the last one. */
  private async *pages<Row>(
    order: (before: Row, row: Row) => number,
    read: (token: string) => Promise<{ readonly rows: readonly Row[]; readonly next: string }>,
  ): AsyncGenerator<Row> {
    let token = ''
    let empty = 0
    let last: Row | undefined
    // Ends with the last page.
    do {
      const { rows, next } = await read(token)
      for (const row of rows) {
        if (last !== undefined && order(last, row) >= 0) throw lied('a list that does not go forward')
        last = row
        yield row
      }
      empty = rows.length > 0 ? 0 : empty + 1
      if (next !== '' && (next === token || empty > limits.emptyPages)) throw lied('a list without an end')
      token = next
    } while (token !== '')
  }
}

const byId = (before: TreeInfo, { id }: TreeInfo): number => (before.id < id ? -1 : 1)
const byPlace = (before: ShownEntry, row: ShownEntry): number =>
  comparePositions(placeOf(before), placeOf(row))
const placeOf = ({ entry: { id, body } }: ShownEntry): Position => ({ id, height: body.height })

function readTree(tree: TreeMessage): TreeInfo {
  const { name, publicAccess } = tree
  const [id, tipsDigest] = [idFromBytes(tree.id), bytesToHex(tree.tipsDigest)]
  const [count, height, sequence] = [Number(tree.count), Number(tree.height), Number(tree.sequence)]
  return { id, name, publicAccess, count, height, tipsDigest, sequence }
}

/** Verifies entries of a tree as a node shows them. Throws an entry error, or PROTOCOL. */
function verifyShown(tree: TreeId, entries: readonly EntryMessage[]): Promise<ShownEntry[]> {
  return Promise.all(
    entries.map(async ({ id, signed, isVoid }) => {
      if (signed === undefined) throw lied('an entry without its signature')
      const entry = readEntry(signed)
      if (entry.id !== bytesToHex(id) || entry.tree !== tree)
        throw lied(`the entry ${formatId(entry.id)} under another name, or as one of another tree`)
      return { entry: await verifyEntry(entry), isVoid }
    }),
  )
}

function* pagesOf<Item extends { readonly signed: SignedEntry }>(entries: Iterable<Item>): Generator<Item[]> {
  let page: Item[] = []
  let bytes = 0
  for (const item of entries) {
    const size = entryBytes(item.signed)
    if (page.length > 0 && (page.length === limits.pageEntries || bytes + size > limits.pageBytes)) {
      yield page
      page = []
      bytes = 0
    }
    page.push(item)
    bytes += size
  }
  if (page.length > 0) yield page
}

function bytesOf(entries: readonly SignedEntry[]): number {
  return entries.reduce((sum, entry) => sum + entryBytes(entry), 0)
}

function lied(what: string): CausewayError {
  return new CausewayError('PROTOCOL', `The node sent ${what}.`)
}
