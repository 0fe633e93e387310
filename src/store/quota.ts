/**
 * Bounds how many bytes of entries and chunks a node stores in all, for one tree, and for one author in a tree. A quota
 * makes no entry invalid: a page past a bound is refused as a whole, whoever sends it, until there is room. How far a
 * page may go depends on who wrote it. Strangers, who may write only since everybody may, have a share. The last part
 * is kept for changes of policies, and the very last for this node's own entries: so nobody who fills a tree stops the
 * owner's writes, least of all the change that ends it. Past `limits.quotaAuthors` accounts, which a stranger who
 * generates keys would reach, further authors of a tree share one.
 */

import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { decodeBody } from '../dag/body.ts'
import { changesPolicy, entryBytes, type VerifiedEntry } from '../dag/entry.ts'
import { formatId, type TreeId, unknownTree } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PolicyState } from '../dag/policy/state.ts'
import { anybody, type Chunks } from './chunks/chunks.ts'
import type { Contribution } from './contributors.ts'
import type { Database } from './database/open.ts'
import { Records } from './database/records.ts'
import type { DagStore, TreeInfo } from './store.ts'

/** The bounds, in bytes of bodies, signatures and chunks of blobs. The disk needs about half as much again. */
export interface QuotaOptions {
  /** For all trees together. Default: `limits.quotaNodeBytes`. */
  readonly nodeBytes?: number | undefined
  /** For one tree. Default: `limits.quotaTreeBytes`. */
  readonly treeBytes?: number | undefined
  /** For the entries of one author in one tree, except this node's own. Default: `limits.quotaAuthorBytes`. */
  readonly authorBytes?: number | undefined
}

/** The bytes of one author in a tree, or of several authors together. */
interface Account {
  bytes: number
}

/** How much an author takes in a tree. */
export interface AuthorUse {
  /** Undefined for authors that share an account. */
  readonly peer: PeerId | undefined
  /** Who shares it: all strangers, who have accounts of their own too, or authors past the accounts that there are. */
  readonly shared: '' | 'strangers' | 'others'
  readonly entryBytes: number
  readonly chunkBytes: number
  /** The most that it may take; 0 if only the bounds of the tree and of the node hold it. */
  readonly maxBytes: number
}

/** The end of the key of the account of all strangers in a tree. */
const strangers = 'strangers'
/** Bytes of a tree's id and the space after it in the key of an account. */
const treePrefixLength = 65

/**
 * Whose page it is: `own` if this node wrote all of it; else `policy` if it brings a change of the policy, which stands
 * on the other entries; else `stranger` if a stranger wrote any of it; else `member`.
 */
type Standing = 'stranger' | 'member' | 'policy' | 'own'

/** What an account counts of an entry. */
type Counted = Pick<VerifiedEntry, 'body' | 'signed'>

/** The bytes of the chunks of blobs that are stored. */
export type ChunkCounts = Pick<Chunks, 'bytes' | 'ofTree' | 'bytesOf' | 'bytesOfAll' | 'reserve'>

const noChunks: ChunkCounts = {
  bytes: 0,
  ofTree: () => ({ chunks: 0, bytes: 0 }),
  bytesOf: () => 0,
  bytesOfAll: () => 0,
  reserve: () => ({ [Symbol.dispose]() {} }),
}

/** A page on its way into the store. */
interface Page {
  readonly tree: TreeId
  readonly added: readonly VerifiedEntry[]
  readonly info: TreeInfo
  readonly policy: PolicyState
  readonly standing: Standing
}

/** The quota of a store: refuses pages and chunks past its bounds. */
export class Quota {
  private readonly store: DagStore
  private readonly chunks: ChunkCounts
  private readonly self: PeerId
  private nodeBytes = 0
  private treeBytes = 0
  private authorBytes = 0
  private readonly accounts: Records<Account>
  /** The bytes of strangers in all trees. */
  private strangerBytes = 0

  private constructor(
    store: DagStore,
    self: PeerId,
    accounts: Records<Account>,
    options: QuotaOptions,
    chunks: ChunkCounts,
  ) {
    this.store = store
    this.chunks = chunks
    this.self = self
    this.accounts = accounts
    this.setBounds(options)
    this.sumStrangers()
    store.addContributor((tree, added, info, treePolicy) => {
      const policy = treePolicy.whole().state
      const standing = standingOf(added, self, policy)
      return this.contribute({ tree, added, info, policy, standing })
    })
    store.removals.onRemove((tree) => this.forget(tree))
    store.repairs.onRepair({
      begin: (tree) => this.forget(tree),
      // What is stored already may stay, whatever the bounds.
      page: (tree, added, treePolicy) => this.contributionOf(tree, added, treePolicy.whole().state),
    })
  }

  /** Reads the accounts and holds every page of `store` to the bounds from now on. */
  static async open(
    db: Database,
    store: DagStore,
    self: PeerId,
    options: QuotaOptions = {},
    chunks: ChunkCounts = noChunks,
  ): Promise<Quota> {
    const quota = new Quota(store, self, await Records.open<Account>(db, 'quota'), options, chunks)
    if (store.notes.hasDropped('quota')) {
      for (const { tree } of store.trees()) if (store.damageOf(tree) === undefined) await quota.recount(tree)
      await store.notes.recordsRebuilt('quota')
    }
    return quota
  }

  /**
   * Returns whose quota a chunk uses that a peer has put, or that an entry of it names, and keeps the room until it is
   * disposed. Throws RESOURCE_EXHAUSTED if there is no room for it, and UNKNOWN_TREE.
   */
  async admitChunk(tree: TreeId, peer: PeerId, bytes: number): Promise<Disposable & { owner: PeerId }> {
    const { self, chunks, nodeBytes, treeBytes } = this
    const policy = await this.store.policy(tree)
    const info = this.store.tree(tree)
    if (policy === undefined || info === undefined) throw unknownTree(tree)
    const standing = peer === self ? 'own' : isStranger(peer, policy) ? 'stranger' : 'member'
    const owner = standing === 'stranger' ? anybody : peer
    const inTree = info.bytes + chunks.ofTree(tree).bytes + bytes
    const inAll = this.store.bytes + chunks.bytes + bytes
    expectRoom(inAll, roomFor(standing, nodeBytes), 'all trees together', largerNode, { tree })
    expectRoom(inTree, roomFor(standing, treeBytes), `the tree ${formatId(tree)}`, largerTree, { tree })
    const admitted = () => ({ owner, ...chunks.reserve(tree, owner, bytes) })
    if (standing === 'own') return admitted()
    if (standing === 'stranger') this.checkStrangers(tree, bytes)
    else {
      const used = (this.accounts.get(`${tree} ${peer}`)?.bytes ?? 0) + chunks.bytesOf(tree, peer) + bytes
      expectRoom(used, this.authorBytes, `one author (${peer}) in the tree ${formatId(tree)}`, largerAuthor, {
        tree,
      })
    }
    return admitted()
  }

  /** How many bytes the node may store in all. */
  get bound(): number {
    return this.nodeBytes
  }

  /** The bounds in force, in bytes. */
  get bounds(): Required<{ [Name in keyof QuotaOptions]: number }> {
    const { nodeBytes, treeBytes, authorBytes } = this
    return { nodeBytes, treeBytes, authorBytes }
  }

  /**
   * Returns how much each author takes in a tree, and the bound that holds it. This node's own entries have no account:
   * they are what is left. Throws UNKNOWN_TREE.
   */
  async usesOf(tree: TreeId): Promise<AuthorUse[]> {
    const { store, chunks, self, authorBytes } = this
    const policy = await store.policy(tree)
    const info = store.tree(tree)
    if (policy === undefined || info === undefined) throw unknownTree(tree)
    const uses: AuthorUse[] = []
    let own = info.bytes
    for (const [key, { bytes }] of this.accounts.entries()) {
      if (!key.startsWith(tree)) continue
      const who = key.slice(treePrefixLength)
      // What strangers take in all is counted by their own accounts too, or by the one that further strangers share.
      if (who !== strangers) own -= bytes
      if (who === strangers)
        uses.push({
          ...{
            peer: undefined,
            shared: 'strangers',
            entryBytes: bytes,
            chunkBytes: chunks.bytesOf(tree, anybody),
          },
          maxBytes: roomForStrangers(this.treeBytes),
        })
      else if (who.startsWith('further ')) {
        const maxBytes = authorBytes
        uses.push({ peer: undefined, shared: 'others', entryBytes: bytes, chunkBytes: 0, maxBytes })
      } else {
        const peer = who as PeerId
        const chunkBytes = isStranger(peer, policy) ? 0 : chunks.bytesOf(tree, peer)
        uses.push({ peer, shared: '', entryBytes: bytes, chunkBytes, maxBytes: authorBytes })
      }
    }
    uses.push({
      ...{ peer: self, shared: '', entryBytes: own, chunkBytes: chunks.bytesOf(tree, self), maxBytes: 0 },
    })
    return uses
  }

  /** Holds every page and chunk to these bounds from now on. What is stored stays. */
  setBounds({ nodeBytes, treeBytes, authorBytes }: QuotaOptions): void {
    this.nodeBytes = nodeBytes ?? limits.quotaNodeBytes
    this.treeBytes = treeBytes ?? limits.quotaTreeBytes
    this.authorBytes = authorBytes ?? limits.quotaAuthorBytes
  }

  private async forget(tree: TreeId): Promise<void> {
    await this.accounts.deleteWhere((key) => key.startsWith(`${tree} `))
    this.sumStrangers()
  }

  /** Counts a tree's entries anew, since a damaged account was dropped. Nothing is written to the tree meanwhile. */
  private async recount(tree: TreeId): Promise<void> {
    try {
      const policy = await this.store.policy(tree)
      if (policy === undefined) return
      await this.forget(tree)
      for await (const page of this.store.scan(tree)) {
        const entries = page.map(({ signed }) => ({ signed, body: decodeBody(signed.body) }))
        const { operations, stored } = this.contributionOf(tree, entries, policy)
        await this.accounts.write(operations, false, stored)
      }
    } catch (error) {
      // A tree whose first use finds that it is damaged is counted when it is repaired.
      if (this.store.damageOf(tree) === undefined) throw error
    }
  }

  private sumStrangers(): void {
    this.strangerBytes = 0
    for (const [key, { bytes }] of this.accounts.entries())
      if (key.endsWith(` ${strangers}`)) this.strangerBytes += bytes
  }

  /** Returns the records of the accounts that the page changes. Throws RESOURCE_EXHAUSTED if it is past a bound. */
  private contribute(page: Page): Contribution {
    const { tree, info, standing } = page
    const before = this.store.tree(tree)?.bytes ?? 0
    const { chunks, nodeBytes, treeBytes } = this
    const inAll = this.store.bytes + info.bytes - before + chunks.bytes
    const inTree = info.bytes + chunks.ofTree(tree).bytes
    expectRoom(inAll, roomFor(standing, nodeBytes), 'all trees together', largerNode, { tree })
    expectRoom(inTree, roomFor(standing, treeBytes), `the tree ${formatId(tree)}`, largerTree, { tree })
    const accounts = this.accountsAfter(page)
    for (const [key, { bytes }] of accounts) {
      const who = key.slice(treePrefixLength)
      if (who === strangers) {
        const added = bytes - (this.accounts.get(key)?.bytes ?? 0)
        if (standing === 'stranger') this.checkStrangers(tree, added)
      } else {
        // Policy entries may go past an author's bound, as they may past that of others.
        const room =
          standing === 'policy'
            ? this.authorBytes + this.authorBytes / limits.quotaReserveDivisor
            : this.authorBytes
        const used = bytes + chunks.bytesOf(tree, who as PeerId)
        const what = () => `one author (${who}) in the tree ${formatId(tree)}`
        expectRoom(used, room, what, largerAuthor, { tree, author: who })
      }
    }
    return this.contribution(accounts)
  }

  /** Returns the records of the accounts that these entries change, whatever the bounds. */
  private contributionOf(tree: TreeId, added: readonly Counted[], policy: PolicyState): Contribution {
    return this.contribution(this.accountsAfter({ tree, added, policy }))
  }

  private contribution(accounts: ReadonlyMap<string, Account>): Contribution {
    return {
      operations: Array.from(accounts, ([key, account]) => this.accounts.put(key, account)),
      stored: () => this.updateMemory(accounts),
    }
  }

  /** Throws RESOURCE_EXHAUSTED if so much more of strangers is past their share of the tree or of the node. */
  private checkStrangers(tree: TreeId, added: number): void {
    const { accounts, chunks } = this
    const entries = accounts.get(`${tree} ${strangers}`)?.bytes ?? 0
    const usedInTree = entries + chunks.bytesOf(tree, anybody) + added
    const usedInAll = this.strangerBytes + chunks.bytesOfAll(anybody) + added
    const whom = 'authors that the policy does not name'
    const inTree = `${whom} in the tree ${formatId(tree)}`
    const help = 'name them in the policy with `causeway grant`, or serve with a larger'
    expectRoom(usedInTree, roomForStrangers(this.treeBytes), inTree, `${help} --max-tree`, { tree })
    expectRoom(
      usedInAll,
      roomForStrangers(this.nodeBytes),
      `${whom} in all trees together`,
      `${help} --max-disk`,
      { tree },
    )
  }

  /** Brings the accounts in memory up to what a page wrote. */
  private updateMemory(accounts: ReadonlyMap<string, Account>): void {
    for (const [key, account] of accounts) {
      const current = this.accounts.get(key)
      if (key.endsWith(` ${strangers}`)) this.strangerBytes += account.bytes - (current?.bytes ?? 0)
      // Changed in place: a replaced account is often in V8's old generation, where only a full collection frees it.
      if (current === undefined) this.accounts.keep(key, account)
      else current.bytes = account.bytes
    }
  }

  /** Returns the accounts that a page changes, as it leaves them. */
  private accountsAfter({
    tree,
    added,
    policy,
  }: Pick<Page, 'tree' | 'policy'> & { readonly added: readonly Counted[] }): Map<string, Account> {
    const sums = new Map<PeerId, number>()
    for (const { body, signed } of added)
      if (body.author !== this.self) sums.set(body.author, (sums.get(body.author) ?? 0) + entryBytes(signed))
    const accounts = new Map<string, Account>()
    const add = (key: string, bytes: number) => {
      const before = accounts.get(key) ?? this.accounts.get(key)
      accounts.set(key, { bytes: (before?.bytes ?? 0) + bytes })
    }
    for (const [author, bytes] of sums) {
      const stranger = isStranger(author, policy)
      const key = `${tree} ${author}`
      const most = stranger ? roomForStrangers(limits.quotaAuthors) : limits.quotaAuthors
      const hasOwn = this.accounts.get(key) !== undefined || this.accounts.size + accounts.size < most
      if (stranger) add(`${tree} ${strangers}`, bytes)
      add(hasOwn ? key : `${tree} further ${stranger ? strangers : 'authors'}`, bytes)
    }
    return accounts
  }
}

const largerNode = 'serve with a larger --max-disk'
const largerTree = 'serve with a larger --max-tree'
const largerAuthor = 'serve with a larger --max-author'

/** Returns the standing of a page. `policy` is that of its tree. */
function standingOf(added: readonly VerifiedEntry[], self: PeerId, policy: PolicyState): Standing {
  let standing: Standing = 'own'
  for (const { body } of added) {
    if (body.author === self) continue
    // A root names its author and changes nothing.
    if (body.height > 0 && changesPolicy({ body })) return 'policy'
    if (isStranger(body.author, policy)) standing = 'stranger'
    else if (standing === 'own') standing = 'member'
  }
  return standing
}

/** Returns whether the policy does not name an author as one who may write. */
function isStranger(author: PeerId, policy: PolicyState): boolean {
  const key = policy.key(author)
  return key === undefined || key.revoked || key.permission < Permission.WRITE
}

/** Returns up to how many of `bytes` a page of this standing may fill. */
function roomFor(standing: Standing, bytes: number): number {
  const reserve = Math.floor(bytes / limits.quotaReserveDivisor)
  if (standing === 'own') return bytes
  return bytes - (standing === 'policy' ? Math.floor(reserve / 2) : reserve)
}

/** Returns how many of `bytes` all strangers together may fill. */
function roomForStrangers(bytes: number): number {
  return Math.floor(bytes / limits.quotaStrangerDivisor)
}

/** Throws RESOURCE_EXHAUSTED if there would be more bytes than there is room for. `what` may be costly to name. */
function expectRoom(
  bytes: number,
  room: number,
  what: string | (() => string),
  help: string,
  data: Record<string, string>,
): void {
  if (bytes <= room) return
  throw new CausewayError(
    'RESOURCE_EXHAUSTED',
    `This node stores at most ${room} bytes for ${typeof what === 'string' ? what : what()}: ${help}.`,
    { data: { ...data, maxBytes: room, retryAfterMs: limits.quotaRetryMs } },
  )
}
