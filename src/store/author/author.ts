/**
 * Writes new entries with the node's key: roots of new trees, and commits on top of them. Commits that come while
 * one is being written wait for it together and then go in as one page, each on top of the one before, so that many
 * writers at one node make a line and share the disk's flush.
 */
import { create } from '@bufbuild/protobuf'
import { Permission, PolicyKeySchema, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { Clock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Change } from '../../dag/body.ts'
import { policyStore, signEntry, signRoot, type VerifiedEntry } from '../../dag/entry.ts'
import { hexToBytes } from '../../dag/hex.ts'
import { type EntryId, idToBytes, type TreeId } from '../../dag/id.ts'
import type { Identity, PeerId } from '../../dag/identity.ts'
import { encodePolicyChange } from '../../dag/policy/change.ts'
import type { DagStore } from '../store.ts'
import { lastEntriesBy } from './last-entries.ts'
import { type Place, placeFor, placeOnPolicy } from './place.ts'

export interface CommitOptions {
  /** Defaults to the tree's tips, the highest `limits.entryParents` of them. */
  readonly parents?: readonly EntryId[] | undefined
  /** Answer only when the entry is flushed to the disk. */
  readonly durable?: boolean | undefined
}

/** What a change of the policy says; absent: as it was. */
export interface PolicyUpdate {
  readonly publicAccess?: PublicAccess
  readonly keys?: readonly {
    readonly peer: PeerId
    readonly permission: Permission
    readonly name?: string
    readonly revoked?: boolean
    /** With `revoked`: the key's last entries that stand, at most `limits.policyLastAccepted`. */
    readonly lastAccepted?: readonly EntryId[]
  }[]
}

interface Waiting {
  readonly changes: readonly Change[]
  readonly options: CommitOptions
  readonly resolve: (entry: VerifiedEntry) => void
  readonly reject: (error: unknown) => void
}

export class Author {
  readonly identity: Identity
  private readonly store: DagStore
  private readonly clock: Clock
  private readonly waiting = new Map<TreeId, Waiting[]>()

  constructor(store: DagStore, identity: Identity, clock: Clock) {
    this.store = store
    this.identity = identity
    this.clock = clock
  }

  /** Makes a new tree. ENTRY_ROOT where the name is empty or too long. */
  async createTree(name: string, publicAccess: PublicAccess = PublicAccess.NONE): Promise<VerifiedEntry> {
    const nonce = this.clock.randomBytes(limits.rootNonceMinBytes)
    const root = signRoot(this.identity, { name, publicAccess, createdAtMs: this.clock.now(), nonce })
    await this.store.append(root.id, [root], { sync: true })
    return root
  }

  /** Signs one entry on top of the tree and stores it. UNKNOWN_TREE, ENTRY_CHANGES, ENTRY_TOO_LARGE, ENTRY_MISSING_PARENT. */
  commit(tree: TreeId, changes: readonly Change[], options: CommitOptions = {}): Promise<VerifiedEntry> {
    if (changes.length === 0 || changes.some((change) => change.store === policyStore))
      throw new CausewayError(
        'ENTRY_CHANGES',
        `A commit has at least one change, and none to ${policyStore}.`,
      )
    return new Promise((resolve, reject) => {
      const commit = { changes, options, resolve, reject }
      const queue = this.waiting.get(tree)
      if (queue === undefined) {
        this.waiting.set(tree, [commit])
        void this.drain(tree)
      } else if (queue.length >= limits.commitsWaiting)
        reject(
          new CausewayError(
            'RESOURCE_EXHAUSTED',
            `More than ${limits.commitsWaiting} commits wait for this tree.`,
            {
              data: { retryAfterMs: 100 },
            },
          ),
        )
      else queue.push(commit)
    })
  }

  /** Writes what waits for a tree, page by page, until nothing does. */
  private async drain(tree: TreeId): Promise<void> {
    for (;;) {
      const queue = this.waiting.get(tree)!
      if (queue.length === 0) break
      const batch = queue.splice(0, limits.pageEntries)
      await this.writeBatch(tree, batch).catch((error) => {
        for (const { reject } of batch) reject(error)
      })
    }
    this.waiting.delete(tree)
  }

  private async writeBatch(tree: TreeId, batch: readonly Waiting[]): Promise<void> {
    let line = this.mayWrite(await placeFor(this.store, tree), Permission.WRITE)
    const signed: { entry: VerifiedEntry; waiting: Waiting }[] = []
    let durable = false
    for (const waiting of batch) {
      try {
        const { parents } = waiting.options
        const place =
          parents === undefined
            ? line
            : this.mayWrite(await placeFor(this.store, tree, parents), Permission.WRITE)
        const entry = this.sign(tree, place, waiting.changes)
        durable ||= waiting.options.durable ?? false
        if (parents === undefined) line = { ...line, parents: [entry.id], height: entry.body.height + 1 }
        signed.push({ entry, waiting })
      } catch (error) {
        waiting.reject(error)
      }
    }
    const { refused } = await this.store.append(
      tree,
      signed.map(({ entry }) => entry),
      { sync: durable },
    )
    const errors = new Map(refused.map(({ index, error }) => [index, error]))
    for (const [index, { entry, waiting }] of signed.entries()) {
      const error = errors.get(index)
      if (error === undefined) waiting.resolve(entry)
      else waiting.reject(error)
    }
  }

  /** Changes the policy, on top of all of it. FORBIDDEN where our key is no admin, INVALID_ARGUMENT, UNKNOWN_TREE. */
  async changePolicy(tree: TreeId, change: PolicyUpdate): Promise<VerifiedEntry> {
    const { publicAccess = PublicAccess.UNSPECIFIED, keys = [] } = change
    const lastAccepted = keys.flatMap((key) => key.lastAccepted ?? [])
    const place = this.mayWrite(await placeOnPolicy(this.store, tree, lastAccepted), Permission.ADMIN)
    const payload = encodePolicyChange({
      treeName: '',
      publicAccess,
      keys: keys.map(({ peer, permission, name = '', revoked = false, lastAccepted: last = [] }) =>
        create(PolicyKeySchema, {
          ...{ peer: hexToBytes(peer), permission, name, revoked },
          lastAccepted: [...last].sort().map(idToBytes),
        }),
      ),
    })
    const entry = this.sign(tree, place, [{ store: policyStore, kind: '', payload }])
    const { refused } = await this.store.append(tree, [entry], { sync: true })
    if (refused[0] !== undefined) throw refused[0].error
    return entry
  }

  /** Revokes a key: what it wrote until now stands, what else comes of it is void. FORBIDDEN where our key is no admin. */
  async revoke(tree: TreeId, peer: PeerId): Promise<VerifiedEntry> {
    const lastAccepted = await lastEntriesBy(this.store, tree, peer)
    return this.changePolicy(tree, {
      keys: [{ peer, permission: Permission.UNSPECIFIED, revoked: true, lastAccepted }],
    })
  }

  private sign(tree: TreeId, { parents, height, policy }: Place, changes: readonly Change[]): VerifiedEntry {
    return signEntry(this.identity, { tree, parents, height, policy, createdAtMs: this.clock.now(), changes })
  }

  /** The place, if our key may write there; what others would refuse is not written. FORBIDDEN. */
  private mayWrite(place: Place, needed: Permission): Place {
    const has = place.permission(this.identity.peer)
    if (has >= needed) return place
    const [may, instead] =
      needed === Permission.ADMIN
        ? ['change the policy of', 'An admin of the tree does that']
        : ['write to', 'An admin of the tree can let it: `causeway grant`']
    throw new CausewayError('FORBIDDEN', `This node's key may not ${may} this tree. ${instead}.`, {
      data: { peer: this.identity.peer },
    })
  }
}
