/**
 * A first sync from several remotes at once. One of them tells the outline of what is missing, chunk by chunk in (height,
 * id) order; each chunk is fetched from whichever source is free, checked against the outline, and stored in that order,
 * so the store is valid after every page. A source that is lost, silent or lies is left out by name and its chunks come
 * from another. Whatever is wrong with this costs time only: a session afterwards compares as ever.
 */

import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { checkChunks, type RangeChunk } from '../../dag/difference/ranges.ts'
import type { SignedEntry } from '../../dag/entry.ts'
import type { EntryId, Position, TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { askRange, keyOf, positionOf } from '../ranges.ts'
import type { Remote } from '../remote.ts'
import type { SessionLocal } from './exchange.ts'
import { ChunkMismatch, Fetch } from './gather-fetch.ts'
import { Pipeline } from './pipeline.ts'
import { protocolError, type SessionProgress } from './transfer.ts'

export interface Source {
  readonly peer: PeerId
  readonly remote: Remote
}

/** What one source gave. */
export interface SourceReport {
  readonly peer: PeerId
  /** Entries from it that were new here. */
  readonly entries: number
  /** Why it was left out. */
  readonly error?: CausewayError | undefined
}

export interface GatherOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: SessionProgress) => void) | undefined
}

/** A source and how it does. */
interface SourceState {
  readonly source: Source
  entries: number
  fetching: number
  error: CausewayError | undefined
  /** It and the outline disagree on a chunk: it gets no more until that is settled. */
  disputes: boolean
}

/** A chunk of the outline. */
interface Job {
  readonly after: Position | undefined
  readonly chunk: RangeChunk
  readonly outlinedBy: SourceState
  /** Sources that sent something else: now who outlined it has to send it. */
  readonly disputedBy: SourceState[]
  fetch: { readonly stream: Fetch; readonly from: SourceState } | undefined
}

/** A page that was not right, and whose it was. */
class BadPage extends Error {
  readonly job: Job
  readonly from: SourceState
  override readonly cause: CausewayError | ChunkMismatch

  constructor(job: Job, from: SourceState, cause: CausewayError | ChunkMismatch) {
    super(cause.message)
    this.job = job
    this.from = from
    this.cause = cause
  }
}

/** How many entries a remote has, for the price of one small exchange. */
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

export class Gathering {
  received = 0
  redundant = 0
  private readonly local: SessionLocal
  private readonly tree: TreeId
  private readonly options: GatherOptions
  private readonly sources: SourceState[] = []
  /** Sources that may still come. */
  private awaitedSources = 0
  private jobs: Job[] = []
  /** The job that is being stored. */
  private head = 0
  private expected = 0
  private sketchSize: Disposable | undefined
  /** Who tells the outline, where the first one began, up to where it has, and whether that is all. */
  private outliner: SourceState | undefined
  private outlineBegun = false
  private outlineStart: Position | undefined
  private outlinedThrough: Position | undefined
  private outlineCall: Promise<void> | undefined
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

  /** Takes from this source too, from now on. */
  join(source: Source): void {
    if (this.sources.length >= limits.gatherSources) return
    this.sources.push({ source, entries: 0, fetching: 0, error: undefined, disputes: false })
    this.onChange()
  }

  /** Takes from a source that is not there yet as soon as it is, and does not end for want of others before. */
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

  /** The sources that were not left out, the one that told the outline first. */
  get trustedSources(): Source[] {
    const sources = this.sources.filter(({ error }) => error === undefined)
    return [
      ...sources.filter((source) => source === this.outliner),
      ...sources.filter((source) => source !== this.outliner),
    ].map(({ source }) => source)
  }

  reports(): SourceReport[] {
    return this.sources.map(({ source, entries, error }) => ({ peer: source.peer, entries, error }))
  }

  /** Runs until all that the outline has is here. Rejects when no source is left, or our own store fails. */
  async run(): Promise<void> {
    let pipeline = new Pipeline(limits.sessionPagesTakenIn)
    this.running = true
    try {
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

  private async store(job: Job, from: SourceState, page: readonly SignedEntry[]): Promise<void> {
    const { added, known, refused } = await this.local.ingest
      .page(this.tree, page)
      .catch((error: unknown) => {
        const { code } = CausewayError.from(error)
        // A page past the bounds is the source's, all else is ours.
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

  /** A job has come to its end, as the outline has it. */
  private finish(job: Job): void {
    this.head++
    for (const source of job.disputedBy.splice(0))
      this.leaveOut(
        source,
        protocolError('The remote sent other entries of a chunk than the remote that it was told by has.'),
      )
    // What was stored a few pieces ago is done with.
    const oldJob = this.jobs[this.head - 1 - limits.sessionPagesTakenIn]
    if (oldJob !== undefined) oldJob.fetch = undefined
  }

  /** Sees to it that a job which went wrong comes from somebody else. */
  private replace({ job, from, cause }: BadPage): void {
    const index = this.jobs.indexOf(job)
    if (!(cause instanceof ChunkMismatch)) this.leaveOut(from, cause)
    else if (from === job.outlinedBy)
      this.leaveOut(
        from,
        protocolError(`The remote does not have what it told that it has. ${cause.message}`),
      )
    else {
      from.disputes = true
      job.disputedBy.push(from)
    }
    if (index === -1) return
    // Later pieces of which pages were tried already stand on it, so they come again too.
    for (const dependent of this.jobs.slice(index, Math.max(index, this.head) + 1)) {
      dependent.fetch?.stream.abort()
      dependent.fetch = undefined
    }
    this.head = Math.min(this.head, index)
    // With who outlined it gone, nobody can settle whether this source is wrong.
    if (cause instanceof ChunkMismatch && job.outlinedBy.error !== undefined) this.outlineAnew()
  }

  private leaveOut(source: SourceState, error: CausewayError): void {
    source.error ??= error
    for (const job of this.jobs.slice(this.head))
      if (job.fetch?.from === source && !job.fetch.stream.complete) {
        job.fetch.stream.abort()
        job.fetch = undefined
      }
    if (source === this.outliner) this.outliner = undefined
    // Nobody can settle what others have disputed: another outline begins here.
    if (this.jobs.some(({ outlinedBy, disputedBy }) => outlinedBy === source && disputedBy.length > 0))
      this.outlineAnew()
  }

  private outlineAnew(): void {
    for (const job of this.jobs.splice(this.head)) job.fetch?.stream.abort()
    const last = this.jobs.at(-1)
    this.outlinedThrough = last === undefined ? this.outlineStart : positionOf(last.chunk.last)
    this.complete = false
    for (const source of this.sources) source.disputes = false
  }

  /** Starts whatever can be started: the next part of the outline, and fetches of pieces that are not too far ahead. */
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
        // What is to be stored next never waits for a turn.
        .filter(({ fetching }) => index === 0 || fetching < limits.gatherChunksAtOnce)
        .sort((a, b) => a.fetching - b.fetching)[0]
      if (free !== undefined) this.fetch(job, free)
      else if (index === 0 && sources.every(({ disputes }) => disputes)) this.outlineAnew()
    }
  }

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

  /** Asks for the next part of the outline; at first with what is here, so that a first sync which was cut goes on. */
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
        throw protocolError('The remote did not answer the question for an outline.')
      this.expected = count
      this.sketchSize ??= store.sketches.expect(tree, count)
      const ours = range.chunks.at(-1)
      if (!this.outlineBegun) this.outlinedThrough = this.outlineStart = ours && positionOf(ours.last)
      this.outlineBegun = true
      let after = this.outlinedThrough
      // Where something differs before our last entry, or we have too much to tell, a session does better.
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

  private noSourceError(): CausewayError {
    const { error } = this.sources.at(-1)!
    return error ?? new CausewayError('UNREACHABLE', 'No peer is left to take entries from.')
  }

  /** Something may be started now, and whoever waits looks again. */
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
