/**
 * The calling side of Watch: hears a peer's changes as they happen. Small ones come whole and are stored at once, so a
 * change travels in one hop; a larger one is only a hint that wakes the lane for a session.
 */
import type { Clock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { TreeId } from '../dag/id.ts'
import type { PeerId } from '../dag/identity.ts'
import type { DagStore } from '../store/store.ts'
import type { WatchEvent } from '../sync/answer/watch.ts'
import type { Ingest } from '../sync/ingest.ts'
import type { PeerConnection } from './connection.ts'
import type { Counters } from './counters.ts'
import type { LinkRun } from './link-run.ts'
import type { Outbox } from './outbox.ts'
import { readAhead } from './read-ahead.ts'

export interface LiveParts {
  readonly store: DagStore
  readonly ingest: Ingest
  readonly clock: Clock
  readonly outbox: Outbox
  readonly counters: Counters
  /** Why nothing of a tree may be told to a peer; undefined where all may be. */
  withheld(tree: TreeId, peer: PeerId): Promise<CausewayError | undefined>
  /** What the link of a tree that the peer does not show us waits for; undefined where nobody was asked. */
  awaited(tree: TreeId, peer: PeerId): CausewayError | undefined
}

/** Parks those of `runs` whose tree may not be told to their peer, since to ask for a tree is to tell of it; whether there are any. */
export async function withhold(parts: LiveParts, runs: readonly LinkRun[]): Promise<boolean> {
  let some = false
  for (const run of runs) {
    const error = await parts.withheld(run.link.tree, run.link.peer)
    if (error === undefined) continue
    run.failed(error, parts.clock.monotonic(), parts.clock.random())
    some = true
  }
  return some
}

/**
 * Follows the trees of `runs` until the signal fires or the peer ends it. `heard` is called with every message, and with
 * the link that it concerned once that is worked in.
 */
export async function follow(
  parts: LiveParts,
  connection: PeerConnection,
  runs: readonly LinkRun[],
  signal: AbortSignal,
  heard: (run?: LinkRun) => void,
): Promise<void> {
  const byTree = new Map(runs.map((run) => [run.link.tree, run]))
  const trees = await Promise.all(
    runs.map(async ({ link: { tree }, cursor, hidden }) => ({
      tree,
      cursor,
      // Of a tree that was not shown the first word is news, also where it has come to be the same as ours.
      tipsDigest: hidden ? '' : await parts.store.tipsDigest(tree),
    })),
  )
  const told = new Set<LinkRun>()
  const silence = new AbortController()
  let cancelTimer = () => {}
  const listen = () => {
    cancelTimer()
    cancelTimer = parts.clock.setTimer(limits.watchSilenceMs, () =>
      silence.abort(new CausewayError('TIMEOUT', `The peer was silent for ${limits.watchSilenceMs} ms.`)),
    )
  }
  listen()
  try {
    const messages = connection.watch(trees, AbortSignal.any([signal, silence.signal]))
    for await (const event of readAhead(messages)) {
      listen()
      heard()
      if (event === undefined) continue
      const run = byTree.get(event.tree)
      if (run === undefined)
        throw new CausewayError('PROTOCOL', 'The peer told of a tree that was not asked for.')
      await hear(parts, run, event, !told.has(run))
      told.add(run)
      heard(run)
    }
  } finally {
    cancelTimer()
    silence.abort(new CausewayError('CANCELLED', 'The watch is over.'))
  }
}

/**
 * Works one event in: stores what it brings, and finds out who lacks what afterwards. `first`: of this tree on this
 * connection.
 */
async function hear(parts: LiveParts, run: LinkRun, event: WatchEvent, first: boolean): Promise<void> {
  const { store, ingest, outbox, clock, counters } = parts
  const { tree, peer } = run.link
  run.theirCount = event.count
  counters.watchEvents++
  // It does not know that we have what it told of, also where that came to us from somebody else.
  run.moved(clock.monotonic())
  run.hearing++
  try {
    if (event.entries.length > 0) {
      const { added, refused } = await ingest.page(tree, event.entries)
      counters.watchEntries += added.length
      // A missing parent is no fault: an earlier event was too large to bring its entries.
      const bad = refused.find(({ error }) => error.code !== 'ENTRY_MISSING_PARENT')
      if (bad !== undefined)
        throw new CausewayError(
          'PROTOCOL',
          `The peer told an entry that is not valid: ${bad.error.message}`,
          {
            data: { entry: bad.id, code: bad.error.code },
            cause: bad.error,
          },
        )
    }
    run.cursor = event.cursor
    const ours = await store.summary(tree)
    if (ours.tipsDigest === event.tipsDigest && ours.count === event.count) {
      await outbox.settle(tree, peer, ours.sequence)
      run.wanted = false
      run.succeeded(clock.now())
      return
    }
    // Told tips that are all here mean that the peer lacks something, and not we; unless not all were told.
    const here = await store.lookupIn(tree, event.tips)
    if (here.includes(undefined) || event.tips.length >= limits.watchTips) run.wanted = true
    // It lacks what it was shown to have: its disk has lost the latest, or was restored from a copy.
    else if (first && here.length > 0 && run.link.settings.push && outbox.mark(tree, peer) === undefined)
      await outbox.add(tree, peer)
    if (run.hidden) run.shown()
  } finally {
    run.hearing--
  }
}
