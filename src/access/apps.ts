/**
 * Application keys: keys of services, each with a name in the node's book and just the rights that an operator gave it.
 * The book says which trees a key is for; what it may do there is what their policies say, and nothing else. So the book
 * is written first: whatever is cut before the policies follow is completed by `add` again, or taken back by `revoke`.
 */
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { KeyedQueue } from '../base/keyed-queue.ts'
import { limits } from '../base/limits.ts'
import { type TreeId, unknownTree } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { Author } from '../store/author/author.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'
import type { DagStore } from '../store/store.ts'

/** An application key as the book has it. */
export interface App {
  readonly name: string
  readonly peer: PeerId
  /** Milliseconds since 1970. */
  readonly createdMs: number
  readonly trees: readonly TreeId[]
}

export interface AppGrant {
  readonly tree: TreeId
  readonly permission: Permission
}

/** The names of application keys. */
export class AppBook {
  private readonly records: Records<App>
  /** One change at a time, so that two do not take one name. */
  private readonly turns = new KeyedQueue<''>()

  private constructor(records: Records<App>) {
    this.records = records
  }

  static async open(db: Database): Promise<AppBook> {
    return new AppBook(await Records.open<App>(db, 'apps'))
  }

  /** Returns all of them, sorted by name. */
  list(): App[] {
    return [...this.records.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Reports whether a key is that of an application. */
  has(peer: PeerId): boolean {
    for (const app of this.records.values()) if (app.peer === peer) return true
    return false
  }

  /** Returns the key with this name. Throws UNKNOWN_PEER. */
  expect(name: string): App {
    const app = this.records.get(name)
    if (app !== undefined) return app
    throw new CausewayError('UNKNOWN_PEER', `There is no application key ${JSON.stringify(name)} here.`)
  }

  inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
    return this.turns.run('', change)
  }

  /**
   * Names a key, or adds trees to one that has the name. Throws ALREADY_EXISTS if another key has the name or the key
   * has another name, and LIMIT_EXCEEDED.
   */
  async name(name: string, peer: PeerId, trees: readonly TreeId[], nowMs: number): Promise<App> {
    const known = this.records.get(name)
    const other = this.list().find((app) => (app.name === name) !== (app.peer === peer))
    if (other !== undefined)
      throw new CausewayError(
        'ALREADY_EXISTS',
        other.name === name
          ? `There is another application key ${JSON.stringify(name)}: revoke it first, or choose another name.`
          : `The key ${peer} is the application key ${JSON.stringify(other.name)} already.`,
        { data: { name: other.name, peer: other.peer } },
      )
    if (known === undefined && this.records.size >= limits.apps)
      throw new CausewayError(
        'LIMIT_EXCEEDED',
        `A node has at most ${limits.apps} application keys: revoke some.`,
        { data: { max: limits.apps } },
      )
    const all = [...new Set([...(known?.trees ?? []), ...trees])]
    expectFew(all.length)
    const app = { name, peer, createdMs: known?.createdMs ?? nowMs, trees: all }
    await this.records.set(name, app, { sync: true })
    return app
  }

  async forget(name: string): Promise<void> {
    await this.records.delete([name])
  }

  /** Forgets that keys are for a tree. */
  async removeTree(tree: TreeId): Promise<void> {
    for (const app of this.list())
      if (app.trees.includes(tree))
        await this.records.set(app.name, { ...app, trees: app.trees.filter((each) => each !== tree) })
  }
}

export interface AppsParts {
  readonly apps: AppBook
  readonly store: DagStore
  readonly author: Author
  readonly clock: Clock
}

/**
 * Names a key and grants it these rights. Doing so again for the same key does what is left to do, and may grant more.
 * Checks everything before it changes anything: throws INVALID_ARGUMENT, LIMIT_EXCEEDED, ALREADY_EXISTS, UNKNOWN_TREE, and
 * FORBIDDEN if the node's key is no admin of one of the trees.
 */
export function addApp(
  { apps, store, author, clock }: AppsParts,
  name: string,
  peer: PeerId,
  grants: readonly AppGrant[],
): Promise<App> {
  expectFew(grants.length)
  const own = author.identity.peer
  if (peer === own)
    throw new CausewayError('INVALID_ARGUMENT', "An application needs a key of its own, not the node's.")
  const trees = grants.map(({ tree }) => tree)
  return apps.inTurn(async () => {
    for (const tree of trees) {
      const policy = await store.policy(tree)
      if (policy === undefined) throw unknownTree(tree)
      if (policy.permission(own) !== Permission.ADMIN) throw notAdmin(tree)
    }
    const app = await apps.name(name, peer, trees, clock.now())
    for (const { tree, permission } of grants) {
      const now = (await store.policy(tree))?.key(peer)
      if (now?.permission !== permission || now.revoked)
        await author.changePolicy(tree, { keys: [{ peer, permission, name }] })
    }
    return app
  })
}

/**
 * Revokes a key in the trees that it is for, and frees its name. Returns the trees whose policies this changed. Throws
 * UNKNOWN_PEER, and FORBIDDEN, after all others, if the node's key is no admin of one of them: the name then stays.
 */
export function revokeApp({ apps, store, author }: AppsParts, name: string): Promise<TreeId[]> {
  return apps.inTurn(async () => {
    const { peer, trees } = apps.expect(name)
    const changed: TreeId[] = []
    let failure: unknown
    for (const tree of trees) {
      const key = (await store.policy(tree))?.key(peer)
      if (key === undefined || key.revoked) continue
      try {
        await author.revoke(tree, peer)
        changed.push(tree)
      } catch (error) {
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    await apps.forget(name)
    return changed
  })
}

/** Returns what a key may do by name, as the policies say now. A tree that is not here, or revokes it, gives it nothing. */
export async function rightsOfApp({ store }: AppsParts, { peer, trees }: App): Promise<AppGrant[]> {
  const rights: AppGrant[] = []
  for (const tree of trees) {
    const key = (await store.policy(tree))?.key(peer)
    rights.push({ tree, permission: key?.revoked ? Permission.UNSPECIFIED : (key?.permission ?? 0) })
  }
  return rights
}

function expectFew(trees: number): void {
  if (trees > limits.appTrees)
    throw new CausewayError('LIMIT_EXCEEDED', `An application key is for at most ${limits.appTrees} trees.`, {
      data: { max: limits.appTrees },
    })
}

function notAdmin(tree: TreeId): CausewayError {
  return new CausewayError(
    'FORBIDDEN',
    "This node's key is no admin of the tree: an admin must grant the right.",
    {
      data: { tree },
    },
  )
}
