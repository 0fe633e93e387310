/**
 * Bounds how many bytes of entries a node stores in all, for one tree, and for one author in a tree. A quota makes no
 * entry invalid: a page past a bound is refused as a whole, whoever sends it, and can be stored once there is room.
 * Each author's bytes are counted in the page's own batch. Past `limits.quotaAuthors` accounts, which a stranger who
 * generates keys would reach, further authors of a tree share one account.
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

/** The bounds, in bytes of bodies and signatures. The disk needs about half as much again. */
export interface QuotaOptions {
  /** For all trees together. Default: `limits.quotaNodeBytes`. */
  readonly nodeBytes?: number | undefined
  /** For one tree. Default: `limits.quotaTreeBytes`. */
  readonly treeBytes?: number | undefined
  /** For the entries of one author in one tree, except this node's own. Default: `limits.quotaAuthorBytes`. */
  readonly authorBytes?: number | undefined
}

/** The bytes of one author in a tree, or of all further authors together. */
interface Account {
  bytes: number
}

/** The quota of a store: refuses pages past its bounds. */
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
    store.removals.onRemove((tree) => this.accounts.deleteWhere((key) => key.startsWith(`${tree} `)))
  }

  /** Reads the accounts and holds every page of `store` to the bounds from now on. */
  static async open(db: Database, store: DagStore, self: PeerId, options: QuotaOptions = {}): Promise<Quota> {
    return new Quota(store, self, await Records.open<Account>(db, 'quota'), options)
  }

  /** Returns the records of the accounts that the page changes. Throws RESOURCE_EXHAUSTED if it is past a bound. */
  private contribute(tree: TreeId, added: readonly VerifiedEntry[], info: TreeInfo): Contribution {
    const before = this.store.tree(tree)?.bytes ?? 0
    const nodeBytes = this.store.bytes + info.bytes - before
    if (nodeBytes > this.nodeBytes)
      throw quotaExceeded('all trees together', this.nodeBytes, 'serve with a larger --max-disk', {
        tree,
      })
    if (info.bytes > this.treeBytes)
      throw quotaExceeded(`the tree ${formatId(tree)}`, this.treeBytes, 'serve with a larger --max-tree', {
        tree,
      })
    const accounts = this.accountsAfter(tree, added)
    for (const [key, { bytes }] of accounts)
      if (bytes > this.authorBytes)
        throw quotaExceeded(
          `one author (${key.slice(65)}) in the tree ${formatId(tree)}`,
          this.authorBytes,
          'serve with a larger --max-author',
          { tree, author: key.slice(65) },
        )
    return {
      operations: Array.from(accounts, ([key, account]) => this.accounts.put(key, account)),
      stored: () => this.updateMemory(accounts),
    }
  }

  /** Brings the accounts in memory up to what a page wrote. */
  private updateMemory(accounts: ReadonlyMap<string, Account>): void {
    for (const [key, account] of accounts) {
      const current = this.accounts.get(key)
      // Changed in place: a replaced account is often in V8's old generation, where only a full collection frees it.
      if (current === undefined) this.accounts.keep(key, account)
      else current.bytes = account.bytes
    }
  }

  /** Returns the accounts that these entries change, as they leave them. */
  private accountsAfter(tree: TreeId, added: readonly VerifiedEntry[]): Map<string, Account> {
    const sums = new Map<string, number>()
    for (const { body, signed } of added)
      if (body.author !== this.self) sums.set(body.author, (sums.get(body.author) ?? 0) + entryBytes(signed))
    const accounts = new Map<string, Account>()
    for (const [author, bytes] of sums) {
      const authorKey = `${tree} ${author}`
      const hasOwn =
        this.accounts.get(authorKey) !== undefined || this.accounts.size + accounts.size < limits.quotaAuthors
      const key = hasOwn ? authorKey : `${tree} further authors`
      const before = accounts.get(key) ?? this.accounts.get(key)
      accounts.set(key, { bytes: (before?.bytes ?? 0) + bytes })
    }
    return accounts
  }
}

function quotaExceeded(what: string, max: number, help: string, data: Record<string, string>): CausewayError {
  return new CausewayError(
    'RESOURCE_EXHAUSTED',
    `This node stores at most ${max} bytes of entries for ${what}: ${help}.`,
    { data: { ...data, maxBytes: max, retryAfterMs: limits.quotaRetryMs } },
  )
}
