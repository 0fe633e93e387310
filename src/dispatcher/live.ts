/**
 * The calling side of Watch: receives a peer's changes as they happen. A small change comes with its entries, which are
 * stored immediately, so it travels in one hop. A larger one comes without, and makes the link want a session.
 */
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { tracing } from '../base/tracing/tracing.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { TreeReader } from '../store/read/tree-reader.ts'
import type { WatchEvent } from '../sync/answer/tree-watch.ts'
import type { Ingest, Refusal } from '../sync/ingest.ts'
import type { PeerConnection } from './connection.ts'
import type { Counters } from './counters.ts'
import type { LinkRun } from './link-run.ts'
import type { Spreading } from './mesh/spreading.ts'
import type { Outbox } from './outbox.ts'
import { readAhead } from './read-ahead.ts'
import { traceEvent } from './traced.ts'

export interface LiveParts extends LiveNeighbours {
  readonly store: TreeReader
  readonly ingest: Ingest
  readonly clock: Clock
  readonly outbox: Outbox
  readonly counters: Counters
  /** Returns why a peer may not read a tree, or undefined if it may. */
  withholdReason(tree: TreeId, peer: PeerId): Promise<CausewayError | undefined>
  /** Called when a watch of trees begins, and when it says that there are new address records of their members. */
  onNews?(connection: PeerConnection, trees: readonly TreeId[], isBeginning: boolean): void
}

/** What following a tree asks of its neighbours. */
export interface LiveNeighbours {
  /** Whether this node has no neighbour in a tree that it hears. */
  isUrgent(tree: TreeId): boolean
  /** The peer refused to be a neighbour, or dropped this node. */
  refused(tree: TreeId, peer: PeerId): void
  readonly spreading: Spreading
}

/**
 * Parks every run whose peer may not read its tree: merely asking would reveal that we have it. Returns whether any was
 * parked.
 */
export async function parkWithheld(parts: LiveParts, runs: readonly LinkRun[]): Promise<boolean> {
  let parked = false
  for (const run of runs) {
    const error = await parts.withholdReason(run.link.tree, run.link.peer)
    if (error === undefined) continue
    run.withhold(error, parts.clock.monotonic(), parts.clock.random())
    parked = true
  }
  return parked
}

/** How a watch ended: the peer was silent for too long, or ended it. */
export type WatchEnd = 'silent' | 'ended'

/**
 * Follows the trees of `runs` until the signal fires or a call ends, in calls of at most limits.watchTrees. Calls
 * `onMessage` with every message, and again with the link of an event once the event is applied. Throws what a call
 * throws, and PROTOCOL if the peer sends an invalid entry or an event of another tree.
 */
export async function followAll(
  parts: LiveParts,
  connection: PeerConnection,
  runs: readonly LinkRun[],
  signal: AbortSignal,
  onMessage: (run?: LinkRun) => void,
): Promise<WatchEnd> {
  const stop = new AbortController()
  const either = AbortSignal.any([signal, stop.signal])
  const calls: Promise<WatchEnd>[] = []
  for (let from = 0; from < runs.length; from += limits.watchTrees)
    calls.push(follow(parts, connection, runs.slice(from, from + limits.watchTrees), either, onMessage))
  try {
    return await Promise.race(calls)
  } finally {
    stop.abort(new CausewayError('CANCELLED', 'The watch is over.'))
    await Promise.allSettled(calls)
  }
}

/** Follows the trees of `runs` in one call. Returns `silent` if nothing has come for limits.watchSilenceMs. */
async function follow(
  parts: LiveParts,
  connection: PeerConnection,
  runs: readonly LinkRun[],
  signal: AbortSignal,
  onMessage: (run?: LinkRun) => void,
): Promise<WatchEnd> {
  const byTree = new Map(runs.map((run) => [run.link.tree, run]))
  const trees = await Promise.all(
    runs.map(async ({ link: { tree, peer }, cursor, hidden, place }) => ({
      tree,
      cursor,
      asks: place !== 'neighbour' ? undefined : parts.isUrgent(tree) ? ('urgent' as const) : ('ask' as const),
      lazy: place === 'neighbour' && parts.spreading.isLazy(tree, peer),
      // An empty digest makes the peer send an event when a hidden tree appears, even if it equals ours.
      tipsDigest: hidden ? '' : await parts.store.tipsDigest(tree),
    })),
  )
  /** Runs that had an event on this connection. */
  const runsSeen = new Set<LinkRun>()
  const silence = new AbortController()
  let cancelTimer = () => {}
  const restartTimer = () => {
    cancelTimer()
    cancelTimer = parts.clock.setTimer(limits.watchSilenceMs, () =>
      silence.abort(new CausewayError('TIMEOUT', `The peer was silent for ${limits.watchSilenceMs} ms.`)),
    )
  }
  restartTimer()
  let begun = false
  try {
    const messages = connection.watch(trees, AbortSignal.any([signal, silence.signal]))
    for await (const event of readAhead(messages)) {
      restartTimer()
      onMessage()
      // What changes from now on, the watch tells.
      if (!begun) parts.onNews?.(connection, [...byTree.keys()], true)
      begun = true
      if (event === undefined) continue
      if ('addressesChanged' in event) {
        parts.onNews?.(
          connection,
          event.addressesChanged.filter((tree) => byTree.has(tree)),
          false,
        )
        continue
      }
      const run = byTree.get(event.tree)
      if (run === undefined)
        throw new CausewayError(
          'PROTOCOL',
          'The peer sent an event of a tree that this watch does not follow.',
        )
      const apply = () => applyEvent(parts, run, event, !runsSeen.has(run))
      if (event.refused) parts.refused(event.tree, run.link.peer)
      else await (tracing === undefined ? apply() : traceEvent(tracing, run, event, apply))
      runsSeen.add(run)
      onMessage(run)
    }
    return 'ended'
  } catch (error) {
    if (silence.signal.aborted && !signal.aborted) return 'silent'
    throw error
  } finally {
    cancelTimer()
    silence.abort(new CausewayError('CANCELLED', 'The watch is over.'))
  }
}

/**
 * Stores the entries of an event, then works out which side lacks entries. `first`: the first event of this tree on
 * this connection.
 */
async function applyEvent(parts: LiveParts, run: LinkRun, event: WatchEvent, first: boolean): Promise<void> {
  const { store, ingest, outbox, clock, counters, spreading } = parts
  const { tree, peer } = run.link
  counters.watchEvents++
  run.eventStarted(event.count, clock.monotonic())
  try {
    await spreading.receive(peer, event, first)
    if (event.entries.length > 0) {
      const { added, known, refused } = await ingest.page(tree, event.entries)
      counters.watchEntries += added.length
      counters.watchCopies += known
      throwIfInvalid(refused)
    }
    run.eventStored(event.cursor)
    const ours = await store.summary(tree)
    if (ours.tipsDigest === event.tipsDigest && ours.count === event.count) {
      await outbox.settle(tree, peer, ours.sequence)
      run.caughtUp()
      run.succeeded(clock.now())
      return
    }
    // If we have every tip of the event, it is the peer that lacks entries. An event with limits.watchTips tips may
    // leave some out, so then we ask as well.
    const tips = await store.lookupIn(tree, event.tips)
    // The peer wants the tree, has nothing of it, and cannot call us.
    const lacks = event.count === 0 || tips.includes(undefined) || event.tips.length >= limits.watchTips
    // Others probably bring what a neighbour announces.
    if (lacks && run.place === 'neighbour' && event.count > 0) spreading.announced(peer, event)
    else if (lacks) run.want()
    // The peer lacks entries that it had: its disk lost the latest, or was restored from a copy.
    else if (first && tips.length > 0 && run.link.settings.push && outbox.mark(tree, peer) === undefined)
      await outbox.add(tree, peer)
    run.becameVisible()
  } finally {
    run.eventEnded()
  }
}

function throwIfInvalid(refused: readonly Refusal[]): void {
  // A missing parent is no fault of the peer: an earlier event was too large to carry its entries.
  const invalid = refused.find(({ error }) => error.code !== 'ENTRY_MISSING_PARENT')
  if (invalid === undefined) return
  throw new CausewayError('PROTOCOL', `The peer sent an entry that is not valid: ${invalid.error.message}`, {
    data: { entry: invalid.id, code: invalid.error.code },
    cause: invalid.error,
  })
}
