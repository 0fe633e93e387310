/** The sessions that a node runs when somebody asks for one, each on a connection of its own. */
import type { Clock } from './clock.ts'
import type { TreeId } from './dag/id.ts'
import type { Dialler } from './dialler.ts'
import { CausewayError } from './errors.ts'
import { limits } from './limits.ts'
import type { SyncOptions } from './options.ts'
import type { LastEqual } from './peer/last-equal.ts'
import { isTicket, parseTicket } from './peer/ticket.ts'
import type { SyncResult } from './rpc/node-service.ts'
import type { DagStore } from './store/store.ts'
import type { Ingest } from './sync/ingest.ts'
import { runSession } from './sync/session.ts'

export interface SessionsParts {
  readonly store: DagStore
  readonly ingest: Ingest
  readonly clock: Clock
  readonly lastEqual: LastEqual
  readonly dialler: Dialler
  /** Told of each session that ended well. */
  readonly onResult: (result: SyncResult) => void
}

export class Sessions {
  private readonly parts: SessionsParts
  private readonly underWay = new Set<Promise<SyncResult>>()

  constructor(parts: SessionsParts) {
    this.parts = parts
  }

  /** Runs one with an address, or with the peer of a ticket. */
  run(tree: TreeId | undefined, remote: string, options: SyncOptions): Promise<SyncResult> {
    const session = this.begin(tree, remote, options)
    this.underWay.add(session)
    const forget = () => this.underWay.delete(session)
    session.then(forget, forget)
    return session
  }

  private async begin(tree: TreeId | undefined, remote: string, options: SyncOptions): Promise<SyncResult> {
    const { store, ingest, clock, lastEqual: hints, dialler } = this.parts
    const ticket = isTicket(remote) ? parseTicket(remote) : undefined
    const which = tree ?? ticket?.tree
    if (which === undefined)
      throw new CausewayError('INVALID_ARGUMENT', 'Name a tree, or give a ticket instead of an address.')
    if (ticket !== undefined && ticket.tree !== which)
      throw new CausewayError('INVALID_ARGUMENT', 'The ticket is for another tree.', {
        data: { tree: ticket.tree },
      })
    const started = clock.monotonic()
    const dialled = await dialler.dial(ticket?.addresses ?? [remote], ticket?.peer, options.signal)
    const { connection, remote: reached, address, peer } = dialled
    await using _ = connection
    const lastEqual = await hints.get(peer, which)
    const session = await runSession({ store, ingest, clock }, reached, which, { ...options, lastEqual })
    if (session.equal && session.tipsDigest !== lastEqual) await hints.set(peer, which, session.tipsDigest)
    const path = connection.channel.path?.()
    const result: SyncResult = {
      ...session,
      address,
      peer,
      bytesSent: path?.bytesSent ?? 0,
      bytesReceived: path?.bytesReceived ?? 0,
      elapsedMs: clock.monotonic() - started,
      path: { kind: path?.kind ?? 'unknown', roundTripMs: path?.roundTripMs },
      tips: (await store.tips(which)).slice(0, limits.listedTips),
    }
    this.parts.onResult(result)
    return result
  }

  /** Waits for those under way, at most so long. */
  async finish(graceMs: number): Promise<void> {
    if (this.underWay.size === 0) return
    let cancelTimer = () => {}
    const graceOver = new Promise<void>((resolve) => {
      cancelTimer = this.parts.clock.setTimer(graceMs, resolve)
    })
    await Promise.race([Promise.allSettled(this.underWay), graceOver])
    cancelTimer()
  }
}
