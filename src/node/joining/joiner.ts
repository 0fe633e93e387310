/**
 * Gets this node into the trees that it wants to join: asks their peers, again and again with growing pauses and over
 * restarts, until one has decided. That it was let in, a node mostly hears first by watching the tree, as every link
 * does; what it may do then, it reads in the policy that comes with the tree.
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
import { policyStore, type VerifiedEntry } from '../../dag/entry.ts'
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Dispatcher } from '../../dispatcher/dispatcher.ts'
import { type Links, linkKey } from '../../peer/links.ts'
import type { DagStore } from '../../store/store.ts'

/** What is wanted. */
export type Wish = Omit<Join, 'status' | 'request' | 'reason'>

/** How a wish stands. */
export interface JoinStanding {
  readonly tree: TreeId
  readonly peer: PeerId
  readonly status: 'granted' | 'pending' | 'rejected'
  /** The request's id at the peer, hex; '' where none was needed, or while the peer was not reached. */
  readonly request: string
  /** Granted: for what; else what is asked for. */
  readonly permission: Permission
  readonly reason: string
  /** Why the peer could not be asked. */
  readonly error?: CausewayError
}

export interface JoinerParts {
  readonly store: DagStore
  readonly links: Links
  readonly joins: Joins
  readonly clock: Clock
  readonly dispatcher: Dispatcher
  /** Asks a peer. */
  ask(wish: Wish, signal: AbortSignal): Promise<AccessAnswer>
  /** What this node may do in a tree, by the policy that it has. */
  permission(tree: TreeId): Promise<Permission>
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
  /** What was last told of those that wait. */
  private readonly lastNotices = new Map<string, string>()
  private readonly stop = new AbortController()
  private running = false

  constructor(parts: JoinerParts) {
    this.parts = parts
    const unsubscribe = parts.store.subscribe((tree, added) => this.onEntries(tree, added))
    this.stop.signal.addEventListener('abort', unsubscribe)
  }

  /** Asks by itself from now on. Idempotent. */
  start(): void {
    if (this.running || this.stop.signal.aborted) return
    this.running = true
    for (const join of this.parts.joins.list()) this.askSoon(join, 0)
  }

  /** Notes the wish, links the tree, and asks at once. A peer that cannot be reached is no error: it stays noted. */
  async join(wish: Wish): Promise<JoinStanding> {
    const { joins, dispatcher } = this.parts
    await joins.set({ ...wish, status: 'pending', request: '', reason: '' })
    await dispatcher.link(wish.tree, wish.peer)
    this.attempts.delete(linkKey(wish.tree, wish.peer))
    return (await this.ask(wish)) ?? standingOf({ ...wish, ...unlinkAnswer })
  }

  /** Why a link that goes nowhere has to wait: ACCESS_PENDING or ACCESS_REJECTED; undefined where it is for no join. */
  waitReason(tree: TreeId, peer: PeerId): CausewayError | undefined {
    const join = this.parts.joins.get(tree, peer)
    if (join === undefined) return undefined
    const { request, reason } = join
    const because = reason === '' ? '' : ` ${reason}`
    const data = { tree, peer, request }
    if (join.status === 'rejected')
      return new CausewayError('ACCESS_REJECTED', `An admin has refused to let this node in.${because}`, {
        data,
      })
    if (request === '')
      return new CausewayError('ACCESS_PENDING', 'The peer is still to be asked to let this node in.', {
        data,
      })
    return new CausewayError('ACCESS_PENDING', `The request ${request} waits for an admin.${because}`, {
      data,
    })
  }

  /** The peer is there: it is worth asking now. */
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

  /** Asks once; undefined where nothing is wanted any more. */
  private ask({ tree, peer }: Pick<Join, 'tree' | 'peer'>): Promise<JoinStanding | undefined> {
    const key = linkKey(tree, peer)
    return this.queue.run(key, async () => {
      this.timers.get(key)?.()
      this.timers.delete(key)
      const { joins, links } = this.parts
      const join = joins.get(tree, peer)
      if (join === undefined || this.stop.signal.aborted) return undefined
      // Whoever ends the link does not want in any more.
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
      this.parts.dispatcher.explain(join.tree, join.peer)
      return standingOf(update)
    } catch (thrown) {
      const error = this.stop.signal.aborted ? cancelled(this.stop.signal) : CausewayError.from(thrown)
      this.errors.set(key, error)
      return { ...standingOf(join), error }
    }
  }

  /** The link goes on by itself. */
  private async onGranted(join: Join): Promise<void> {
    await this.forget(join)
    this.parts.dispatcher.contacted(join.peer, join.tree)
  }

  private async forget(join: Join): Promise<void> {
    await this.parts.joins.remove(join)
    for (const kept of [this.attempts, this.errors, this.lastNotices])
      kept.delete(linkKey(join.tree, join.peer))
  }

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

  /** Tells what is new: that the same answer came again is not. */
  private notify(standing: JoinStanding): void {
    const key = linkKey(standing.tree, standing.peer)
    const { status, request, permission, reason, error } = standing
    const text = JSON.stringify([status, request, permission, reason, error?.code])
    if (this.lastNotices.get(key) === text) return
    if (status === 'pending') this.lastNotices.set(key, text)
    else this.lastNotices.delete(key)
    this.parts.onChange(standing)
  }

  /** What came may say that this node is let in, or with less than it asked for. */
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

const unlinkAnswer = { status: 'rejected', request: '', reason: 'The link was ended.' } as const

function standingOf({ tree, peer, status, request, permission, reason }: Join): JoinStanding {
  return { tree, peer, status, request, permission, reason }
}

function changesPolicy({ body }: VerifiedEntry): boolean {
  return body.changes.some(({ store }) => store === policyStore)
}
