/**
 * Trees whose policy is as expensive to judge as its bounds allow, each with probes: entries of every day's size that
 * stand on that policy, each at a point of its own. `policy.ts` measures what a store spends on them.
 */
import { create } from '@bufbuild/protobuf'
import { Permission, type PolicyKey, PolicyKeySchema, PublicAccess } from '../gen/causeway/v1/entry_pb.ts'
import { policyStore, signEntry, signRoot, type VerifiedEntry } from '../src/dag/entry.ts'
import { hexToBytes } from '../src/dag/hex.ts'
import type { Identity } from '../src/dag/identity.ts'
import { encodePolicyChange } from '../src/dag/policy/change.ts'
import { below, type Prng, prng, testIdentity } from '../test/kit/entries.ts'

/** How large the shapes are. */
export interface Size {
  /** Policy entries below a probe. */
  readonly entries: number
  /** Revocations among them. */
  readonly revocations: number
  /** Policy entries that one entry names. */
  readonly heads: number
  /** Links between policy entries below a probe. */
  readonly links: number
  readonly probes: number
}

/** A tree, parents first, and the entries that are measured on it. */
export interface Shape {
  readonly name: string
  readonly entries: readonly VerifiedEntry[]
  readonly probes: readonly VerifiedEntry[]
}

const root = testIdentity(0)
const stranger = testIdentity(1)

/** Makes the entries of one tree. */
class Grower {
  readonly entries: VerifiedEntry[] = []
  readonly probes: VerifiedEntry[] = []
  readonly root: VerifiedEntry
  private made = 0

  constructor() {
    const nonce = new Uint8Array(16)
    this.root = signRoot(root, { name: 'policy', publicAccess: PublicAccess.WRITE, createdAtMs: 0, nonce })
    this.entries.push(this.root)
  }

  /** Adds a policy entry on policy entries of which none is below another. */
  change(author: Identity, on: readonly VerifiedEntry[], keys: readonly PolicyKey[]): VerifiedEntry {
    const payload = encodePolicyChange({
      treeName: '',
      publicAccess: PublicAccess.UNSPECIFIED,
      keys: [...keys],
    })
    const entry = this.sign(author, on, { store: policyStore, kind: '', payload })
    this.entries.push(entry)
    return entry
  }

  /** Adds a plain entry that is measured. */
  probe(author: Identity, on: readonly VerifiedEntry[]): void {
    this.probes.push(this.sign(author, on, { store: 'log', kind: '', payload: new Uint8Array(8) }))
  }

  private sign(
    author: Identity,
    on: readonly VerifiedEntry[],
    change: { store: string; kind: string; payload: Uint8Array },
  ): VerifiedEntry {
    const names = new Set(
      on.flatMap(({ id, body }) => (body.changes[0]!.store === policyStore ? [id] : body.policy)),
    )
    names.delete(this.root.id)
    return signEntry(author, {
      tree: this.root.id,
      parents: [...new Set(on.map(({ id }) => id))],
      policy: [...names],
      height: 1 + Math.max(...on.map(({ body }) => body.height)),
      createdAtMs: this.made++,
      changes: [change],
    })
  }

  shape(name: string): Shape {
    return { name, entries: this.entries, probes: this.probes }
  }
}

function key({ peer }: Identity, permission: Permission): PolicyKey {
  return create(PolicyKeySchema, { peer: hexToBytes(peer), permission })
}

function revoked({ peer }: Identity): PolicyKey {
  return create(PolicyKeySchema, { peer: hexToBytes(peer), revoked: true })
}

function pick<T>(from: readonly T[], count: number, random: Prng): T[] {
  const picked = new Set<T>()
  while (picked.size < Math.min(count, from.length)) picked.add(from[below(random, from.length)]!)
  return [...picked]
}

const { ADMIN, WRITE } = Permission
/** Keys beyond those that strangers and the root have. */
const admins = (count: number) => Array.from({ length: count }, (_, index) => testIdentity(index + 2))

function chainBesideRevocation({ entries, probes }: Size): Shape {
  const grower = new Grower()
  const [ada] = admins(1) as [Identity]
  const granted = grower.change(root, [grower.root], [key(ada, ADMIN)])
  const revocation = grower.change(root, [granted], [revoked(ada)])
  const chain = [granted]
  while (grower.entries.length < entries)
    chain.push(grower.change(ada, [chain.at(-1)!], [key(stranger, WRITE)]))
  for (let index = 0; index < probes; index++)
    grower.probe(root, [chain.at(-1 - (index % (chain.length - 1)))!, revocation])
  return grower.shape('a chain beside its revocation')
}

function changesOnBoth({ entries, probes }: Size): Shape {
  const grower = new Grower()
  const [ada, ben] = admins(2) as [Identity, Identity]
  const granted = grower.change(root, [grower.root], [key(ada, ADMIN), key(ben, ADMIN)])
  const revocation = grower.change(root, [granted], [revoked(ada)])
  const chain = [granted]
  while (grower.entries.length < entries - probes)
    chain.push(grower.change(ada, [chain.at(-1)!], [key(stranger, WRITE)]))
  let last = grower.change(ben, [chain[1]!, revocation], [key(stranger, WRITE)])
  for (let index = 0; index < probes - 1; index++) {
    const on = [last, chain[Math.min(index + 2, chain.length - 1)]!]
    last = grower.change(ben, on, [key(stranger, WRITE)])
    grower.probes.push(grower.entries.pop()!)
  }
  return grower.shape('changes that stand on a chain and its revocation')
}

function chainsAndRevocations({ entries, revocations, heads, probes }: Size): Shape {
  const grower = new Grower()
  const random = prng(2)
  const team = admins(heads / 2)
  const granted = grower.change(
    root,
    [grower.root],
    team.map((each) => key(each, ADMIN)),
  )
  const all = Array.from({ length: revocations }, (_, index) =>
    grower.change(root, [granted], [revoked(team[index % team.length]!)]),
  )
  const chains = team.map(() => [granted])
  while (grower.entries.length < entries) {
    const index = grower.entries.length % team.length
    chains[index]!.push(grower.change(team[index]!, [chains[index]!.at(-1)!], [key(stranger, WRITE)]))
  }
  for (let index = 0; index < probes; index++) {
    const tips = chains.map((chain) => chain.at(-1 - below(random, Math.min(8, chain.length - 1)))!)
    grower.probe(root, [...tips, ...pick(all, heads / 2, random)])
  }
  return grower.shape('many revocations beside many chains')
}

function forks({ entries, heads, probes }: Size): Shape {
  const grower = new Grower()
  const random = prng(3)
  const [ada] = admins(1) as [Identity]
  const granted = grower.change(root, [grower.root], [key(ada, ADMIN)])
  const revocation = grower.change(root, [granted], [revoked(ada)])
  // Layers of siblings, each on all of a few before, so that many are below one probe.
  let layer = [granted]
  const wide: VerifiedEntry[] = []
  while (grower.entries.length < entries) {
    const next = Array.from({ length: Math.min(heads * 8, entries - grower.entries.length) }, () =>
      grower.change(ada, layer, [key(stranger, WRITE)]),
    )
    wide.splice(0, wide.length, ...next)
    layer = next.slice(0, 3)
  }
  for (let index = 0; index < probes; index++)
    grower.probe(root, [...pick(wide, heads - 1, random), revocation])
  return grower.shape('wide forks')
}

function ladder({ entries, probes }: Size): Shape {
  const grower = new Grower()
  const [ada, ben] = admins(2) as [Identity, Identity]
  const granted = grower.change(root, [grower.root], [key(ada, ADMIN), key(ben, ADMIN)])
  const revocation = grower.change(root, [granted], [revoked(ada)])
  const rungs: VerifiedEntry[][] = [[granted]]
  while (grower.entries.length < entries - 1) {
    const on = rungs.at(-1)!
    const rung = [ada, ben].map((author) => grower.change(author, on, [key(stranger, WRITE)]))
    rungs.push(rung)
  }
  for (let index = 0; index < probes; index++)
    grower.probe(root, [...rungs.at(-1 - (index % (rungs.length - 1)))!, revocation])
  return grower.shape('a ladder with two parents')
}

function manyNamed({ entries, heads, links, probes }: Size): Shape {
  const grower = new Grower()
  const random = prng(4)
  const [ada] = admins(1) as [Identity]
  const granted = grower.change(root, [grower.root], [key(ada, ADMIN)])
  const revocation = grower.change(root, [granted], [revoked(ada)])
  let layer = [granted]
  let left = links - entries
  const wide = () => Array.from({ length: heads }, () => grower.change(ada, layer, [key(stranger, WRITE)]))
  layer = wide()
  while (left > heads * heads * 2 && grower.entries.length < entries / 2) {
    left -= heads * layer.length
    layer = wide()
  }
  const chains = layer.map((each) => [each])
  while (grower.entries.length < entries) {
    const chain = chains[grower.entries.length % chains.length]!
    chain.push(grower.change(ada, [chain.at(-1)!], [key(stranger, WRITE)]))
  }
  for (let index = 0; index < probes; index++) {
    const tips = chains.slice(1).map((chain) => chain.at(-1 - below(random, Math.min(4, chain.length)))!)
    grower.probe(root, [...tips, revocation])
  }
  return grower.shape('entries that stand on many policy entries')
}

function alternating({ entries, probes }: Size): Shape {
  const grower = new Grower()
  const [ada, ben, cy] = admins(3) as [Identity, Identity, Identity]
  const granted = grower.change(root, [grower.root], [key(ada, ADMIN), key(ben, ADMIN)])
  const revocation = grower.change(root, [granted], [revoked(ada)])
  const chain = [granted]
  for (let index = 0; grower.entries.length < entries; index++) {
    const [author, change] = [
      [ada, key(cy, ADMIN)],
      [cy, key(stranger, WRITE)],
      [ben, key(cy, WRITE)],
    ][index % 3]! as [Identity, PolicyKey]
    chain.push(grower.change(author, [chain.at(-1)!], [change]))
  }
  for (let index = 0; index < probes; index++)
    grower.probe(root, [chain.at(-1 - (index % (chain.length - 1)))!, revocation])
  return grower.shape('grants that are given and taken in turns')
}

function revokersRevoked({ entries, revocations, heads, probes }: Size): Shape {
  const grower = new Grower()
  const random = prng(5)
  const line = admins(revocations)
  // A line of admins, each granted by the one before, and each revoked by that one too, beside everything else.
  const chain = [grower.change(root, [grower.root], [key(line[0]!, ADMIN)])]
  const all: VerifiedEntry[] = []
  for (let index = 1; index < line.length; index++) {
    const on = [chain.at(-1)!]
    chain.push(grower.change(line[index - 1]!, on, [key(line[index]!, ADMIN)]))
    all.push(grower.change(line[index - 1]!, [chain.at(-1)!], [revoked(line[index]!)]))
  }
  while (grower.entries.length < entries)
    chain.push(
      grower.change(
        line[grower.entries.length % line.length]!,
        [chain.at(-1)!],
        [key(line[grower.entries.length % 7]!, ADMIN)],
      ),
    )
  for (let index = 0; index < probes; index++)
    grower.probe(root, [chain.at(-1 - below(random, 16))!, ...pick(all, heads - 1, random)])
  return grower.shape('revocations of those who revoke')
}

function manyHeads({ entries, revocations, heads, probes }: Size): Shape {
  const grower = new Grower()
  const random = prng(6)
  const [ada] = admins(1) as [Identity]
  const granted = grower.change(root, [grower.root], [key(ada, ADMIN)])
  const all = Array.from({ length: revocations }, () => grower.change(root, [granted], [revoked(ada)]))
  let tip = granted
  while (grower.entries.length < entries) tip = grower.change(ada, [tip], [key(stranger, WRITE)])
  for (let index = 0; index < probes; index++) grower.probe(root, [tip, ...pick(all, heads - 1, random)])
  return grower.shape('points with many heads, each another choice of revocations')
}

function longLine({ entries, revocations, heads, probes }: Size): Shape {
  const grower = new Grower()
  const random = prng(7)
  const line = admins(entries - revocations)
  let tip = grower.change(root, [grower.root], [key(line[0]!, ADMIN)])
  const first = tip
  // Each admin is granted by the one before, so there is a level for each.
  for (let index = 1; index < line.length - 1; index++)
    tip = grower.change(line[index - 1]!, [tip], [key(line[index]!, ADMIN)])
  const late = line.slice(-revocations / 2 - 2, -2)
  const all = Array.from({ length: revocations }, (_, index) =>
    grower.change(root, [first], [revoked(late[index % late.length]!)]),
  )
  for (let index = 0; index < probes; index++) grower.probe(root, [tip, ...pick(all, heads - 1, random)])
  return grower.shape('a line of admins, the last ones revoked')
}

function honest({ probes }: Size): Shape {
  const grower = new Grower()
  const members = admins(200)
  let last = grower.root
  for (const [index, member] of members.entries()) {
    last = grower.change(root, [last], [key(member, index < 3 ? ADMIN : WRITE)])
    if (index % 20 === 19) last = grower.change(root, [last], [revoked(member)])
  }
  for (let index = 0; index < probes; index++)
    grower.probe(members[index % 19]!, [grower.probes.at(-1) ?? last])
  return grower.shape('honest: 200 members, admitted in a line')
}

export const shapes: readonly ((size: Size) => Shape)[] = [
  chainBesideRevocation,
  changesOnBoth,
  chainsAndRevocations,
  forks,
  ladder,
  manyNamed,
  alternating,
  revokersRevoked,
  manyHeads,
  longLine,
  honest,
]
