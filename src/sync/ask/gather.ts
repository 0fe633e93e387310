/**
 * Runs a first sync from several remotes. One of them gives an outline of what we lack, as chunks in (height, id)
 * order; each chunk is fetched from a source that is free, checked against the outline, and stored in that order, so
 * the store is valid after every page. A source that is lost, silent or lying is left out, and its chunks come from
 * another. A wrong outline costs only time, since an ordinary session follows.
 */

import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { checkChunks } from '../../dag/difference/ranges.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { askRange, keyOf, positionOf } from '../ranges.ts'
import type { Remote } from '../remote.ts'
import type { SessionLocal } from './exchange.ts'
import { ChunkMismatch, Fetch } from './gather-fetch.ts'
import { BadPage, type Job, type Source, type SourceState } from './gather-job.ts'
import { Pipeline } from './pipeline.ts'
import { protocolError, type SessionProgress } from './transfer.ts'

/** What one source gave. */
export interface SourceReport {
  readonly peer: PeerId
  /** Entries from it that were new here. */
  readonly entries: number
  /** Why the source was left out; undefined if it was not. */
  readonly error?: CausewayError | undefined
}

export interface GatherOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: SessionProgress) => void) | undefined
}

/** Returns how many entries a remote has, by one small call. */
export async function countAt(
  remote: Remote,
  tree: TreeId,
  signal: AbortSignal | undefined,
): Promise<number> {
  const beyond: Position = { height: Number.MAX_SAFE_INTEGER, id: 'ff'.repeat(32) as EntryId }
  const range = { after: beyond, chunks: [], complete: true, outline: true }
  const answer = await remote.syncTree({ tree, tips: [], tipsDigest: '', count: 0, range }, { signal })
  await answer.pages[Symbol.asyncIterator]().return?.()
  return answer.header.count
}

/** A first sync of one tree. Add sources with `join` and `expect`, before and during `run`. */
export class Gathering {
  /** Entries that were new here, and entries that we had. */
  received = 0
  redundant = 0
  private readonly local: SessionLocal
  private readonly tree: TreeId
  private readonly options: GatherOptions
  private readonly sources: SourceState[] = []
  /** How many sources may still come. */
  private awaitedSources = 0
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

  /** Adds a source, up to `limits.gatherSources` in all. */
  join(source: Source): void {
    if (this.sources.length >= limits.gatherSources) return
    this.sources.push({ source, entries: 0, fetching: 0, error: undefined, disputes: false })
    this.onChange()
  }

  /** Adds a source once its promise resolves. Until then `run` does not fail for lack of sources. */
  expect(source: Promise<Source>): void {
    this.awaitedSources++
    source
      .then(
        (arrival) => this.join(arrival),
        () => {},
      )
      .finally(() => {
        this.awaitedSources--
        this.onChange()
      })
  }

  /** The sources that were not left out; first the one that gives the outline. */
  get trustedSources(): Source[] {
    const sources = this.sources.filter(({ error }) => error === undefined)
    return [
      ...sources.filter((source) => source === this.outliner),
      ...sources.filter((source) => source !== this.outliner),
    ].map(({ source }) => source)
  }

  /** Returns what each source gave. */
  reports(): SourceReport[] {
    return this.sources.map(({ source, entries, error }) => ({ peer: source.peer, entries, error }))
  }

  /** Runs until everything in the outline is stored. Rejects if no source is left, or if our store fails. */
  async run(): Promise<void> {
    let pipeline = new Pipeline(limits.sessionPagesTakenIn)
    this.running = true
    try {
      // Ends with the last job, or without a source: each bad page leaves one out or adds one to a dispute.
      for (;;) {
        this.options.signal?.throwIfAborted()
        this.assign()
        const change = this.nextChange()
        const job = this.jobs[this.head]
        try {
          if (job?.fetch !== undefined) {
            const { stream, from } = job.fetch
            const page = await stream.next().catch((error: unknown) => {
              throw new BadPage(job, from, error instanceof ChunkMismatch ? error : CausewayError.from(error))
            })
            if (page === undefined) this.finish(job)
            else await pipeline.add(() => this.store(job, from, page))
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
      await pipeline.settle()
      for (const stream of this.streams) stream.abort()
      await Promise.all([...this.streams].map(({ done }) => done))
      await this.outlineCall
      this.sketchSize?.[Symbol.dispose]()
    }
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
    const [first] = refused
    if (first === undefined) return
    const invalid = refused.find(({ error }) => error.code !== 'ENTRY_MISSING_PARENT')
    if (invalid !== undefined)
      throw new BadPage(
        job,
        from,
        protocolError(
          `The remote sent an entry that is not valid: ${invalid.error.message}`,
          { entry: invalid.id, code: invalid.error.code },
          invalid.error,
        ),
      )
    throw new BadPage(
      job,
      from,
      new ChunkMismatch(`The remote sent an entry before its parents: ${first.error.message}`),
    )
  }

  /** Moves on after a job whose entries match the outline. */
  private finish(job: Job): void {
    this.head++
    for (const source of job.disputedBy.splice(0))
      this.leaveOut(
        source,
        protocolError('The remote sent other entries of a chunk than the remote that gave the outline.'),
      )
    // Pages of this old job are no longer in the pipeline, so none of them can turn out bad.
    const oldJob = this.jobs[this.head - 1 - limits.sessionPagesTakenIn]
    if (oldJob !== undefined) oldJob.fetch = undefined
  }

  /** Makes a job that went wrong come from another source. */
  private replace({ job, from, cause }: BadPage): void {
    const index = this.jobs.indexOf(job)
    if (!(cause instanceof ChunkMismatch)) this.leaveOut(from, cause)
    else if (from === job.outlinedBy)
      this.leaveOut(
        from,
        protocolError(`The remote does not have the entries of its own outline: ${cause.message}`),
      )
    else {
      from.disputes = true
      job.disputedBy.push(from)
    }
    if (index === -1) return
    // Later chunks whose pages were tried already stand on this one, so they are fetched again too.
    for (const dependent of this.jobs.slice(index, Math.max(index, this.head) + 1)) {
      dependent.fetch?.stream.abort()
      dependent.fetch = undefined
    }
    this.head = Math.min(this.head, index)
    // The source of the outline is left out, so nobody can settle whether this source is wrong.
    if (cause instanceof ChunkMismatch && job.outlinedBy.error !== undefined) this.outlineAnew()
  }

  /** Leaves a source out because of an error, and drops its fetches that are not complete. */
  private leaveOut(source: SourceState, error: CausewayError): void {
    source.error ??= error
    for (const job of this.jobs.slice(this.head))
      if (job.fetch?.from === source && !job.fetch.stream.complete) {
        job.fetch.stream.abort()
        job.fetch = undefined
      }
    if (source === this.outliner) this.outliner = undefined
    // Nobody is left to settle what others dispute, so another outline begins.
    if (this.jobs.some(({ outlinedBy, disputedBy }) => outlinedBy === source && disputedBy.length > 0))
      this.outlineAnew()
  }

  /** Drops the outline from the current job on, so that another is asked for. */
  private outlineAnew(): void {
    for (const job of this.jobs.splice(this.head)) job.fetch?.stream.abort()
    const last = this.jobs.at(-1)
    this.outlinedThrough = last === undefined ? this.outlineStart : positionOf(last.chunk.last)
    this.complete = false
    for (const source of this.sources) source.disputes = false
  }

  /** Starts what can be started: the next part of the outline, and the fetches of jobs that are not too far ahead. */
  private assign(): void {
    const sources = this.sources.filter(({ error }) => error === undefined)
    if (sources.length === 0) {
      if (this.awaitedSources > 0) return
      if (this.complete && this.jobs.slice(this.head).every(({ fetch }) => fetch?.stream.complete)) return
      throw this.noSourceError()
    }
    const ahead = this.head + limits.gatherChunksAhead * sources.length
    if (!this.complete && this.outlineCall === undefined && this.jobs.length < ahead) {
      this.outliner ??= sources.find(({ disputes }) => !disputes) ?? sources[0]!
      this.outlineCall = this.outline(this.outliner).finally(() => {
        this.outlineCall = undefined
        this.onChange()
      })
    }
    for (const [index, job] of this.jobs.slice(this.head, ahead).entries()) {
      if (job.fetch !== undefined) continue
      const free = sources
        .filter((source) => (job.disputedBy.length > 0 ? source === job.outlinedBy : !source.disputes))
        // The chunk that is stored next never waits for a free source.
        .filter(({ fetching }) => index === 0 || fetching < limits.gatherChunksAtOnce)
        .sort((a, b) => a.fetching - b.fetching)[0]
      if (free !== undefined) this.fetch(job, free)
      else if (index === 0 && sources.every(({ disputes }) => disputes)) this.outlineAnew()
    }
  }

  /** Starts to fetch a job's chunk from a source. */
  private fetch(job: Job, from: SourceState): void {
    const { clock } = this.local
    const { after, chunk } = job
    const { signal } = this.options
    const stream = new Fetch({ remote: from.source.remote, clock, tree: this.tree, after, chunk, signal })
    job.fetch = { stream, from }
    from.fetching++
    this.streams.add(stream)
    void stream.done.then(() => {
      from.fetching--
      this.streams.delete(stream)
      this.onChange()
    })
  }

  /**
   * Asks for the next part of the outline. The first request says what we have, so that a first sync that was cut goes
   * on.
   */
  private async outline(from: SourceState): Promise<void> {
    const { store } = this.local
    const { tree, options } = this
    try {
      await using view = this.outlineBegun ? undefined : await store.view(tree)
      const range =
        view === undefined
          ? { after: this.outlinedThrough, chunks: [], complete: true }
          : await askRange(store, view, undefined)
      const request = {
        tree,
        tips: [],
        tipsDigest: '',
        count: view?.count ?? 0,
        range: { ...range, outline: true },
      }
      const answer = await from.source.remote.syncTree(request, { signal: options.signal })
      await answer.pages[Symbol.asyncIterator]().return?.()
      if (from.error !== undefined) return
      const { range: outline, count } = answer.header
      if (answer.header.status !== 'range' || outline === undefined)
        throw protocolError(
          `The remote was asked for an outline, but its ${answer.header.status} answer has none.`,
        )
      this.expected = count
      this.sketchSize ??= store.sketches.expect(tree, count)
      const ours = range.chunks.at(-1)
      if (!this.outlineBegun) this.outlinedThrough = this.outlineStart = ours && positionOf(ours.last)
      this.outlineBegun = true
      let after = this.outlinedThrough
      // If entries below our last one differ, or ours take more than one request, a session does better.
      const chunks = outline.spans.length > 0 || !range.complete ? [] : (outline.chunks ?? [])
      checkChunks(after && keyOf(after), chunks)
      for (const chunk of chunks) {
        this.jobs.push({ after, chunk, outlinedBy: from, disputedBy: [], fetch: undefined })
        after = positionOf(chunk.last)
      }
      this.outlinedThrough = after
      this.complete = outline.through === undefined || chunks.length === 0
    } catch (error) {
      if (options.signal?.aborted) this.failure = error
      else this.leaveOut(from, CausewayError.from(error))
    }
  }

  /** Returns the error of a first sync that has no source left. */
  private noSourceError(): CausewayError {
    const { error } = this.sources.at(-1)!
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
