/**
 * Trees for tests: identities, a builder, and the shapes that replication has to handle. Everything follows from a
 * seed, so the same call returns the same ids in every run. Every array has parents first, and the root at its start.
 */
import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { Change } from '../../src/dag/body.ts'
import { sha256Hex } from '../../src/dag/crypto.ts'
import { type Entry, policyStore, signEntry, signRoot, type VerifiedEntry } from '../../src/dag/entry.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import type { EntryId } from '../../src/dag/id.ts'
import { createIdentity, type Identity } from '../../src/dag/identity.ts'
import { projectFile } from './project.ts'

/** Returns a number that is uniform in [0, 1), as `Clock.random`. */
export type Prng = () => number

/** Returns a small seeded generator (mulberry32). */
export function prng(seed: number): Prng {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Returns a whole number in [0, bound). */
export function below(random: Prng, bound: number): number {
  return Math.floor(random() * bound)
}

/** Returns 32 bytes that depend only on a text. */
function seedBytes(text: string): Uint8Array {
  return hexToBytes(sha256Hex(new TextEncoder().encode(text)))
}

const identities = new Map<number, Identity>()

/** Returns the n-th identity, the same in every run. */
export function testIdentity(n = 0): Identity {
  let identity = identities.get(n)
  if (identity === undefined) {
    identity = createIdentity(seedBytes(`causeway test identity ${n}`))
    identities.set(n, identity)
  }
  return identity
}

export interface TreeOptions {
  /** Another seed makes another tree. */
  readonly seed?: number | string
  readonly author?: Identity
  readonly name?: string
  readonly publicAccess?: PublicAccess
}

/** The content of an added entry: unless `changes` are given, one change of the payload to the store `log`. */
export interface Addition {
  readonly author?: Identity
  readonly payload?: Uint8Array | string
  readonly changes?: readonly Change[]
  readonly createdAtMs?: number
  readonly nonce?: Uint8Array
}

const someDay = Date.UTC(2026, 0, 1)

/** Builds one tree. `entries` has all entries in the order in which they were added, the root first. */
export class TreeBuilder {
  readonly root: VerifiedEntry
  readonly entries: VerifiedEntry[] = []
  private readonly author: Identity
  private readonly known = new Map<EntryId, VerifiedEntry>()
  /** For each policy entry, the policy entries below it. */
  private readonly policiesBelow = new Map<EntryId, ReadonlySet<EntryId>>()

  constructor(options: TreeOptions = {}) {
    this.author = options.author ?? testIdentity(0)
    this.root = signRoot(this.author, {
      name: options.name ?? 'test',
      publicAccess: options.publicAccess ?? PublicAccess.WRITE,
      createdAtMs: someDay,
      nonce: seedBytes(`causeway test tree ${options.seed ?? 0}`).subarray(0, 16),
    })
    this.graft(this.root)
  }

  /** The highest of the entries added last. */
  get last(): VerifiedEntry {
    return this.entries.at(-1)!
  }

  /** Adds a child of the given entries, by default of the last one added. */
  add(parents: readonly (Entry | EntryId)[] = [this.last], addition: Addition = {}): VerifiedEntry {
    const above = [...new Set(parents.map((parent) => (typeof parent === 'string' ? parent : parent.id)))]
    const found = above.map((id) => {
      const parent = this.known.get(id)
      if (parent === undefined) throw new Error(`The parent ${id} is not in this tree.`)
      return parent
    })
    const { payload = `entry ${this.entries.length}` } = addition
    const entry = signEntry(addition.author ?? this.author, {
      tree: this.root.id,
      parents: above,
      height: 1 + Math.max(...found.map((parent) => parent.body.height)),
      createdAtMs: addition.createdAtMs ?? someDay + this.entries.length * 1000,
      policy: this.policyTips(found),
      changes: addition.changes ?? [
        {
          store: 'log',
          kind: 'add',
          payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
        },
      ],
      ...(addition.nonce === undefined ? {} : { nonce: addition.nonce }),
    })
    return this.graft(entry)
  }

  /** Adds `count` entries, each the child of the one before. */
  chain(from: Entry, count: number, addition: Addition = {}): VerifiedEntry[] {
    const added: VerifiedEntry[] = []
    for (let index = 0; index < count; index++) added.push(this.add([added.at(-1) ?? from], addition))
    return added
  }

  /** Adds an entry that was made elsewhere. */
  graft(entry: VerifiedEntry): VerifiedEntry {
    if (changesPolicy(entry)) {
      const under = entry.body.policy.flatMap((id) => [id, ...(this.policiesBelow.get(id) ?? [])])
      this.policiesBelow.set(entry.id, new Set(under))
    }
    this.known.set(entry.id, entry)
    this.entries.push(entry)
    return entry
  }

  private policyTips(parents: readonly Entry[]): EntryId[] {
    const named = new Set(
      parents.flatMap((parent) => (changesPolicy(parent) ? [parent.id] : parent.body.policy)),
    )
    // The root is below all others, and if it is the only one it is left out.
    named.delete(this.root.id)
    for (const id of [...named]) for (const below of this.policiesBelow.get(id) ?? []) named.delete(below)
    return [...named]
  }
}

function changesPolicy(entry: Entry): boolean {
  return entry.body.changes.some((change) => change.store === policyStore)
}

/** Returns the tips of a set of entries, ascending. */
export function tipsOf(entries: readonly Entry[]): EntryId[] {
  const tips = new Set(entries.map((entry) => entry.id))
  for (const entry of entries) for (const parent of entry.body.parents) tips.delete(parent)
  return [...tips].sort()
}

/** Returns the same entries in another order that keeps parents first. */
export function shuffleParentsFirst<E extends Entry>(entries: readonly E[], random: Prng): E[] {
  const children = new Map<EntryId, E[]>()
  const waiting = new Map<EntryId, number>()
  const given = new Set(entries.map((entry) => entry.id))
  const ready: E[] = []
  for (const entry of entries) {
    const parents = entry.body.parents.filter((parent) => given.has(parent))
    waiting.set(entry.id, parents.length)
    if (parents.length === 0) ready.push(entry)
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), entry])
  }
  const shuffled: E[] = []
  while (ready.length > 0) {
    const [entry] = ready.splice(below(random, ready.length), 1)
    shuffled.push(entry!)
    for (const child of children.get(entry!.id) ?? []) {
      const left = waiting.get(child.id)! - 1
      waiting.set(child.id, left)
      if (left === 0) ready.push(child)
    }
  }
  return shuffled
}

/** The shapes of trees that tests use. Counts do not include the root. */
export const shapes = {
  linear(count: number, options?: TreeOptions): VerifiedEntry[] {
    const tree = new TreeBuilder(options)
    tree.chain(tree.root, count)
    return tree.entries
  },

  /** Two children of the root by two authors, and their merge. */
  diamond(options?: TreeOptions): VerifiedEntry[] {
    const tree = new TreeBuilder(options)
    const left = tree.add([tree.root])
    const right = tree.add([tree.root], { author: testIdentity(1) })
    tree.add([left, right])
    return tree.entries
  },

  /** Two branches of `count` entries each, added alternately and never merged. */
  twoBranches(count: number, options?: TreeOptions): VerifiedEntry[] {
    const tree = new TreeBuilder(options)
    let [left, right] = [tree.root, tree.root]
    for (let index = 0; index < count; index++) {
      left = tree.add([left])
      right = tree.add([right], { author: testIdentity(1) })
    }
    return tree.entries
  },

  /** `count` children of the root, all of them tips. */
  concurrentTips(count: number, options?: TreeOptions): VerifiedEntry[] {
    const tree = new TreeBuilder(options)
    for (let index = 0; index < count; index++)
      tree.add([tree.root], { author: testIdentity(index % 8), payload: `tip ${index}` })
    return tree.entries
  },

  /** A chain of `count` entries, and a fork of one entry at height 1 that was never merged. */
  oldFork(count = 100, options?: TreeOptions): VerifiedEntry[] {
    const tree = new TreeBuilder(options)
    tree.chain(tree.root, count)
    tree.add([tree.root], { author: testIdentity(1), payload: 'the old fork' })
    return tree.entries
  },

  /** Rounds of `width` concurrent entries, each with all entries of the previous round as its parents. */
  mergeHeavy(rounds = 20, width = 4, options?: TreeOptions): VerifiedEntry[] {
    const tree = new TreeBuilder(options)
    let parents = [tree.root]
    for (let round = 0; round < rounds; round++)
      parents = Array.from({ length: width }, (_, index) =>
        tree.add(parents, { author: testIdentity(index), payload: `round ${round}` }),
      )
    return tree.entries
  },

  /** Branches of 1, 2, 3, … entries that share nothing but the root. */
  sharedRoot(branches = 8, options?: TreeOptions): VerifiedEntry[] {
    const tree = new TreeBuilder(options)
    for (let branch = 0; branch < branches; branch++)
      tree.chain(tree.root, branch + 1, { author: testIdentity(branch) })
    return tree.entries
  },

  /** `count` entries by up to 8 authors, with some `width` tips at a time, merges, and an old fork now and then. */
  random(count: number, width: number, random: Prng, options?: TreeOptions): VerifiedEntry[] {
    const tree = new TreeBuilder({ seed: below(random, 2 ** 32), ...options })
    const pick = (from: readonly VerifiedEntry[]) => from[below(random, from.length)]!
    let tips: VerifiedEntry[] = [tree.root]
    for (let index = 0; index < count; index++) {
      let parents = [pick(tips)]
      const lot = random()
      if (lot < 0.05) parents = [pick(tree.entries)]
      else if (tips.length < width && lot < 0.5) parents = [pick(tree.entries.slice(-width))]
      else if (lot < (tips.length < width ? 0.6 : 0.9))
        parents = [...new Set([pick(tips), pick(tips), pick(tips)])]
      const entry = tree.add(parents, {
        author: testIdentity(below(random, 8)),
        payload: `entry ${index} ${random()}`,
      })
      tips = [...tips.filter((tip) => !parents.includes(tip)), entry]
    }
    return tree.entries
  },
} as const

const gitShapeFile = projectFile('../shared/data/git-history-shape.jsonl.gz')

/** Why `gitShape` has no data, for the `skip` of a test. */
export const gitShapeMissing: string | false = existsSync(gitShapeFile)
  ? false
  : `the git history shape is not here (${gitShapeFile})`

/**
 * Returns the history of git itself as a tree: 81,966 entries besides the root, or the first `limit` of them, with
 * their recorded authors, times and sizes, and payloads of random bytes. Commits without parents become children of the
 * root. Returns undefined if the data is missing. Signing all of it takes about 6 s.
 */
export function gitShape(limit = Number.POSITIVE_INFINITY): VerifiedEntry[] | undefined {
  if (gitShapeMissing) return undefined
  const lines = gunzipSync(readFileSync(gitShapeFile)).toString().trimEnd().split('\n').slice(0, limit)
  const tree = new TreeBuilder({ name: 'git', publicAccess: PublicAccess.WRITE })
  const random = prng(1)
  const noise = Uint8Array.from({ length: 1 << 18 }, () => below(random, 256))
  for (const [index, line] of lines.entries()) {
    const [back, author, time, size] = JSON.parse(line) as [number[], number, number, number]
    const start = below(random, noise.length - size)
    tree.add(back.length === 0 ? [tree.root] : back.map((distance) => tree.entries[index + 1 - distance]!), {
      author: testIdentity(author),
      createdAtMs: time * 1000,
      payload: noise.subarray(start, start + size),
    })
  }
  return tree.entries
}
