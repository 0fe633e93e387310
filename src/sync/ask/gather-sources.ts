/**
 * The sources of a first sync from several remotes: those that take part, those that may still come, and those that wait
 * for a place. A source comes and goes while the sync runs.
 */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Remote } from '../remote.ts'

/** A remote from which a first sync may fetch. */
export interface Source {
  readonly peer: PeerId
  readonly remote: Remote
  /** Called when the source is left out and cannot be used for a session either, with the reason. */
  readonly onLost?: ((error: CausewayError) => void) | undefined
}

/** What one source gave. */
export interface SourceReport {
  readonly peer: PeerId
  /** Entries from it that were new here. */
  readonly entries: number
  /** Why the source was left out, or got no more chunks; undefined if neither. */
  readonly error?: CausewayError | undefined
}

/** A source, what it gave, and what it is doing. */
export interface SourceState {
  readonly source: Source
  entries: number
  /** Fetches in flight. */
  fetching: number
  error: CausewayError | undefined
  /** How long the sync has waited for its outline with nothing to store. */
  outlineMs: number
  /** Set once all waited too long for its chunk or its outline. It then gets no further ones while others are left. */
  slow: CausewayError | undefined
  /** Whether it and the outline disagree on a chunk. It gets no other until that is settled. */
  disputes: boolean
}

/** Returns whether all waited too long for the outline of a source while another could give it, and notes that. */
export function isLate(source: SourceState, active: readonly SourceState[]): boolean {
  if (source.outlineMs <= limits.gatherOutlineMs) return false
  if (!active.some((other) => other !== source && other.slow === undefined && !other.disputes)) return false
  source.slow ??= new CausewayError(
    'TIMEOUT',
    `The first sync waited for more than ${limits.gatherOutlineMs} ms for the outline of the remote.`,
  )
  return true
}

/** Returns those of these sources that are not slow, or all of them if all are. */
export function quickest(sources: readonly SourceState[]): readonly SourceState[] {
  const quick = sources.filter(({ slow }) => slow === undefined)
  return quick.length > 0 ? quick : sources
}

/** Returns the source that should fetch a chunk beside `from`, or undefined if none can be trusted with it. */
export function companionOf(from: SourceState, sources: readonly SourceState[]): SourceState | undefined {
  return sources
    .filter((source) => source !== from && source.slow === undefined && !source.disputes)
    .sort((a, b) => a.fetching - b.fetching)[0]
}

export class Sources {
  private readonly states: SourceState[] = []
  /** Those for which there is no room yet. */
  private readonly waiting: Source[] = []
  private awaited = 0
  private readonly onChange: () => void

  /** `onChange` is called when a source has come, or will not come. */
  constructor(onChange: () => void) {
    this.onChange = onChange
  }

  /** Those that were not left out. */
  get active(): readonly SourceState[] {
    return this.states.filter(({ error }) => error === undefined)
  }

  get all(): readonly SourceState[] {
    return this.states
  }

  /** Whether a source may still come. */
  get expects(): boolean {
    return this.awaited > 0
  }

  /** Adds a source. If there are `limits.gatherSources`, it waits until another one is left out. */
  add(source: Source): void {
    if (this.active.length >= limits.gatherSources) {
      this.waiting.push(source)
      return
    }
    this.states.push({
      ...{ source, entries: 0, fetching: 0, outlineMs: 0 },
      ...{ error: undefined, slow: undefined, disputes: false },
    })
    this.onChange()
  }

  /** Adds a source once its promise resolves. */
  expect(source: Promise<Source>): void {
    this.awaited++
    source
      .then(
        (arrival) => this.add(arrival),
        () => {},
      )
      .finally(() => {
        this.awaited--
        this.onChange()
      })
  }

  /** A source that waits for a place waits no more. Returns the state of one that has a place. */
  leaving(source: Source): SourceState | undefined {
    const index = this.waiting.indexOf(source)
    if (index >= 0) this.waiting.splice(index, 1)
    return this.states.find((state) => state.source === source && state.error === undefined)
  }

  /** Leaves a source out because of an error, once. Another one takes its place. `isLost`: it is good for nothing else. */
  leaveOut(state: SourceState, error: CausewayError, isLost: boolean): void {
    if (state.error !== undefined) return
    state.error = error
    const next = this.waiting.shift()
    if (next !== undefined) this.add(next)
    if (isLost) state.source.onLost?.(error)
  }

  /** Nobody is left to settle what sources dispute, so that they begin anew. */
  endDisputes(): void {
    for (const state of this.states) state.disputes = false
  }

  /** The sources that were not left out; first `outliner`, last those that were too slow. */
  trusted(outliner: SourceState | undefined): Source[] {
    const rank = (state: SourceState) => (state.slow !== undefined ? 2 : Number(state !== outliner))
    return [...this.active].sort((a, b) => rank(a) - rank(b)).map(({ source }) => source)
  }

  /** Returns how many entries that were new here these gave. */
  given(sources: ReadonlySet<Source>): number {
    return this.states.reduce((sum, { source, entries }) => sum + (sources.has(source) ? entries : 0), 0)
  }

  /** Returns what each source gave. */
  reports(): SourceReport[] {
    return this.states.map(({ source, entries, error, slow }) => ({
      peer: source.peer,
      entries,
      error: error ?? slow,
    }))
  }
}
