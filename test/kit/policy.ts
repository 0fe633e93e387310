/** Changes of a tree's policy for tests, and a policy that accepts entries without a store. */
import { create } from '@bufbuild/protobuf'
import { Permission, PolicyKeySchema, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { Change } from '../../src/dag/body.ts'
import { type Entry, policyStore } from '../../src/dag/entry.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { type EntryId, idToBytes } from '../../src/dag/id.ts'
import type { Identity, PeerId } from '../../src/dag/identity.ts'
import { encodePolicyChange } from '../../src/dag/policy/change.ts'
import type { Holding } from '../../src/dag/policy/levels.ts'
import { TreePolicy } from '../../src/dag/policy/tree-policy.ts'

type Key = Parameters<typeof encodePolicyChange>[0]['keys'][number]

export const { READ: read, WRITE: write, ADMIN: admin, UNSPECIFIED: nothing } = Permission

export function grant({ peer }: Identity, permission: Permission, name = ''): Key {
  return create(PolicyKeySchema, { peer: hexToBytes(peer), permission, name })
}

/** Revokes a key. `last` are its last accepted entries, which stay valid with their ancestors. */
export function revoke({ peer }: Identity, ...last: (Entry | EntryId)[]): Key {
  const ids = last.map((entry) => (typeof entry === 'string' ? entry : entry.id)).sort()
  return create(PolicyKeySchema, { peer: hexToBytes(peer), revoked: true, lastAccepted: ids.map(idToBytes) })
}

/** Returns the changes of an entry that sets these keys, and public access if given. */
export function policyChange(keys: readonly Key[], publicAccess = PublicAccess.UNSPECIFIED): Change[] {
  const payload = encodePolicyChange({ treeName: '', publicAccess, keys: [...keys] })
  return [{ store: policyStore, kind: '', payload }]
}

/** A tree's policy with its entries in memory. */
export class LoosePolicy {
  readonly policy = new TreePolicy()
  private readonly places = new Map<EntryId, { author: PeerId; point: number; after: number; entry: Entry }>()

  /** Adds an entry, or throws the reason why it is refused. */
  take(entry: Entry): void {
    const { body, id } = entry
    const point =
      body.parents.length === 0
        ? 0
        : this.policy.check(
            entry,
            body.parents.map((at) => this.places.get(at)),
          )
    const after = this.policy.enter(entry, point, (at) => this.places.get(at))
    this.places.set(id, { author: body.author, point, after, entry })
  }

  /** Returns the ids of the void entries, ascending, by walking the DAG itself. */
  voids(): EntryId[] {
    const whole = this.policy.whole()
    const standing = new Map<Holding, Set<EntryId>>()
    for (const holding of [...whole.holdings.values()].flat()) {
      const stands = new Set<EntryId>()
      standing.set(holding, stands)
      const open = [...holding.revocation.lastAccepted]
      for (let id = open.pop(); id !== undefined; id = open.pop())
        if (!stands.has(id)) {
          stands.add(id)
          open.push(...this.places.get(id)!.entry.body.parents)
        }
    }
    return [...this.places]
      .filter(([id, { point, author }]) =>
        this.policy.isVoid(point, author, this.policy.graph.find(id), (holding) =>
          standing.get(holding)!.has(id),
        ),
      )
      .map(([id]) => id)
      .sort()
  }

  can(peer: Identity | undefined): Permission {
    return this.policy.whole().state.permission(peer?.peer)
  }
}
