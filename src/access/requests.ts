/**
 * Requests for access that wait for an admin, and what was answered lately. One request for each tree and peer: asked
 * again it is the same one. Its id follows from tree, peer and permission, so whoever approves an id approves what was
 * seen under it, and the id that is told to a stranger says nothing about whether there is such a tree.
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

export interface AccessRequest {
  /** 32 hex digits. */
  readonly id: string
  readonly tree: TreeId
  readonly peer: PeerId
  /** READ or WRITE. */
  readonly permission: Permission
  /** Of who asks, to the admins. */
  readonly message: string
  /** When it was first asked for this permission, milliseconds since 1970. */
  readonly createdAtMs: number
  /** When it was last asked. */
  readonly askedAtMs: number
}

/** What was answered to a request. */
export interface Verdict {
  readonly id: string
  readonly asked: Permission
  /** UNSPECIFIED: rejected. */
  readonly granted: Permission
  readonly reason: string
  readonly atMs: number
}

export type Ask = Pick<AccessRequest, 'tree' | 'peer' | 'permission' | 'message'>

const idBytes = 16

export class AccessRequests {
  private readonly requests: Records<AccessRequest>
  private readonly verdicts: Records<Verdict>
  /** One record, written in place of a request where none is kept: both take the same time. */
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

  /** The id of a request, also of one that is not kept. */
  idOf({ tree, peer, permission }: Pick<Ask, 'tree' | 'peer' | 'permission'>): string {
    const hmac = createHmac('sha256', this.identity.seed)
    hmac.update(`causeway.request.v1\0${tree}${peer}${permission}`)
    return hmac.digest('hex').slice(0, 2 * idBytes)
  }

  /** The oldest first. */
  list(): AccessRequest[] {
    return [...this.requests.values()].sort(byAge)
  }

  /** The request of that id. UNKNOWN_REQUEST; ALREADY_DECIDED where it was answered lately. */
  expect(id: string): AccessRequest {
    for (const request of this.requests.values()) if (request.id === id) return request
    for (const verdict of this.verdicts.values())
      if (verdict.id === id)
        throw new CausewayError(
          'ALREADY_DECIDED',
          `The request ${id} was ${verdict.granted === Permission.UNSPECIFIED ? 'rejected' : 'approved'} before; \`causeway grant\` and \`causeway revoke\` change what a key may do.`,
          { data: { request: id } },
        )
    throw new CausewayError(
      'UNKNOWN_REQUEST',
      `No request ${id} waits here. One that now asks for something else has another id: \`causeway requests\` lists them.`,
      { data: { request: id } },
    )
  }

  /** What was answered to a peer lately, where that also answers this request: it asks for as much, or for more. */
  verdict({ tree, peer, permission }: Pick<Ask, 'tree' | 'peer' | 'permission'>): Verdict | undefined {
    const verdict = this.verdicts.get(linkKey(tree, peer))
    if (verdict === undefined || permission < verdict.asked) return undefined
    return this.clock.now() < verdict.atMs + limits.accessVerdictMs ? verdict : undefined
  }

  /**
   * Notes a request; asked again, it keeps its place. `keep`: false where there is no such tree. What is not kept, for
   * that or for want of room, is answered alike and costs the same write; so its peer will ask again. Whether it is new.
   */
  async note(ask: Ask, keep: boolean): Promise<AccessRequest | undefined> {
    const key = linkKey(ask.tree, ask.peer)
    const now = this.clock.now()
    const id = this.idOf(ask)
    const before = this.requests.get(key)
    const createdAtMs = before?.id === id ? before.createdAtMs : now
    const { tree, peer, permission, message } = ask
    const request = { id, tree, peer, permission, message, createdAtMs, askedAtMs: now }
    const room = await this.makeRoom(ask)
    if (!keep || (before === undefined && !room)) {
      await this.decoys.set('', request)
      return undefined
    }
    await this.requests.set(key, request)
    return before?.id === id ? undefined : request
  }

  /** Forgets a request that needs no answer any more. */
  async drop(tree: TreeId, peer: PeerId): Promise<void> {
    const key = linkKey(tree, peer)
    if (this.requests.get(key) !== undefined) await this.requests.delete([key])
  }

  /** Answers a request, as part of somebody's batch. */
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

  /** Writes a settlement by itself. */
  write({ operations, stored }: Contribution): Promise<void> {
    return this.requests.write(operations, true, stored)
  }

  /** Whether there is room for another request; of those that nobody asks for any more the list is cleared. */
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

  /** The keys of verdicts to forget before another is added: those that do not stand any more, and the oldest. */
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
