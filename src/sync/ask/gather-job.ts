/**
 * The records of a first sync from several remotes: one for each source, one for each chunk of the outline, and the
 * error that ties a bad page to both.
 */
import type { CausewayError } from '../../base/errors.ts'
import type { RangeChunk } from '../../dag/difference/ranges.ts'
import type { Position } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Remote } from '../remote.ts'
import type { ChunkMismatch, Fetch } from './gather-fetch.ts'

/** A remote from which a first sync may fetch. */
export interface Source {
  readonly peer: PeerId
  readonly remote: Remote
}

/** A source, what it gave, and what it is doing. */
export interface SourceState {
  readonly source: Source
  entries: number
  /** Fetches in flight. */
  fetching: number
  error: CausewayError | undefined
  /** Whether it and the outline disagree on a chunk. It gets no other until that is settled. */
  disputes: boolean
}

/** The job of getting one chunk of the outline. */
export interface Job {
  readonly after: Position | undefined
  readonly chunk: RangeChunk
  readonly outlinedBy: SourceState
  /** Sources that sent other entries. If there are any, only the source of the outline can settle what is right. */
  readonly disputedBy: SourceState[]
  fetch: { readonly stream: Fetch; readonly from: SourceState } | undefined
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
