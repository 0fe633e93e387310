/**
 * Requests for access that wait for an admin, and recent verdicts. There is one request for each tree and peer, however
 * often the peer asks. A request's id follows from tree, peer and permission, so an admin that approves an id approves
 * exactly what was shown under it, and the id reveals nothing about whether the tree exists.
 */
import { createHmac } from 'node:crypto'
import { Permission } from '../../gen/causeway/v1/entry_pb.ts'
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { Identity, PeerId } from '../dag/identity.ts'
import { linkKey } from '../peer/links.ts'
import type { Contribution } from '../store/contributors.ts'
import type { Database } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'

/** A peer's request for access to a tree. */
export interface AccessRequest {
  /** 32 hex digits. */
  readonly id: string
  readonly tree: TreeId
  readonly peer: PeerId
  /** The permission it asks for: READ or WRITE. */
  readonly permission: Permission
  /** The peer's message to the admins, at most `limits.accessTextBytes` bytes; may be empty. */
  readonly message: string
  /** When the peer first asked for this permission, milliseconds since 1970. */
  readonly createdAtMs: number
  /** When the peer last asked, milliseconds since 1970. */
  readonly askedAtMs: number
}

/** An admin's answer to a request. */
export interface Verdict {
  readonly id: string
  /** The permission that was requested. */
  readonly asked: Permission
  /** The permission that was granted; UNSPECIFIED means rejected. */
  readonly granted: Permission
  readonly reason: string
  readonly atMs: number
}

export type Ask = Pick<AccessRequest, 'tree' | 'peer' | 'permission' | 'message'>

const idBytes = 16

export class AccessRequests {
  private readonly requests: Records<AccessRequest>
  private readonly verdicts: Records<Verdict>
  /** One record, written in place of a request that is not kept, so that both take the same time. */
  private readonly decoys: Records<AccessRequest>
  private readonly identity: Identity
  private readonly clock: Clock

  private constructor(
    records: [Records<AccessRequest>, Records<Verdict>, Records<AccessRequest>],
    identity: Identity,
    clock: Clock,
  ) {
    ;[this.requests, this.verdicts, this.decoys] = records
    this.identity = identity
    this.clock = clock
  }

  static async open(db: Database, identity: Identity, clock: Clock): Promise<AccessRequests> {
    const records = await Promise.all([
      Records.open<AccessRequest>(db, 'requests'),
      Records.open<Verdict>(db, 'verdicts'),
      Records.open<AccessRequest>(db, 'decoys'),
    ])
    return new AccessRequests(records, identity, clock)
  }

  /** Returns the id of a request, also of one that is not kept. */
  idOf({ tree, peer, permission }: Pick<Ask, 'tree' | 'peer' | 'permission'>): string {
    const hmac = createHmac('sha256', this.identity.seed)
    hmac.update(`causeway.request.v1\0${tree}${peer}${permission}`)
    return hmac.digest('hex').slice(0, 2 * idBytes)
  }

  /** Returns the pending requests, oldest first. */
  list(): AccessRequest[] {
    return [...this.requests.values()].sort(byAge)
  }

  /** Returns the request with an id. Throws UNKNOWN_REQUEST, or ALREADY_DECIDED if it has a recent verdict. */
  expect(id: string): AccessRequest {
    for (const request of this.requests.values()) if (request.id === id) return request
    for (const verdict of this.verdicts.values())
      if (verdict.id === id)
        throw new CausewayError(
          'ALREADY_DECIDED',
          `The request ${id} was already ${verdict.granted === Permission.UNSPECIFIED ? 'rejected' : 'approved'}: change what the peer may do with \`causeway grant\` or \`causeway revoke\`.`,
          { data: { request: id } },
        )
    throw new CausewayError(
      'UNKNOWN_REQUEST',
      `No request ${id} is pending: see \`causeway requests\`, since a request for another permission has another id.`,
      { data: { request: id } },
    )
  }

  /**
   * Returns the peer's recent verdict if it also answers this request, which asks for as much or more; else undefined.
   */
  verdict({ tree, peer, permission }: Pick<Ask, 'tree' | 'peer' | 'permission'>): Verdict | undefined {
    const verdict = this.verdicts.get(linkKey(tree, peer))
    if (verdict === undefined || permission < verdict.asked) return undefined
    return this.clock.now() < verdict.atMs + limits.accessVerdictMs ? verdict : undefined
  }

  /**
   * Adds a request, or updates the one that the peer made before, which keeps its place in the list. Returns the
   * request if it is new. `isHere` returns whether there is such a tree. A request that is not kept, since there is none
   * or for lack of room, costs the same write and returns undefined; its peer will ask again.
   */
  async note(ask: Ask, isHere: () => boolean): Promise<AccessRequest | undefined> {
    const key = linkKey(ask.tree, ask.peer)
    const now = this.clock.now()
    const id = this.idOf(ask)
    const before = this.requests.get(key)
    const createdAtMs = before?.id === id ? before.createdAtMs : now
    const { tree, peer, permission, message } = ask
    const request = { id, tree, peer, permission, message, createdAtMs, askedAtMs: now }
    const room = await this.makeRoom(ask)
    if (!isHere() || (before === undefined && !room)) {
      await this.decoys.set('', request)
      return undefined
    }
    await this.requests.set(key, request)
    return before?.id === id ? undefined : request
  }

  /** Removes a request that no longer needs an answer. */
  async drop(tree: TreeId, peer: PeerId): Promise<void> {
    const key = linkKey(tree, peer)
    if (this.requests.get(key) !== undefined) await this.requests.delete([key])
  }

  /** Removes the requests for a tree, and their verdicts. */
  async removeTree(tree: TreeId): Promise<void> {
    await this.requests.deleteWhere((_, request) => request.tree === tree)
    await this.verdicts.deleteWhere((key) => key.startsWith(`${tree}:`))
  }

  /** Returns what decides a request, for another write's batch: it removes the request and stores the verdict. */
  settle(request: AccessRequest, granted: Permission, reason: string): Contribution {
    const key = linkKey(request.tree, request.peer)
    const verdict = { id: request.id, asked: request.permission, granted, reason, atMs: this.clock.now() }
    const outdated = this.outdatedVerdicts()
    return {
      operations: [
        this.requests.del(key),
        ...outdated.map((each) => this.verdicts.del(each)),
        this.verdicts.put(key, verdict),
      ],
      stored: () => {
        this.requests.forget(key)
        for (const each of outdated) this.verdicts.forget(each)
        this.verdicts.keep(key, verdict)
      },
    }
  }

  /** Writes a decision in a batch of its own. */
  write({ operations, stored }: Contribution): Promise<void> {
    return this.requests.write(operations, true, stored)
  }

  /**
   * Removes requests that were not repeated for `limits.accessRequestIdleMs`. Returns whether there is room for
   * another.
   */
  private async makeRoom({ tree, peer }: Ask): Promise<boolean> {
    const now = this.clock.now()
    const idle: string[] = []
    let [inAll, ofTree, ofPeer] = [0, 0, 0]
    for (const [key, request] of this.requests.entries()) {
      if (now - request.askedAtMs >= limits.accessRequestIdleMs) idle.push(key)
      else {
        inAll++
        if (request.tree === tree) ofTree++
        if (request.peer === peer) ofPeer++
      }
    }
    if (idle.length > 0) await this.requests.delete(idle)
    return (
      inAll < limits.accessRequests &&
      ofTree < limits.accessRequestsPerTree &&
      ofPeer < limits.accessRequestsPerPeer
    )
  }

  /**
   * Returns the keys of the verdicts to remove before one is added: the expired ones, and the oldest past the limit.
   */
  private outdatedVerdicts(): string[] {
    if (this.verdicts.size < limits.accessVerdicts) return []
    const now = this.clock.now()
    const byTime = [...this.verdicts.entries()].sort(([, a], [, b]) => a.atMs - b.atMs)
    const excess = this.verdicts.size - limits.accessVerdicts + 1
    return byTime
      .filter(([, { atMs }], index) => index < excess || now >= atMs + limits.accessVerdictMs)
      .map(([key]) => key)
  }
}

function byAge(a: AccessRequest, b: AccessRequest): number {
  return a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : 1)
}
