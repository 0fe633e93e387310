/**
 * Trees that follow from a seed, the same in every run and described in conformance/README.md, so that other programs
 * can make them too.
 */
import { create } from '@bufbuild/protobuf'
import { Permission, PolicyKeySchema, PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { Change } from '../../../dag/body.ts'
import { utf8 } from '../../../dag/bytes.ts'
import { sha256Hex } from '../../../dag/crypto.ts'
import { type Entry, policyStore, signEntry, signRoot, type VerifiedEntry } from '../../../dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../../dag/hex.ts'
import { digestTips, type EntryId, idToBytes } from '../../../dag/id.ts'
import { createIdentity, type Identity } from '../../../dag/identity.ts'
import { encodePolicyChange } from '../../../dag/policy/change.ts'

const firstMs = Date.UTC(2026, 0, 1)

const keys = new Map<number, Identity>()

/** Returns the n-th key of the kit: its seed is SHA-256 of `causeway conformance key n`. */
export function kitKey(n: number): Identity {
  const key = keys.get(n) ?? createIdentity(kitSeed(n))
  keys.set(n, key)
  return key
}

export function kitSeed(n: number): Uint8Array {
  return hexToBytes(sha256Hex(utf8(`causeway conformance key ${n}`)))
}

/** Returns numbers in [0, 1) that follow from a seed (mulberry32). */
export function chances(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Growth {
  /** The number of the key that writes. */
  readonly key?: number
  readonly changes?: readonly Change[]
  /** How many members of its point it does not name. */
  readonly leaveOut?: number
}

/** One tree that grows. `entries` has parents first. */
export class Grown {
  readonly root: VerifiedEntry
  readonly entries: VerifiedEntry[] = []
  private readonly byId = new Map<EntryId, VerifiedEntry>()

  /** `key` is the number of the key that begins the tree. */
  constructor(seed: number | string, publicAccess = PublicAccess.WRITE, key = 0) {
    const nonce = hexToBytes(sha256Hex(utf8(`causeway conformance tree ${seed}`)).slice(0, 32))
    this.root = signRoot(kitKey(key), { name: 'kit', publicAccess, createdAtMs: firstMs, nonce })
    this.keep(this.root)
  }

  /** Adds a child of these entries. */
  add(parents: readonly Entry[], { key = 0, changes, leaveOut = 0 }: Growth = {}): VerifiedEntry {
    const number = this.entries.length
    return this.keep(
      signEntry(kitKey(key), {
        tree: this.root.id,
        parents: [...new Set(parents.map(({ id }) => id))],
        height: 1 + Math.max(...parents.map(({ body }) => body.height)),
        createdAtMs: firstMs + 1000 * number,
        policy: pointOn(this.byId, parents).slice(leaveOut),
        changes: changes ?? [{ store: 'log', kind: 'add', payload: utf8(`entry ${number}`) }],
      }),
    )
  }

  /** Adds `count` entries, each the child of the one before. */
  chain(from: VerifiedEntry, count: number, growth: Growth = {}): VerifiedEntry[] {
    const added: VerifiedEntry[] = []
    for (let n = 0; n < count; n++) added.push(this.add([added.at(-1) ?? from], growth))
    return added
  }

  /** Adds `count` children of one entry. */
  star(from: VerifiedEntry, count: number, growth: Growth = {}): VerifiedEntry[] {
    return Array.from({ length: count }, () => this.add([from], growth))
  }

  private keep(entry: VerifiedEntry): VerifiedEntry {
    this.byId.set(entry.id, entry)
    this.entries.push(entry)
    return entry
  }
}

/** Returns the policy entries that an entry on these parents names. `byId` has their ancestors. */
export function pointOn(byId: ReadonlyMap<EntryId, Entry>, parents: readonly Entry[]): EntryId[] {
  const after = new Set(parents.flatMap((parent) => (isPolicy(parent) ? [parent.id] : parent.body.policy)))
  const open = [...after].flatMap((id) => byId.get(id)!.body.policy)
  const below = new Set<EntryId>()
  for (let id = open.pop(); id !== undefined; id = open.pop())
    if (!below.has(id)) {
      below.add(id)
      open.push(...byId.get(id)!.body.policy)
    }
  // The root is below all others, and if it is the only one it is left out.
  return [...after].filter((id) => !below.has(id) && byId.get(id)!.body.parents.length > 0)
}

function isPolicy({ body }: Entry): boolean {
  return body.changes.some(({ store }) => store === policyStore)
}

/** Returns the changes of an entry that gives keys a right. */
export function granting(permission: Permission, ...keys: readonly number[]): Change[] {
  return policyOf(
    keys.map((key) => create(PolicyKeySchema, { peer: hexToBytes(kitKey(key).peer), permission })),
  )
}

/** Returns the changes of an entry that revokes a key, and keeps what it wrote up to the last entries. */
export function revoking(key: number, ...last: readonly Entry[]): Change[] {
  const lastAccepted = last
    .map(({ id }) => id)
    .sort()
    .map(idToBytes)
  return policyOf([
    create(PolicyKeySchema, { peer: hexToBytes(kitKey(key).peer), revoked: true, lastAccepted }),
  ])
}

/** Returns 32 bytes in place of a key that nobody has; they ascend with the number. */
export function madeKey(number: number): Uint8Array {
  const bytes = new Uint8Array(32).fill(7)
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}

/** Returns the changes of an entry that lets these keys read, or revokes them. */
export function mentioning(keys: readonly Uint8Array[], revoked: boolean): Change[] {
  const permission = revoked ? Permission.UNSPECIFIED : Permission.READ
  return policyOf(keys.map((peer) => create(PolicyKeySchema, { peer, permission, revoked })))
}

function policyOf(keys: Parameters<typeof encodePolicyChange>[0]['keys']): Change[] {
  const payload = encodePolicyChange({ treeName: '', publicAccess: PublicAccess.UNSPECIFIED, keys })
  return [{ store: policyStore, kind: '', payload }]
}

/** Returns a tree of some width, with merges and old forks. */
export function randomTree(seed: number, count: number, width = 6): VerifiedEntry[] {
  const random = chances(seed)
  const tree = new Grown(`random ${seed}`)
  const pick = <Item>(from: readonly Item[]) => from[Math.floor(random() * from.length)]!
  for (let n = 0; n < count; n++) {
    const recent = tree.entries.slice(-width)
    const lot = random()
    const parents =
      lot < 0.1 ? [pick(tree.entries)] : lot < 0.6 ? [pick(recent)] : [pick(recent), pick(recent)]
    tree.add(parents, { key: Math.floor(random() * 4) })
  }
  return tree.entries
}

/** Returns a tree in which three admins name and revoke keys beside each other, so that some entries are void. */
export function randomPolicyTree(seed: number, count: number): VerifiedEntry[] {
  const random = chances(seed)
  const tree = new Grown(`policy ${seed}`, PublicAccess.NONE)
  const below = (bound: number) => Math.floor(random() * bound)
  const last = [tree.root]
  last.push(tree.add([tree.root], { changes: granting(Permission.ADMIN, 1, 2) }))
  last.push(tree.add([last[1]!], { changes: granting(Permission.WRITE, 3, 4) }))
  const base = last.at(-1)!
  const ends = [base, base, base]
  for (let n = 0; n < count; n++) {
    // Each admin goes on with what it has seen, and now and then sees what another has.
    const admin = below(3)
    const parents = random() < 0.2 ? [ends[admin]!, ends[below(3)]!] : [ends[admin]!]
    const lot = random()
    const changes =
      lot < 0.15
        ? revoking(1 + below(4))
        : lot < 0.3
          ? granting(lot < 0.22 ? Permission.ADMIN : Permission.WRITE, 1 + below(5))
          : undefined
    const key = changes === undefined ? below(5) : admin
    const entry = tree.add(parents, { key, ...(changes !== undefined && { changes }) })
    ends[admin] = entry
  }
  return tree.entries
}

/** Returns the entries in another order that has parents first. */
export function shuffled<Some extends Entry>(entries: readonly Some[], seed: number): Some[] {
  const random = chances(seed)
  const left = [...entries]
  const waiting = new Set(entries.map(({ id }) => id))
  const order: Some[] = []
  while (left.length > 0) {
    const ready = left.filter(({ body }) => body.parents.every((id) => !waiting.has(id)))
    const next = ready[Math.floor(random() * ready.length)]!
    waiting.delete(next.id)
    left.splice(left.indexOf(next), 1)
    order.push(next)
  }
  return order
}

/** What a closed set of entries comes to. */
export interface Summary {
  readonly count: number
  readonly digest: string
  readonly tips: readonly EntryId[]
}

export function summaryOf(entries: readonly Entry[]): Summary {
  const tips = new Set(entries.map(({ id }) => id))
  for (const { body } of entries) for (const parent of body.parents) tips.delete(parent)
  const sorted = [...tips].sort()
  return { count: entries.length, digest: digestTips(sorted), tips: sorted }
}

/** An entry as requests to a program have it. */
export function wire({ signed }: { readonly signed: Entry['signed'] }): { body: string; signature: string } {
  return { body: bytesToHex(signed.body), signature: bytesToHex(signed.signature) }
}
