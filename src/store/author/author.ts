/**
 * Writes new entries with the node's key: roots of new trees, and commits on top of trees. Commits that come while a
 * page is being written wait, and then become one page, each on top of the one before. So the commits of many writers
 * at one node form a line instead of branches, and share one flush of the disk.
 */
import { create } from '@bufbuild/protobuf'
import { Permission, PolicyKeySchema, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { type Clock, cancelled, takeOut, unlessBegun } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { contextsOf, type TraceContext, tracing } from '../../base/tracing/tracing.ts'
import type { Change } from '../../dag/body.ts'
import { policyStore, signEntry, signRoot, type VerifiedEntry } from '../../dag/entry.ts'
import { hexToBytes } from '../../dag/hex.ts'
import { type EntryId, idToBytes, type TreeId } from '../../dag/id.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import { encodePolicyChange } from '../../dag/policy/change.ts'
import type { DagStore } from '../store.ts'
import { lastEntriesBy } from './last-entries.ts'
import { expectRight, type Place, placeFor, placeOnPolicy } from './place.ts'
import { checkChanges, draftAt } from './prepare.ts'

/** The options of a commit. */
export interface CommitOptions {
  /** Default: the tree's tips, or the highest `limits.entryParents` of them. */
  readonly parents?: readonly EntryId[] | undefined
  /** Whether to resolve only once the entry is flushed to the disk. Default: false. */
  readonly durable?: boolean | undefined
  /** Cancels a commit that waits for others. One that is being written is written, and the signal is ignored. */
  readonly signal?: AbortSignal | undefined
}

/** A change of the policy. What is absent stays as it is. */
export interface PolicyUpdate {
  readonly publicAccess?: PublicAccess
  /** The keys whose rights change. */
  readonly keys?: readonly {
    readonly peer: PeerId
    readonly permission: Permission
    readonly name?: string
    readonly revoked?: boolean
    /** With `revoked`: the key's last entries that stay valid, at most `limits.policyLastAccepted`. */
    readonly lastAccepted?: readonly EntryId[]
  }[]
}

/** A commit that is not written yet. */
interface PendingCommit {
  readonly changes: readonly Change[]
  readonly options: CommitOptions
  /** The span that asked for it. */
  readonly trace: TraceContext | undefined
  readonly resolve: (entry: VerifiedEntry) => void
  readonly reject: (error: unknown) => void
}

/** Writes entries to a store with one key. */
export class Author {
  readonly identity: Identity
  private readonly store: DagStore
  private readonly clock: Clock
  private readonly pending = new Map<TreeId, PendingCommit[]>()

  constructor(store: DagStore, identity: Identity, clock: Clock) {
    this.store = store
    this.identity = identity
    this.clock = clock
  }

  /** The key that signs. */
  get peer(): PeerId {
    return this.identity.peer
  }

  /** How many commits wait for the page before theirs, in all trees. */
  get waiting(): number {
    let waiting = 0
    for (const queue of this.pending.values()) waiting += queue.length
    return waiting
  }

  /** Creates a tree, and returns its root once that is flushed. Throws ENTRY_ROOT if the name is empty or too long. */
  async createTree(name: string, publicAccess: PublicAccess = PublicAccess.NONE): Promise<VerifiedEntry> {
    const nonce = this.clock.randomBytes(limits.rootNonceMinBytes)
    const root = signRoot(this.identity, { name, publicAccess, createdAtMs: this.clock.now(), nonce })
    await this.store.append(root.id, [root], { sync: true })
    return root
  }

  /**
   * Signs one entry on top of the tree and stores it. Throws UNKNOWN_TREE, ENTRY_CHANGES, ENTRY_TOO_LARGE,
   * ENTRY_MISSING_PARENT, FORBIDDEN if our key may not write, RESOURCE_EXHAUSTED if too many commits wait, or CANCELLED.
   */
  commit(tree: TreeId, changes: readonly Change[], options: CommitOptions = {}): Promise<VerifiedEntry> {
    checkChanges(changes)
    const { signal } = options
    if (signal?.aborted) return Promise.reject(cancelled(signal))
    let leave = () => false
    const written = new Promise<VerifiedEntry>((resolve, reject) => {
      const commit = { changes, options, trace: tracing?.current(), resolve, reject }
      const queue = this.pending.get(tree)
      if (queue === undefined) {
        this.pending.set(tree, [commit])
        void this.drain(tree)
      } else if (queue.length >= limits.commitsWaiting)
        reject(
          new CausewayError(
            'RESOURCE_EXHAUSTED',
            `${limits.commitsWaiting} commits to this tree wait already: try again later.`,
            { data: { retryAfterMs: 100 } },
          ),
        )
      else {
        queue.push(commit)
        leave = () => takeOut(queue, commit)
      }
    })
    return unlessBegun(written, signal, leave)
  }

  /** Writes a tree's pending commits, page by page, until there are none. */
  private async drain(tree: TreeId): Promise<void> {
    // Each turn takes a page from a bounded queue; ends when no commit came meanwhile.
    for (;;) {
      const queue = this.pending.get(tree)!
      if (queue.length === 0) break
      const batch = queue.splice(0, limits.pageEntries)
      await this.writeBatch(tree, batch).catch((error) => {
        for (const { reject } of batch) reject(error)
      })
    }
    this.pending.delete(tree)
  }

  private async writeBatch(tree: TreeId, batch: readonly PendingCommit[]): Promise<void> {
    let nextPlace = await this.placeToWrite(tree)
    const pairs: { entry: VerifiedEntry; commit: PendingCommit }[] = []
    let durable = false
    for (const commit of batch) {
      try {
        const { parents } = commit.options
        const place =
          parents === undefined
            ? nextPlace
            : this.checkRight(await placeFor(this.store, tree, parents), Permission.WRITE)
        const entry = this.sign(tree, place, commit.changes)
        durable ||= commit.options.durable ?? false
        if (parents === undefined)
          nextPlace = { ...nextPlace, parents: [entry.id], height: entry.body.height + 1 }
        pairs.push({ entry, commit })
      } catch (error) {
        commit.reject(error)
      }
    }
    const { refused } = await this.store.append(
      tree,
      pairs.map(({ entry }) => entry),
      { sync: durable, traces: tracing && contextsOf(pairs.map(({ commit }) => commit)) },
    )
    const errors = new Map(refused.map(({ index, error }) => [index, error]))
    for (const [index, { entry, commit }] of pairs.entries()) {
      const error = errors.get(index)
      if (error === undefined) commit.resolve(entry)
      else commit.reject(error)
    }
  }

  /**
   * Writes a policy entry on top of the whole policy, and returns it once it is flushed. Throws FORBIDDEN if our key is
   * not an admin's, INVALID_ARGUMENT or UNKNOWN_TREE.
   */
  async changePolicy(tree: TreeId, change: PolicyUpdate): Promise<VerifiedEntry> {
    const { publicAccess = PublicAccess.UNSPECIFIED, keys = [] } = change
    const lastAccepted = keys.flatMap((key) => key.lastAccepted ?? [])
    const place = this.checkRight(await placeOnPolicy(this.store, tree, lastAccepted), Permission.ADMIN)
    const present = await this.store.policy(tree)
    const payload = encodePolicyChange({
      treeName: '',
      publicAccess,
      keys: keys.map(({ peer, permission, name, revoked = false, lastAccepted: last = [] }) =>
        create(PolicyKeySchema, {
          ...{ peer: hexToBytes(peer), permission, revoked },
          name: name || (present?.key(peer)?.name ?? ''),
          lastAccepted: [...last].sort().map(idToBytes),
        }),
      ),
    })
    const entry = this.sign(tree, place, [{ store: policyStore, kind: '', payload }])
    const { refused } = await this.store.append(tree, [entry], { sync: true })
    if (refused[0] !== undefined) throw refused[0].error
    return entry
  }

  /**
   * Revokes a key: its entries in this store stay valid, others are void. Throws FORBIDDEN if our key is not an
   * admin's.
   */
  async revoke(tree: TreeId, peer: PeerId): Promise<VerifiedEntry> {
    const lastAccepted = await lastEntriesBy(this.store, tree, peer)
    return this.changePolicy(tree, {
      keys: [{ peer, permission: Permission.UNSPECIFIED, revoked: true, lastAccepted }],
    })
  }

  /** Returns the place of an entry on top of a tree. Throws UNKNOWN_TREE, and FORBIDDEN if our key may not write. */
  async placeToWrite(tree: TreeId): Promise<Place> {
    return this.checkRight(await placeFor(this.store, tree), Permission.WRITE)
  }

  /** Signs an entry at a place. Throws ENTRY_CHANGES or ENTRY_TOO_LARGE. */
  sign(tree: TreeId, place: Place, changes: readonly Change[]): VerifiedEntry {
    return signEntry(this.identity, draftAt(place, tree, changes, this.clock.now()))
  }

  /** Returns the place if our key has the right there, since other peers would refuse the entry. Throws FORBIDDEN. */
  private checkRight(place: Place, needed: Permission): Place {
    return expectRight(place, this.identity.peer, needed, "This node's key")
  }
}
