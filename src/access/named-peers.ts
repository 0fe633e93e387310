/**
 * The peers that the trees' policies name, for questions that must not load a tree: whether a caller is a stranger, and
 * whether it may be refused a tree without looking further. The records change in the batch of the page that changes
 * the policy. They follow from it, so damaged ones are made again when the node opens.
 */
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import { limits } from '../base/limits.ts'
import { sha256Hex } from '../dag/crypto.ts'
import { bytesToHex, hexToBytes } from '../dag/hex.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { PolicyKeyState, PolicyState } from '../dag/policy/state.ts'
import type { TreePolicy } from '../dag/policy/tree-policy.ts'
import { SortedTrees } from '../dag/sorted-trees.ts'
import { type Contribution, callListener } from '../store/contributors.ts'
import { storeError } from '../store/database/errors.ts'
import type { BatchOperation } from '../store/engine/engine.ts'
import type { DagStore } from '../store/store.ts'

/** A permission as a record holds it; `revoked` stands for a revoked key. */
type Code = number
const revoked: Code = 0x80

/** What is known of the policy of one tree. */
interface Names {
  /** What everybody may do. */
  readonly open: Permission
  /** How many policy entries this reflects. */
  readonly entries: number
  /** The keys that have a permission or are revoked. */
  readonly keys: Map<PeerId, Code>
  /** The exclusive or of `digestOf` of the keys: shows whether their records are whole. */
  readonly sum: Buffer
}

const idBytes = 32
/** The record of a tree that has too many names to list. */
const unlisted = Buffer.from([0xff])

export class NamedPeers {
  private readonly store: DagStore
  private readonly sublevel
  private readonly trees = new Map<TreeId, Names>()
  /** Trees that have too many names to list. */
  private readonly unlisted = new SortedTrees()
  /** Trees that everybody may read. */
  private readonly publicTrees = new SortedTrees()
  /** The trees in which each peer has a permission. */
  private readonly treesOf = new Map<PeerId, SortedTrees>()
  /** The standings of policy entries that the names of a tree reflect, by number, while its policy is in memory. */
  private readonly listed = new WeakMap<TreePolicy, Uint8Array>()
  /** How many keys are listed in all. */
  private size = 0
  private readonly listeners = new Set<(tree: TreeId) => void>()

  private constructor(store: DagStore) {
    this.store = store
    this.sublevel = store.db.sublevel<Buffer, Buffer>('named', {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
    })
  }

  /** Reads the records, and makes those that are missing or damaged: only then is a tree loaded. */
  static async open(store: DagStore): Promise<NamedPeers> {
    const named = new NamedPeers(store)
    await named.read()
    // A tree that cannot be loaded stays without; whoever asks for it gets the error.
    for (const { tree } of store.trees())
      if (!named.trees.has(tree) && !named.unlisted.has(tree)) await named.refresh(tree).catch(() => {})
    store.addContributor((tree, _added, _info, policy) => named.contribute(tree, policy))
    // Without records, the next opening makes them, should the process end during a repair.
    store.repairs.onRepair({
      begin: (tree) => named.write(named.forgetting(tree)),
      after: (tree) => named.refresh(tree),
    })
    return named
  }

  /** Returns whether the policy of any listed tree gives the peer a permission by name. */
  has(peer: PeerId): boolean {
    return this.treesOf.has(peer)
  }

  /** Returns the peers to which the policy of a listed tree gives a permission by name. */
  peers(): IterableIterator<PeerId> {
    return this.treesOf.keys()
  }

  /** Returns what a peer may do in a tree, or undefined if only the tree's policy can say so. */
  permission(tree: TreeId, peer: PeerId | undefined): Permission | undefined {
    const names = this.trees.get(tree)
    if (names === undefined) return undefined
    const code = peer === undefined ? undefined : names.keys.get(peer)
    if (code === undefined) return names.open
    return code === revoked ? Math.min(names.open, Permission.READ) : Math.max(names.open, code)
  }

  /** Returns how many keys the policy of a tree names, or undefined if only the policy can say so. */
  count(tree: TreeId): number | undefined {
    return this.trees.get(tree)?.keys.size
  }

  /** Returns whether the policy of a tree names a peer, or undefined if only the policy can say so. */
  isNamed(tree: TreeId, peer: PeerId): boolean | undefined {
    const code = this.trees.get(tree)?.keys.get(peer)
    return this.trees.has(tree) ? code !== undefined && code !== revoked : undefined
  }

  /** Calls `listener` with each tree whose names have changed. */
  onChange(listener: (tree: TreeId) => void): void {
    this.listeners.add(listener)
  }

  /** Returns the peers that the policy of a tree gives a permission by name; none if there are too many to list. */
  members(tree: TreeId): PeerId[] {
    const keys = this.trees.get(tree)?.keys ?? new Map<PeerId, Code>()
    return [...keys].filter(([, code]) => isGrant(code)).map(([peer]) => peer)
  }

  /** Returns the trees whose policies give a peer a permission by name, without those that have too many names to list. */
  treesNaming(peer: PeerId): TreeId[] {
    return [...(this.treesOf.get(peer)?.list() ?? [])]
  }

  /**
   * Returns the first tree after an id that a peer may be able to read, or undefined if there is none: those that it may
   * read, and those of which only the policy can say so.
   */
  nextTree(after: string, peer: PeerId | undefined): TreeId | undefined {
    const own = peer === undefined ? undefined : this.treesOf.get(peer)?.next(after)
    let first = own
    for (const tree of [this.publicTrees.next(after), this.unlisted.next(after)])
      if (tree !== undefined && (first === undefined || tree < first)) first = tree
    return first
  }

  /** Makes the records of a tree again from its policy, as after a repair. Throws STORE_CORRUPT. */
  async refresh(tree: TreeId): Promise<void> {
    // Loaded first: within `between` the tree cannot be.
    const policy = await this.store.treePolicy(tree)
    await this.store.between(tree, async () => {
      const forgotten = this.forgetting(tree)
      await this.write(forgotten)
      if (policy !== undefined) await this.write(this.list(tree, policy))
    })
  }

  /** Returns what removes the records of a tree, for the batch that removes the tree. */
  forgetting(tree: TreeId): Contribution {
    const keys = [...(this.trees.get(tree)?.keys.keys() ?? [])]
    const operations = [this.del(tree), ...keys.map((peer) => this.del(tree + peer))]
    return {
      operations,
      stored: () => {
        for (const peer of keys) this.show(tree, peer, undefined)
        this.trees.delete(tree)
        this.publicTrees.delete(tree)
        this.unlisted.delete(tree)
      },
    }
  }

  private contribute(tree: TreeId, policy: TreePolicy): Contribution | undefined {
    if (this.unlisted.has(tree) || this.trees.get(tree)?.entries === policy.graph.entries.length)
      return undefined
    return this.list(tree, policy)
  }

  /** Returns what brings the records of a tree up to its policy. */
  private list(tree: TreeId, policy: TreePolicy): Contribution {
    const before = this.trees.get(tree)
    const { state, standing } = policy.whole()
    const { entries } = policy.graph
    const listed = before === undefined ? undefined : this.listed.get(policy)
    const peers =
      listed === undefined
        ? [...state.keys.keys(), ...(before?.keys.keys() ?? [])]
        : peersMoved(policy, listed, standing)
    const changes = changesOf(state, before, new Set(peers))
    let growth = 0
    for (const [peer, code] of changes)
      growth += Number(code !== undefined) - Number(before?.keys.has(peer) ?? false)
    if ((before?.keys.size ?? 0) + growth > limits.namedPeersOfTree || this.size + growth > limits.namedPeers)
      return this.unlisting(tree)
    const sum = Buffer.from(before?.sum ?? Buffer.alloc(digestBytes))
    for (const [peer, code] of changes)
      for (const each of [before?.keys.get(peer), code]) xor(sum, digestOf(tree, peer, each))
    const keys = before?.keys ?? new Map<PeerId, Code>()
    const names = { open: state.permission(undefined), entries: entries.length, keys, sum }
    const operations = [...changes].map(([peer, code]) =>
      code === undefined ? this.del(tree + peer) : this.put(tree + peer, Buffer.from([code])),
    )
    operations.push(this.put(tree, encodeNames(tree, names)))
    return {
      operations,
      stored: () => {
        this.keep(tree, names)
        this.listed.set(policy, standing)
        for (const [peer, code] of changes) this.show(tree, peer, code)
        if (changes.size > 0) for (const listener of this.listeners) callListener(() => listener(tree))
      },
    }
  }

  private unlisting(tree: TreeId): Contribution {
    const { operations, stored } = this.forgetting(tree)
    return {
      operations: [...operations, this.put(tree, unlisted)],
      stored: () => {
        stored()
        this.unlisted.add(tree)
      },
    }
  }

  private keep(tree: TreeId, names: Names): void {
    this.trees.set(tree, names)
    if (names.open >= Permission.READ) this.publicTrees.add(tree)
    else this.publicTrees.delete(tree)
  }

  /** Changes what memory holds of one key in one tree. */
  private show(tree: TreeId, peer: PeerId, code: Code | undefined): void {
    const { keys } = this.trees.get(tree)!
    const before = keys.get(peer)
    if (code === undefined) keys.delete(peer)
    else keys.set(peer, code)
    this.size += Number(code !== undefined) - Number(before !== undefined)
    const own = this.treesOf.get(peer) ?? new SortedTrees()
    if (isGrant(code)) own.add(tree)
    else own.delete(tree)
    if (own.size > 0) this.treesOf.set(peer, own)
    else this.treesOf.delete(peer)
  }

  /** Reads all records. Drops those of a tree that do not agree, and of trees that are not here. */
  private async read(): Promise<void> {
    const damaged: Buffer[] = []
    let tree: TreeId | undefined
    let header: Buffer | undefined
    let keys = new Map<PeerId, Code>()
    let rows: Buffer[] = []
    const finish = () => {
      if (tree === undefined || !this.adopt(tree, header, keys)) damaged.push(...rows)
    }
    try {
      for await (const [key, value] of this.sublevel.iterator()) {
        const of = key.length >= idBytes ? (bytesToHex(key.subarray(0, idBytes)) as TreeId) : undefined
        if (of !== tree) {
          finish()
          ;[tree, header, keys, rows] = [of, undefined, new Map(), []]
        }
        rows.push(key)
        if (key.length === idBytes) header = value
        else keys.set(bytesToHex(key.subarray(idBytes)) as PeerId, value[0] ?? 0)
      }
      finish()
    } catch (error) {
      throw storeError(error, 'The records of named peers could not be read')
    }
    const operations = damaged.map(
      (key): BatchOperation => ({ type: 'del', key, sublevel: this.sublevel as never }),
    )
    await this.write({ operations, stored: () => {} })
  }

  /** Takes over the records of a tree. Returns false if they do not agree, or there is no such tree. */
  private adopt(tree: TreeId, header: Buffer | undefined, keys: Map<PeerId, Code>): boolean {
    if (header === undefined || this.store.tree(tree) === undefined) return false
    if (header.equals(unlisted) && keys.size === 0) {
      this.unlisted.add(tree)
      return true
    }
    if (header.length !== headerBytes) return false
    const sum = Buffer.alloc(digestBytes)
    for (const [peer, code] of keys) xor(sum, digestOf(tree, peer, code))
    const names = { open: header[0] as Permission, entries: header.readUInt32BE(1), sum }
    if (!encodeNames(tree, names).equals(header)) return false
    this.keep(tree, { ...names, keys: new Map() })
    for (const [peer, code] of keys) this.show(tree, peer, code)
    return true
  }

  private put(key: string, value: Buffer): BatchOperation {
    return { type: 'put', key: Buffer.from(key, 'hex'), value, sublevel: this.sublevel as never }
  }

  private del(key: string): BatchOperation {
    return { type: 'del', key: Buffer.from(key, 'hex'), sublevel: this.sublevel as never }
  }

  private async write({ operations, stored }: Contribution): Promise<void> {
    try {
      if (operations.length > 0) await this.store.db.batch(operations as BatchOperation[])
    } catch (error) {
      throw storeError(error, 'The records of named peers could not be written')
    }
    stored()
  }
}

function codeOf(key: PolicyKeyState | undefined): Code | undefined {
  if (key?.revoked) return revoked
  return key === undefined || key.permission === Permission.UNSPECIFIED ? undefined : key.permission
}

function isGrant(code: Code | undefined): boolean {
  return code !== undefined && code !== revoked
}

/** Returns the peers that are named by policy entries with another standing now: no others can have other rights. */
function peersMoved({ graph }: TreePolicy, before: Uint8Array, after: Uint8Array): PeerId[] {
  const peers: PeerId[] = []
  for (let number = 0; number < after.length; number++)
    if (after[number] !== before[number]) for (const { peer } of graph.entries[number]!.keys) peers.push(peer)
  return peers
}

/** Returns the codes of those peers that have another one now. */
function changesOf(
  state: PolicyState,
  before: Names | undefined,
  peers: ReadonlySet<PeerId>,
): Map<PeerId, Code | undefined> {
  const changes = new Map<PeerId, Code | undefined>()
  for (const peer of peers) {
    const code = codeOf(state.key(peer))
    if (code !== before?.keys.get(peer)) changes.set(peer, code)
  }
  return changes
}

const digestBytes = 16
const headerBytes = 1 + 4 + digestBytes

/** Encodes the record of a tree: open ‖ entries ‖ a digest over these and the records of its keys. */
function encodeNames(tree: TreeId, { open, entries, sum }: Pick<Names, 'open' | 'entries' | 'sum'>): Buffer {
  const header = Buffer.alloc(headerBytes)
  header[0] = open
  header.writeUInt32BE(entries, 1)
  sum.copy(header, headerBytes - digestBytes)
  const own = sha256Hex(hexToBytes(tree), header.subarray(0, headerBytes - digestBytes))
  xor(header.subarray(headerBytes - digestBytes), Buffer.from(own, 'hex'))
  return header
}

/** Returns the part of a key in the sum of its tree. */
function digestOf(tree: TreeId, peer: PeerId, code: Code | undefined): Buffer {
  if (code === undefined) return Buffer.alloc(digestBytes)
  return Buffer.from(sha256Hex(hexToBytes(tree), hexToBytes(peer), Uint8Array.of(code)), 'hex')
}

function xor(sum: Buffer, bytes: Buffer): void {
  for (let index = 0; index < digestBytes; index++) sum[index]! ^= bytes[index]!
}
