/**
 * The first syncs that run at a node: one for each tree, to which everybody who wants the tree adds the peers that it can
 * ask. So a peer that becomes known or reachable while a large tree is fetched takes over a share of the rest, and no two
 * sessions fetch the same entries. Whoever takes part holds a share, and runs an ordinary session after it.
 *
 *     Gatherings ─▶ Gathering   one for each tree: chunks, sources, what is stored next
 *          ▲ share
 *     a session of a link, or one that a program runs
 */
import { cancelled } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { TreeId } from '../../dag/id.ts'
import type { SessionLocal } from './exchange.ts'
import { Gathering, type GatherOptions } from './gather.ts'
import type { Source, SourceReport } from './gather-sources.ts'
import type { SessionProgress } from './transfer.ts'

/** A first sync that runs, and those that take part. */
interface Running {
  readonly gathering: Gathering
  readonly shares: Set<GatheringShare>
  readonly abort: AbortController
  /** Settles with the first sync: with its failure if our store has failed. */
  readonly done: Promise<unknown>
}

export class Gatherings {
  private readonly local: SessionLocal
  private readonly running = new Map<TreeId, Running>()

  constructor(local: SessionLocal) {
    this.local = local
  }

  /** Reports whether a first sync of a tree runs. */
  isRunning(tree: TreeId): boolean {
    return this.running.has(tree)
  }

  /**
   * Takes part in the first sync of a tree, which begins if none runs: returns a share, to which the caller adds its sources
   * before it runs it. Undefined if none runs and there are `limits.gatheringsAtOnce` of others.
   */
  share(tree: TreeId, options: GatherOptions = {}): GatheringShare | undefined {
    const running = this.running.get(tree)
    // One that ends since nobody takes part any more fetches nothing more.
    if (running?.abort.signal.aborted === false) return new GatheringShare(running, options)
    if (running === undefined && this.running.size >= limits.gatheringsAtOnce) return undefined
    return new GatheringShare(this.begin(tree), options)
  }

  private begin(tree: TreeId): Running {
    const abort = new AbortController()
    const shares = new Set<GatheringShare>()
    const onProgress = (progress: SessionProgress) => {
      for (const share of shares) share.report(progress)
    }
    const gathering = new Gathering(this.local, tree, { signal: abort.signal, onProgress })
    // Once whoever begins it has added its sources.
    const done = Promise.resolve()
      .then(() => gathering.run())
      .then(
        () => undefined,
        // Without a source, each share has its own error.
        (error: unknown) => (gathering.hasSources && !abort.signal.aborted ? { error } : undefined),
      )
      .finally(() => {
        if (this.running.get(tree) === running) this.running.delete(tree)
      })
    const running: Running = { gathering, shares, abort, done }
    this.running.set(tree, running)
    return running
  }
}

/** The part that one session has in a first sync. */
export class GatheringShare {
  private readonly running: Running
  private readonly options: GatherOptions
  /** Its sources that are not lost, each with what the first sync knows of it. */
  private readonly sources = new Map<Source, Source>()
  /** All that it ever added, as the first sync knows them. */
  private readonly added = new Set<Source>()
  private readonly before: { readonly received: number; readonly redundant: number }
  private awaited = 0
  private ended = false
  private lastError: CausewayError | undefined
  private fail: (error: CausewayError) => void = () => {}

  constructor(running: Running, options: GatherOptions) {
    this.running = running
    this.options = options
    const { received, redundant } = running.gathering
    this.before = { received, redundant }
    running.shares.add(this)
  }

  /** Entries that were new here since this share began, from whichever source. */
  get received(): number {
    return this.running.gathering.received - this.before.received
  }

  /** Entries that we had. */
  get redundant(): number {
    return this.running.gathering.redundant - this.before.redundant
  }

  /** Entries that were new here and came from its own sources. */
  get given(): number {
    return this.running.gathering.given(this.added)
  }

  /** Adds a source. */
  join(source: Source): void {
    this.running.gathering.join(this.own(source))
  }

  /** Adds a source once its promise resolves. */
  expect(source: Promise<Source>): void {
    this.awaited++
    const arriving = source.then(
      (arrival) => {
        this.awaited--
        if (this.ended) throw new CausewayError('CANCELLED', 'The session has ended.')
        return this.own(arrival)
      },
      (error: unknown) => {
        this.awaited--
        this.lost(CausewayError.from(error))
        throw error
      },
    )
    this.running.gathering.expect(arriving)
  }

  /** Returns a source as the first sync knows it, which says when it is lost. */
  private own(source: Source): Source {
    const { peer, remote } = source
    const onLost = (error: CausewayError) => {
      this.sources.delete(source)
      this.lost(error)
    }
    const own = { peer, remote, onLost }
    this.sources.set(source, own)
    this.added.add(own)
    return own
  }

  /**
   * Runs until the first sync has ended. Rejects with the last error if all of its sources are lost, with the reason of its
   * signal, and if our store fails; then its sources leave the first sync, which goes on with those of others.
   */
  async run(): Promise<void> {
    const { signal } = this.options
    const left = new Promise<never>((_, reject) => {
      this.fail = reject
    })
    const onAbort = () => this.fail(cancelled(signal!))
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      const failed = (await Promise.race([this.running.done, left])) as
        | { readonly error: unknown }
        | undefined
      if (failed !== undefined) throw failed.error
      if (this.sources.size === 0 && this.lastError !== undefined) throw this.lastError
      this.ended = true
    } finally {
      signal?.removeEventListener('abort', onAbort)
      await this.leave()
    }
  }

  /** Takes its sources out of the first sync. The last share to leave ends it, and waits until it writes nothing more. */
  private async leave(): Promise<void> {
    const { gathering, shares, abort, done } = this.running
    shares.delete(this)
    if (this.ended) return
    this.ended = true
    const reason = new CausewayError('CANCELLED', 'The session that brought this source has ended.')
    for (const own of [...this.sources.values()]) gathering.leave(own, reason)
    if (shares.size > 0) return
    abort.abort(reason)
    await done
  }

  /** Those of its sources that are good for a session: first the one that gives the outline, last those that were left out. */
  get usableSources(): Source[] {
    const trusted = this.running.gathering.trustedSources
    const rank = (inside: Source) => (trusted.includes(inside) ? trusted.indexOf(inside) : trusted.length)
    return [...this.sources].sort(([, a], [, b]) => rank(a) - rank(b)).map(([source]) => source)
  }

  /** Returns what each source gave, those of other shares too. */
  reports(): SourceReport[] {
    return this.running.gathering.reports()
  }

  report(progress: SessionProgress): void {
    const { received } = this.before
    this.options.onProgress?.({
      ...progress,
      received: progress.received - received,
      expected: progress.expected - received,
    })
  }

  private lost(error: CausewayError): void {
    this.lastError = error
    if (this.sources.size === 0 && this.awaited === 0) this.fail(error)
  }
}
