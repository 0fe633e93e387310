/**
 * Runs a first sync from several remotes. One of them gives an outline of what we lack, as chunks in (height, id)
 * order; each chunk is fetched from a source that is free, checked against the outline, and stored in that order, so
 * the store is valid after every page. A source that is lost, silent or lying is left out, and its chunks come from
 * another. So do those of a source that keeps all others waiting while another sends the same chunk sooner. A wrong
 * outline costs only time, since an ordinary session follows.
 */

import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import type { Position, TreeId } from '../../dag/id.ts'
import { positionOf } from '../ranges.ts'
import type { SessionLocal } from './exchange.ts'
import { ChunkMismatch, Fetch } from './gather-fetch.ts'
import { BadPage, badPageOf, drop, type Job, type JobFetch, newJob } from './gather-job.ts'
import { askOutline } from './gather-outline.ts'
import {
  companionOf,
  isLate,
  quickest,
  type Source,
  type SourceReport,
  type SourceState,
  Sources,
} from './gather-sources.ts'
import { Pipeline } from './pipeline.ts'
import { protocolError, type SessionProgress } from './transfer.ts'

export interface GatherOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: SessionProgress) => void) | undefined
}

/** A first sync of one tree. Sources come with `join` and `expect` and go with `leave`, before and during `run`. */
export class Gathering {
  /** Entries that were new here, and entries that we had. */
  received = 0
  redundant = 0
  private readonly local: SessionLocal
  private readonly tree: TreeId
  private readonly options: GatherOptions
  private readonly sources = new Sources(() => this.onChange())
  /** In the outline's order. */
  private jobs: Job[] = []
  /** Index of the job that is being stored. */
  private head = 0
  /** How many entries the source of the outline has. */
  private expected = 0
  private sketchSize: Disposable | undefined
  /** The source that gives the outline. */
  private outliner: SourceState | undefined
  private outlineBegun = false
  /** Our last entry when the first outline began; undefined if we had none. */
  private outlineStart: Position | undefined
  /** How far the outline reaches. */
  private outlinedThrough: Position | undefined
  private outlineCall: Promise<void> | undefined
  /** Whether the outline reaches the end. */
  private complete = false
  private failure: unknown
  private readonly streams = new Set<Fetch>()
  private running = false
  private wake = () => {}

  constructor(local: SessionLocal, tree: TreeId, options: GatherOptions = {}) {
    this.local = local
    this.tree = tree
    this.options = options
  }

  /** Adds a source, or lets it wait for a place if there are `limits.gatherSources`. */
  join(source: Source): void {
    this.sources.add(source)
  }

  /** Adds a source once its promise resolves. Until then `run` does not fail for lack of sources. */
  expect(source: Promise<Source>): void {
    this.sources.expect(source)
  }

  /** A source takes no part any more. What it has sent whole stays. */
  leave(source: Source, error: CausewayError): void {
    const state = this.sources.leaving(source)
    if (state === undefined) return
    this.leaveOut(state, error)
    this.onChange()
  }

  /** Whether a source is left that may be asked, or may still come. */
  get hasSources(): boolean {
    return this.sources.active.length > 0 || this.sources.expects
  }

  /** The sources that were not left out; first the one that gives the outline, last those that were too slow. */
  get trustedSources(): Source[] {
    return this.sources.trusted(this.outliner)
  }

  /** Returns how many entries that were new here these gave. */
  given(sources: ReadonlySet<Source>): number {
    return this.sources.given(sources)
  }

  /** Returns what each source gave. */
  reports(): SourceReport[] {
    return this.sources.reports()
  }

  /** Runs until everything in the outline is stored. Rejects if no source is left, or if our store fails. */
  async run(): Promise<void> {
    let pipeline = new Pipeline(limits.sessionPagesTakenIn)
    const { signal } = this.options
    const onAbort = () => this.wake()
    signal?.addEventListener('abort', onAbort, { once: true })
    this.running = true
    try {
      // Ends with the last job, or without a source: each bad page leaves one out or adds one to a dispute.
      for (;;) {
        signal?.throwIfAborted()
        this.assign()
        const change = this.nextChange()
        const job = this.jobs[this.head]
        try {
          if (job?.fetch !== undefined) {
            const { from } = job.fetch
            const page = await this.nextPage(job, job.fetch)
            if (page === undefined) this.finish(job)
            else if (page.length > 0) await pipeline.add(() => this.store(job, from, page))
          } else if (job === undefined && this.complete) {
            await pipeline.drain()
            return
          } else await change
        } catch (error) {
          await pipeline.settle()
          pipeline = new Pipeline(limits.sessionPagesTakenIn)
          if (!(error instanceof BadPage)) throw error
          this.replace(error)
        }
        if (this.failure !== undefined) throw this.failure
      }
    } finally {
      this.running = false
      signal?.removeEventListener('abort', onAbort)
      await pipeline.settle()
      for (const stream of this.streams) stream.abort()
      await Promise.all([...this.streams].map(({ done }) => done))
      await this.outlineCall
      this.sketchSize?.[Symbol.dispose]()
    }
  }

  /**
   * Waits for the next page of the chunk that is stored now. A source that keeps us waiting for it gets company. Returns
   * an empty page if another fetch has taken the place of this one. Throws BadPage.
   */
  private async nextPage(job: Job, { stream, from }: JobFetch): Promise<readonly SignedEntry[] | undefined> {
    const { clock } = this.local
    const startedMs = clock.monotonic()
    const leftMs = Math.max(0, limits.gatherHoldMs - job.heldMs)
    const cancelTimer = clock.setTimer(leftMs, () => this.double(job))
    try {
      return await stream.next()
    } catch (error) {
      if (job.fetch?.stream !== stream) return []
      throw new BadPage(job, from, error instanceof ChunkMismatch ? error : CausewayError.from(error))
    } finally {
      cancelTimer()
      job.heldMs += clock.monotonic() - startedMs
    }
  }

  /** Fetches a job's chunk from a second source, if there is one that is free to. */
  private double(job: Job): void {
    const { fetch } = job
    if (fetch === undefined || job.double !== undefined || job.disputedBy.length > 0) return
    const free = companionOf(fetch.from, this.sources.active)
    if (free === undefined) return
    const overtake = () => {
      const { double } = job
      if (double?.stream !== stream || job.fetch !== fetch) return
      if (stream.complete || stream.count > fetch.stream.count) this.overtake(job, fetch, double)
    }
    const stream = this.open(job, free, fetch.stream, overtake)
    job.double = { stream, from: free }
    void stream.done.then((error) => {
      if (job.double?.stream !== stream) return
      if (error === undefined) return overtake()
      job.double = undefined
      if (error instanceof ChunkMismatch) this.dispute(job, free, error)
      else this.leaveOut(free, CausewayError.from(error))
    })
  }

  /** The second fetch of a chunk is ahead of the first: it takes the place of that, whose source gets no more chunks. */
  private overtake(job: Job, { from, stream }: JobFetch, double: JobFetch): void {
    from.slow ??= new CausewayError(
      'TIMEOUT',
      `The remote held up the first sync for ${limits.gatherHoldMs} ms, and another one sent the same entries sooner.`,
    )
    job.fetch = double
    job.double = undefined
    job.heldMs = 0
    stream.abort()
    for (const other of this.jobs.slice(this.head))
      if (other.fetch?.from === from && !other.fetch.stream.complete) drop(other)
    this.onChange()
  }

  /** Stores a page. Throws BadPage if its source is at fault. */
  private async store(job: Job, from: SourceState, page: readonly SignedEntry[]): Promise<void> {
    const { added, known, refused } = await this.local.ingest
      .page(this.tree, page)
      .catch((error: unknown) => {
        const { code } = CausewayError.from(error)
        // A page past its limits is the source's fault, any other error is ours.
        if (code === 'LIMIT_EXCEEDED') throw new BadPage(job, from, CausewayError.from(error))
        throw error
      })
    this.received += added.length
    this.redundant += known
    from.entries += added.length
    const { received } = this
    this.options.onProgress?.({ received, expected: Math.max(this.expected, received), sent: 0, toSend: 0 })
    const badPage = badPageOf(job, from, refused)
    if (badPage !== undefined) throw badPage
  }

  /** Moves on after a job whose entries match the outline. */
  private finish(job: Job): void {
    this.head++
    job.double?.stream.abort()
    job.double = undefined
    for (const source of job.disputedBy.splice(0))
      this.leaveOut(
        source,
        protocolError('The remote sent other entries of a chunk than the remote that gave the outline.'),
        true,
      )
    // Pages of this old job are no longer in the pipeline, so none of them can turn out bad.
    const oldJob = this.jobs[this.head - 1 - limits.sessionPagesTakenIn]
    if (oldJob !== undefined) oldJob.fetch = undefined
  }

  /** Makes a job that went wrong come from another source. */
  private replace({ job, from, cause }: BadPage): void {
    const index = this.jobs.indexOf(job)
    if (cause instanceof ChunkMismatch) this.dispute(job, from, cause)
    else this.leaveOut(from, cause)
    if (index === -1) return
    // Later chunks whose pages were tried already stand on this one, so they are fetched again too.
    for (const dependent of this.jobs.slice(index, Math.max(index, this.head) + 1)) drop(dependent)
    this.head = Math.min(this.head, index)
    // The source of the outline is left out, so nobody can settle whether this source is wrong.
    if (cause instanceof ChunkMismatch && job.outlinedBy.error !== undefined) this.outlineAnew()
  }

  /** A source sent other entries of a chunk than the outline says. */
  private dispute(job: Job, from: SourceState, { message }: ChunkMismatch): void {
    if (from === job.outlinedBy)
      this.leaveOut(
        from,
        protocolError(`The remote does not have the entries of its own outline: ${message}`),
        true,
      )
    else {
      from.disputes = true
      job.disputedBy.push(from)
    }
  }

  /**
   * Leaves a source out because of an error, and drops its fetches that are not complete. Whoever is slow, or has other
   * entries than the outline, may be right and is good for a session.
   */
  private leaveOut(source: SourceState, error: CausewayError, differs = false): void {
    for (const job of this.jobs.slice(this.head))
      if (job.fetch?.from === source && !job.fetch.stream.complete) drop(job)
    if (source === this.outliner) this.outliner = undefined
    // Nobody is left to settle what others dispute, so another outline begins.
    if (this.jobs.some(({ outlinedBy, disputedBy }) => outlinedBy === source && disputedBy.length > 0))
      this.outlineAnew()
    this.sources.leaveOut(source, error, !differs && error.code !== 'TIMEOUT')
  }

  /** Drops the outline from the current job on, so that another is asked for. */
  private outlineAnew(): void {
    for (const job of this.jobs.splice(this.head)) drop(job)
    const last = this.jobs.at(-1)
    this.outlinedThrough = last === undefined ? this.outlineStart : positionOf(last.chunk.last)
    this.complete = false
    this.sources.endDisputes()
  }

  /** Starts what can be started: the next part of the outline, and the fetches of jobs that are not too far ahead. */
  private assign(): void {
    const sources = this.sources.active
    if (sources.length === 0) {
      if (this.sources.expects) return
      if (this.complete && this.jobs.slice(this.head).every(({ fetch }) => fetch?.stream.complete)) return
      throw this.noSourceError()
    }
    const ahead = this.head + limits.gatherChunksAhead * sources.length
    if (!this.complete && this.outlineCall === undefined && this.jobs.length < ahead) {
      this.outliner ??= quickest(sources.filter(({ disputes }) => !disputes))[0] ?? sources[0]!
      this.outlineCall = this.outline(this.outliner).finally(() => {
        this.outlineCall = undefined
        this.onChange()
      })
    }
    for (const [index, job] of this.jobs.slice(this.head, ahead).entries()) {
      if (job.fetch !== undefined) continue
      const able = sources.filter((source) =>
        job.disputedBy.length > 0 ? source === job.outlinedBy : !source.disputes,
      )
      const free = quickest(able)
        // The chunk that is stored next never waits for a free source.
        .filter(({ fetching }) => index === 0 || fetching < limits.gatherChunksAtOnce)
        .sort((a, b) => a.fetching - b.fetching)[0]
      if (free !== undefined) this.fetch(job, free)
      else if (index === 0 && sources.every(({ disputes }) => disputes)) this.outlineAnew()
    }
  }

  /** Starts to fetch a job's chunk from a source. */
  private fetch(job: Job, from: SourceState): void {
    job.fetch = { stream: this.open(job, from), from }
  }

  private open(job: Job, from: SourceState, beside?: Fetch, onPage?: () => void): Fetch {
    const { clock } = this.local
    const { after, chunk } = job
    const { remote } = from.source
    const { signal } = this.options
    const stream = new Fetch({ remote, clock, tree: this.tree, after, chunk, signal, beside, onPage })
    from.fetching++
    this.streams.add(stream)
    void stream.done.then(() => {
      from.fetching--
      this.streams.delete(stream)
      this.onChange()
    })
    return stream
  }

  /** Asks for the next part of the outline. */
  private async outline(from: SourceState): Promise<void> {
    const { signal } = this.options
    const askedMs = this.local.clock.monotonic()
    try {
      const part = { begun: this.outlineBegun, after: this.outlinedThrough }
      const answer = await askOutline(this.local, from.source.remote, this.tree, part, signal)
      if (from.error !== undefined) return
      // A source that gives little of it at a time keeps all others waiting: another one goes on with it.
      if (this.jobs[this.head] === undefined) from.outlineMs += this.local.clock.monotonic() - askedMs
      if (isLate(from, this.sources.active)) this.outliner = undefined
      this.expected = answer.count
      this.sketchSize ??= this.local.store.sketches.expect(this.tree, answer.count)
      if (!this.outlineBegun) this.outlineStart = answer.after
      this.outlineBegun = true
      let { after } = answer
      for (const chunk of answer.chunks) {
        this.jobs.push(newJob(after, chunk, from))
        after = positionOf(chunk.last)
      }
      this.outlinedThrough = after
      this.complete = answer.complete
    } catch (error) {
      if (signal?.aborted) this.failure = error
      else this.leaveOut(from, CausewayError.from(error))
    }
  }

  /** Returns the error of a first sync that has no source left. */
  private noSourceError(): CausewayError {
    const error = this.sources.all.at(-1)?.error
    return error ?? new CausewayError('UNREACHABLE', 'No peer is left to fetch entries from.')
  }

  /** Starts what can be started after a change, and wakes `run`. */
  private onChange(): void {
    if (!this.running) return
    try {
      this.assign()
    } catch (error) {
      this.failure = error
    }
    this.wake()
  }

  private nextChange(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve
    })
  }
}
