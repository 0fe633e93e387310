/**
 * How much disk a node gives: in all, to one tree, and to one author's entries in one tree. Nobody's entry is invalid
 * for it, so a page past a bound is put off as a whole, whoever brings it, and goes in once there is room. Authors
 * are counted in the page's own batch; past a number of them, which a stranger who makes keys would reach, the further
 * ones of a tree share one account.
 */

import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { entryBytes, type VerifiedEntry } from '../dag/entry.ts'
import { formatId, type TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Contribution } from './contributors.ts'
import type { Database } from './database/open.ts'
import { Records } from './database/records.ts'
import type { DagStore, TreeInfo } from './store.ts'

/** Bytes of bodies and signatures; the disk needs some half more for them. */
export interface QuotaOptions {
  /** Of all trees together; absent: limits.quotaNodeBytes. */
  readonly nodeBytes?: number | undefined
  /** Of one tree; absent: limits.quotaTreeBytes. */
  readonly treeBytes?: number | undefined
  /** Of the entries of one author, other than this node, in one tree; absent: limits.quotaAuthorBytes. */
  readonly authorBytes?: number | undefined
}

interface Account {
  bytes: number
}

export class Quota {
  private readonly store: DagStore
  private readonly self: PeerId
  private readonly nodeBytes: number
  private readonly treeBytes: number
  private readonly authorBytes: number
  private readonly accounts: Records<Account>

  private constructor(store: DagStore, self: PeerId, accounts: Records<Account>, options: QuotaOptions) {
    this.store = store
    this.self = self
    this.accounts = accounts
    this.nodeBytes = options.nodeBytes ?? limits.quotaNodeBytes
    this.treeBytes = options.treeBytes ?? limits.quotaTreeBytes
    this.authorBytes = options.authorBytes ?? limits.quotaAuthorBytes
    store.addContributor((tree, added, info) => this.contribute(tree, added, info))
  }

  /** From here on every page of `store` is held to the bounds. */
  static async open(db: Database, store: DagStore, self: PeerId, options: QuotaOptions = {}): Promise<Quota> {
    return new Quota(store, self, await Records.open<Account>(db, 'quota'), options)
  }

  /** Records what a page adds, or keeps it out: RESOURCE_EXHAUSTED says which bound, and what helps. */
  private contribute(tree: TreeId, added: readonly VerifiedEntry[], info: TreeInfo): Contribution {
    const before = this.store.tree(tree)?.bytes ?? 0
    const inAll = this.store.bytes + info.bytes - before
    if (inAll > this.nodeBytes)
      throw full(
        'all trees together',
        this.nodeBytes,
        'remove what is not needed, or serve with a larger --max-disk',
        {
          tree,
        },
      )
    if (info.bytes > this.treeBytes)
      throw full(`the tree ${formatId(tree)}`, this.treeBytes, 'serve with a larger --max-tree', { tree })
    const accounts = this.after(tree, added)
    for (const [key, { bytes }] of accounts)
      if (bytes > this.authorBytes)
        throw full(
          `one author (${key.slice(65)}) in the tree ${formatId(tree)}`,
          this.authorBytes,
          'serve with a larger --max-author',
          { tree, author: key.slice(65) },
        )
    return {
      operations: Array.from(accounts, ([key, account]) => this.accounts.put(key, account)),
      stored: () => this.show(accounts),
    }
  }

  /** Brings the accounts in memory up to what a page wrote. */
  private show(accounts: ReadonlyMap<string, Account>): void {
    for (const [key, account] of accounts) {
      const known = this.accounts.get(key)
      // In place: one that is replaced has often grown old, and is garbage that only a full collection finds.
      if (known === undefined) this.accounts.keep(key, account)
      else known.bytes = account.bytes
    }
  }

  /** The accounts as these entries leave them. */
  private after(tree: TreeId, added: readonly VerifiedEntry[]): Map<string, Account> {
    const sums = new Map<string, number>()
    for (const { body, signed } of added)
      if (body.author !== this.self) sums.set(body.author, (sums.get(body.author) ?? 0) + entryBytes(signed))
    const accounts = new Map<string, Account>()
    for (const [author, bytes] of sums) {
      const own = `${tree} ${author}`
      const room =
        this.accounts.get(own) !== undefined || this.accounts.size + accounts.size < limits.quotaAuthors
      const key = room ? own : `${tree} further authors`
      const before = accounts.get(key) ?? this.accounts.get(key)
      accounts.set(key, { bytes: (before?.bytes ?? 0) + bytes })
    }
    return accounts
  }
}

function full(what: string, max: number, help: string, data: Record<string, string>): CausewayError {
  return new CausewayError(
    'RESOURCE_EXHAUSTED',
    `This node keeps at most ${max} bytes of entries of ${what}: ${help}.`,
    { data: { ...data, maxBytes: max, retryAfterMs: limits.quotaRetryMs } },
  )
}
