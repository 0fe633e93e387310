/**
 * The sessions that a program runs with `Node.sync`, each on connections of its own: with one peer, or, if much is
 * missing, first with several that each send a part.
 */
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { type Tracing, tracing } from '../base/tracing/tracing.ts'
import { formatId, type TreeId } from '../dag/id.ts'
import type { PeerEntry } from '../peer/book.ts'
import type { LastEqual } from '../peer/last-equal.ts'
import { isTicket, parseTicket, type Ticket, type TicketPeer } from '../peer/ticket.ts'
import type { SyncResult } from '../rpc/services/node-service.ts'
import type { DagStore } from '../store/store.ts'
import type { Gatherings } from '../sync/ask/gatherings.ts'
import { runSession } from '../sync/ask/session.ts'
import type { Ingest } from '../sync/ingest.ts'
import type { Dialler } from './dialling/dialler.ts'
import { dialAll, gatherFirst } from './first-sync.ts'
import type { SyncOptions } from './options.ts'

export interface SessionsParts {
  readonly store: DagStore
  readonly ingest: Ingest
  readonly gatherings: Gatherings
  readonly clock: Clock
  readonly lastEqual: LastEqual
  readonly dialler: Dialler
  /** Returns the peers with which a tree is linked. */
  linkedPeers(tree: TreeId): PeerEntry[]
  /** Called with the result of each session that succeeds. */
  readonly onResult: (result: SyncResult) => void
}

export class Sessions {
  private readonly parts: SessionsParts
  private readonly running = new Set<Promise<SyncResult>>()

  constructor(parts: SessionsParts) {
    this.parts = parts
  }

  /** Runs a session with an address or a ticket; see `Node.sync`. */
  run(tree: TreeId | undefined, remote: string, options: SyncOptions): Promise<SyncResult> {
    const begin = () => this.begin(tree, remote, options)
    const session = tracing === undefined ? begin() : traceSync(tracing, begin)
    this.running.add(session)
    const forget = () => this.running.delete(session)
    session.then(forget, forget)
    return session
  }

  private async begin(tree: TreeId | undefined, remote: string, options: SyncOptions): Promise<SyncResult> {
    const { store, ingest, clock, lastEqual: hints, dialler } = this.parts
    const ticket = isTicket(remote) ? parseTicket(remote) : undefined
    const which = tree ?? ticket?.tree
    if (which === undefined)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        'Expected a tree or a ticket, got an address alone: name the tree to sync.',
      )
    if (ticket !== undefined && ticket.tree !== which)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        'The ticket is for another tree than the one named: leave the tree out, or use its own ticket.',
        {
          data: { tree: ticket.tree },
        },
      )
    const started = clock.monotonic()
    const local = { store, ingest, clock }
    const issuer = { peer: ticket?.peer, addresses: ticket?.addresses ?? [remote] }
    await using peers = await dialAll(dialler, issuer, this.others(which, ticket), options.signal)
    const firstPart = await gatherFirst(this.parts, which, peers, options)
    const { connection, remote: main, address, peer } = firstPart.main
    const lastEqual = await hints.get(which, peer)
    const onProgress: SyncOptions['onProgress'] = ({ received, expected, ...progress }) =>
      options.onProgress?.({
        received: firstPart.received + received,
        expected: firstPart.received + expected,
        ...progress,
      })
    const session = await runSession(local, main, which, { ...options, onProgress, lastEqual })
    if (session.equal && session.tipsDigest !== lastEqual?.tipsDigest) await hints.set(which, peer, session)
    const path = connection.channel.path?.()
    const result: SyncResult = {
      ...session,
      received: firstPart.received + session.received,
      redundant: firstPart.redundant + session.redundant,
      sources: firstPart.sources,
      address,
      peer,
      ...peers.bytes(),
      elapsedMs: clock.monotonic() - started,
      path: { kind: path?.kind ?? 'unknown', roundTripMs: path?.roundTripMs },
      tips: (await store.tips(which)).slice(0, limits.listedTips),
    }
    this.parts.onResult(result)
    return result
  }

  /**
   * Returns other peers that may have a tree: those that the ticket names and, if the tree is not here, linked ones.
   */
  private others(tree: TreeId, ticket: Ticket | undefined): TicketPeer[] {
    const { store, linkedPeers } = this.parts
    const linked = (store.tree(tree) === undefined ? linkedPeers(tree) : [])
      .filter(({ blocked, addresses }) => !blocked && addresses.length > 0)
      .map(({ peer, addresses }) => ({ peer, addresses: addresses.map(({ address }) => address) }))
    const others = new Map([...linked, ...(ticket?.others ?? [])].map((each) => [each.peer, each]))
    if (ticket?.peer !== undefined) others.delete(ticket.peer)
    return [...others.values()].slice(0, limits.gatherSources - 1)
  }

  /** Waits for the running sessions, at most `graceMs` milliseconds. */
  async finish(graceMs: number): Promise<void> {
    if (this.running.size === 0) return
    let cancelTimer = () => {}
    const graceOver = new Promise<void>((resolve) => {
      cancelTimer = this.parts.clock.setTimer(graceMs, resolve)
    })
    await Promise.race([Promise.allSettled(this.running), graceOver])
    cancelTimer()
  }
}

/** Runs a session as a span. */
function traceSync(tracing: Tracing, session: () => Promise<SyncResult>): Promise<SyncResult> {
  return tracing.run('causeway.sync', {}, async (span) => {
    const result = await session()
    const { tree, peer, received, sent } = result
    span.set({ 'causeway.tree': formatId(tree), ...(peer !== undefined && { 'causeway.peer': peer }) })
    span.set({ 'causeway.entries.received': received, 'causeway.entries.sent': sent })
    return result
  })
}
