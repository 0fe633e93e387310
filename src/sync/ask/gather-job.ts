/**
 * The records of a first sync from several remotes: one for each chunk of the outline, and the error that ties a bad page
 * to a chunk and a source.
 */
import type { CausewayError } from '../../base/errors.ts'
import type { RangeChunk } from '../../dag/difference/ranges.ts'
import type { Position } from '../../dag/id.ts'
import type { Refusal } from '../ingest.ts'
import { ChunkMismatch, type Fetch } from './gather-fetch.ts'
import type { SourceState } from './gather-sources.ts'
import { protocolError } from './transfer.ts'

/** The job of getting one chunk of the outline. */
export interface Job {
  readonly after: Position | undefined
  readonly chunk: RangeChunk
  readonly outlinedBy: SourceState
  /** Sources that sent other entries. If there are any, only the source of the outline can settle what is right. */
  readonly disputedBy: SourceState[]
  fetch: JobFetch | undefined
  /** A second fetch, from another source, if the first one holds all others up. */
  double: JobFetch | undefined
  /** How long the sync has waited for this chunk with nothing else to store. */
  heldMs: number
}

export function newJob(after: Position | undefined, chunk: RangeChunk, outlinedBy: SourceState): Job {
  return { after, chunk, outlinedBy, disputedBy: [], fetch: undefined, double: undefined, heldMs: 0 }
}

/** A fetch of a job's chunk. */
export interface JobFetch {
  readonly stream: Fetch
  readonly from: SourceState
}

/** Ends the fetches of a job. */
export function drop(job: Job): void {
  job.fetch?.stream.abort()
  job.double?.stream.abort()
  job.fetch = job.double = undefined
}

/** A page that is wrong, with its job and its source. */
export class BadPage extends Error {
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

/** Returns what is wrong with a page of which our store refused entries, or undefined if it refused none. */
export function badPageOf(job: Job, from: SourceState, refused: readonly Refusal[]): BadPage | undefined {
  const [first] = refused
  if (first === undefined) return undefined
  const invalid = refused.find(({ error }) => error.code !== 'ENTRY_MISSING_PARENT')
  const cause =
    invalid === undefined
      ? new ChunkMismatch(`The remote sent an entry before its parents: ${first.error.message}`)
      : protocolError(
          `The remote sent an entry that is not valid: ${invalid.error.message}`,
          { entry: invalid.id, code: invalid.error.code },
          invalid.error,
        )
  return new BadPage(job, from, cause)
}
