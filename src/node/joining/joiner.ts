/**
 * Requests access to the trees that this node wants to join: asks each tree's peer again, with growing pauses and
 * across restarts, until an admin decides. Usually the node first learns that access was granted by watching the tree,
 * as every link does, and reads from the tree's policy what it may do.
 */

import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { AccessAnswer } from '../../access/desk.ts'
import type { Join, Joins } from '../../access/joins.ts'
import { backoffMs } from '../../base/backoff.ts'
import { type Clock, cancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { KeyedQueue } from '../../base/keyed-queue.ts'
import { limits } from '../../base/limits.ts'
import { Slots } from '../../base/slots.ts'
import { changesPolicy, type VerifiedEntry } from '../../dag/entry.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Dispatcher } from '../../dispatcher/dispatcher.ts'
import { type Links, linkKey } from '../../peer/links.ts'
import type { DagStore } from '../../store/store.ts'

/** A join without its answer: the tree, the peer to ask, and the permission to ask for. */
export type NewJoin = Omit<Join, 'status' | 'request' | 'reason'>

/** How a join stands: the last answer of the peer that this node asks for access. */
export interface JoinStanding {
  readonly tree: TreeId
  readonly peer: PeerId
  readonly status: 'granted' | 'pending' | 'rejected'
  /** The request's id at the peer, 32 hex digits; empty if none was needed or the peer was not reached yet. */
  readonly request: string
  /** The permission that was granted, or the one that is requested. */
  readonly permission: Permission
  /** The reason that the admin or the peer gave; may be empty. */
  readonly reason: string
  /** Why the peer could not be asked; absent if it was. */
  readonly error?: CausewayError
}

export interface JoinerParts {
  readonly store: DagStore
  readonly links: Links
  readonly joins: Joins
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  /** Requests access from the peer of a join. */
  ask(join: NewJoin, signal: AbortSignal): Promise<AccessAnswer>
  /** Returns what this node may do in a tree by the policy that it has. */
  permission(tree: TreeId): Promise<Permission>
  /** Called when the standing of a join changes. */
  readonly onChange: (standing: JoinStanding) => void
}

const backoff = { baseMs: limits.joinBackoffBaseMs, capMs: limits.joinBackoffCapMs }

export class Joiner {
  private readonly parts: JoinerParts
  private readonly queue = new KeyedQueue<string>()
  private readonly slots = new Slots(limits.redialsAtOnce)
  private readonly timers = new Map<string, () => void>()
  private readonly attempts = new Map<string, number>()
  private readonly errors = new Map<string, CausewayError>()
  /** The last standing that was reported for each pending join, as text to compare. */
  private readonly lastNotices = new Map<string, string>()
  private readonly stop = new AbortController()
  private running = false

  constructor(parts: JoinerParts) {
    this.parts = parts
    const unsubscribe = parts.store.subscribe((tree, added) => this.onEntries(tree, added))
    this.stop.signal.addEventListener('abort', unsubscribe)
  }

  /** Starts asking in the background. Idempotent. */
  start(): void {
    if (this.running || this.stop.signal.aborted) return
    this.running = true
    for (const join of this.parts.joins.list()) this.askSoon(join, 0)
  }

  /**
   * Stores a join, links its tree, and asks immediately. Returns how it stands. A peer that cannot be reached is not an
   * error: the join stays pending. Throws LIMIT_EXCEEDED past `limits.joins` or `limits.links`.
   */
  async join(join: NewJoin): Promise<JoinStanding> {
    const { joins, dispatcher } = this.parts
    await joins.set({ ...join, status: 'pending', request: '', reason: '' })
    await dispatcher.link(join.tree, join.peer)
    this.attempts.delete(linkKey(join.tree, join.peer))
    return (await this.ask(join)) ?? standingOf({ ...join, ...unlinkAnswer })
  }

  /** Returns why a link has to wait, ACCESS_PENDING or ACCESS_REJECTED, or undefined if it belongs to no join. */
  waitReason(tree: TreeId, peer: PeerId): CausewayError | undefined {
    const join = this.parts.joins.get(tree, peer)
    if (join === undefined) return undefined
    const { request, reason } = join
    const because = reason === '' ? '' : ` ${reason}`
    const data = { tree, peer, request }
    if (join.status === 'rejected')
      return new CausewayError(
        'ACCESS_REJECTED',
        `An admin rejected the request ${request}: run \`causeway join\` to ask again.${because}`,
        { data },
      )
    if (request === '')
      return new CausewayError(
        'ACCESS_PENDING',
        'The peer has not been asked for access yet: `causeway serve` asks as soon as it can be reached.',
        { data },
      )
    return new CausewayError(
      'ACCESS_PENDING',
      `The request ${request} waits for an admin to approve or reject it.${because}`,
      { data },
    )
  }

  /** Called when a peer can be reached. Asks it now if it could not be asked before. */
  onContact(peer: PeerId): void {
    if (!this.running) return
    for (const join of this.parts.joins.list())
      if (join.peer === peer && this.errors.has(linkKey(join.tree, peer))) this.askSoon(join, 0)
  }

  async close(): Promise<void> {
    this.stop.abort(new CausewayError('CLOSED', 'The node is closing.'))
    for (const cancel of this.timers.values()) cancel()
    await this.queue.idle()
  }

  /** Asks once and returns how the join stands, or undefined if there is no such join or link any more. */
  private ask({ tree, peer }: Pick<Join, 'tree' | 'peer'>): Promise<JoinStanding | undefined> {
    const key = linkKey(tree, peer)
    return this.queue.run(key, async () => {
      this.timers.get(key)?.()
      this.timers.delete(key)
      const { joins, links } = this.parts
      const join = joins.get(tree, peer)
      if (join === undefined || this.stop.signal.aborted) return undefined
      // Removing the link also ends the join.
      if (links.get(tree, peer) === undefined) {
        await this.forget(join)
        return undefined
      }
      const standing = await this.askNow(join)
      if (standing.status === 'pending') this.askSoon(join)
      this.notify(standing)
      return standing
    })
  }

  private async askNow(join: Join): Promise<JoinStanding> {
    const { joins } = this.parts
    const key = linkKey(join.tree, join.peer)
    this.attempts.set(key, (this.attempts.get(key) ?? 0) + 1)
    try {
      using _slot = await this.slots.take(this.stop.signal)
      const { status, request, permission, reason } = await this.parts.ask(join, this.stop.signal)
      this.errors.delete(key)
      if (status === 'granted') {
        await this.onGranted(join)
        return { ...standingOf(join), status, request, permission, reason }
      }
      const update = { ...join, status, request, reason }
      if (update.status !== join.status || update.request !== join.request || update.reason !== join.reason)
        await joins.set(update)
      this.parts.dispatcher.waitReasonChanged(join.tree, join.peer)
      return standingOf(update)
    } catch (thrown) {
      const error = this.stop.signal.aborted ? cancelled(this.stop.signal) : CausewayError.from(thrown)
      this.errors.set(key, error)
      return { ...standingOf(join), error }
    }
  }

  /** Removes the join; its link syncs from now on. */
  private async onGranted(join: Join): Promise<void> {
    await this.forget(join)
    this.parts.dispatcher.peerContacted(join.peer, join.tree)
  }

  private async forget(join: Join): Promise<void> {
    await this.parts.joins.remove(join)
    for (const kept of [this.attempts, this.errors, this.lastNotices])
      kept.delete(linkKey(join.tree, join.peer))
  }

  /** Asks after `delayMs` milliseconds, by default after a pause that grows with the attempts. */
  private askSoon(join: Join, delayMs?: number): void {
    if (!this.running || join.status === 'rejected' || this.stop.signal.aborted) return
    const key = linkKey(join.tree, join.peer)
    const { clock } = this.parts
    this.timers.get(key)?.()
    const waitMs = delayMs ?? backoffMs(this.attempts.get(key) ?? 1, clock.random(), backoff)
    this.timers.set(
      key,
      clock.setTimer(waitMs, () => void this.ask(join)),
    )
  }

  /** Reports a standing, unless it is the same as the last one. */
  private notify(standing: JoinStanding): void {
    const key = linkKey(standing.tree, standing.peer)
    const { status, request, permission, reason, error } = standing
    const text = JSON.stringify([status, request, permission, reason, error?.code])
    if (this.lastNotices.get(key) === text) return
    if (status === 'pending') this.lastNotices.set(key, text)
    else this.lastNotices.delete(key)
    this.parts.onChange(standing)
  }

  /**
   * Checks whether a new policy entry grants this node access. If it grants less than was requested, asks again now.
   */
  private onEntries(tree: TreeId, added: readonly VerifiedEntry[]): void {
    const waiting = this.parts.joins.list().filter((join) => join.tree === tree)
    if (waiting.length === 0 || !added.some(changesPolicy)) return
    for (const join of waiting)
      void this.queue.run(linkKey(tree, join.peer), async () => {
        const permission = await this.parts.permission(tree)
        if (this.parts.joins.get(tree, join.peer) === undefined || permission === Permission.UNSPECIFIED)
          return
        if (permission < join.permission) return this.askSoon(join, 0)
        await this.onGranted(join)
        this.notify({ ...standingOf(join), status: 'granted', permission, reason: '' })
      })
  }
}

const unlinkAnswer = { status: 'rejected', request: '', reason: 'The link was removed.' } as const

function standingOf({ tree, peer, status, request, permission, reason }: Join): JoinStanding {
  return { tree, peer, status, request, permission, reason }
}
