/**
 * The edits of one text that are not written yet. They become entries after a little silence, since an entry for a run of
 * typing costs much less than one for each key.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { EntryId } from '../../dag/id.ts'

/** An update that an editor made in one of its sessions. */
export interface Edit {
  readonly session: Uint8Array
  readonly update: Uint8Array
}

export interface OutgoingParts {
  readonly clock: Clock
  /** Returns the edits as few updates that can be written. Throws if they cannot be written at all. */
  readonly merge: (edits: readonly Edit[]) => Edit[]
  /** Writes one update as an entry. */
  readonly write: (edit: Edit) => Promise<EntryId>
  /** Called with the error of a write that nobody waits for. The edits are kept for the next one. */
  readonly onProblem: (error: unknown) => void
}

export class Outgoing {
  private readonly parts: OutgoingParts
  private pending: Edit[] = []
  private writing: Edit[] = []
  private firstAtMs = 0
  private cancelTimer = () => {}
  private last: Promise<EntryId[]> = Promise.resolve([])

  constructor(parts: OutgoingParts) {
    this.parts = parts
  }

  /** Notes an edit, to be written after `limits.textQuietMs` without another, or `limits.textDelayMs` after the first. */
  add(edit: Edit): void {
    const { clock } = this.parts
    if (this.pending.length === 0) this.firstAtMs = clock.monotonic()
    this.pending.push(edit)
    this.cancelTimer()
    const leftMs = this.firstAtMs + limits.textDelayMs - clock.monotonic()
    this.cancelTimer = clock.setTimer(Math.max(0, Math.min(limits.textQuietMs, leftMs)), () => {
      this.flush().catch(this.parts.onProblem)
    })
  }

  /** Returns the edits that are not known to be written, in their order. */
  unwritten(): readonly Edit[] {
    return [...this.writing, ...this.pending]
  }

  /** Drops all edits that are not being written. */
  drop(): void {
    this.pending = []
    this.cancelTimer()
  }

  /** Writes all edits so far. Returns the ids of their entries. Throws as the write does; then the edits are kept. */
  flush(): Promise<readonly EntryId[]> {
    this.cancelTimer()
    const next = this.last.catch(() => {}).then(() => this.writeAll())
    // Whoever waits for it gets its error.
    next.catch(() => {})
    this.last = next
    return next
  }

  private async writeAll(): Promise<EntryId[]> {
    const written: EntryId[] = []
    if (this.pending.length === 0) return written
    this.cancelTimer()
    const edits = this.parts.merge(this.pending)
    this.pending = []
    this.writing = edits
    try {
      // Each turn writes an update; ends with the last one.
      while (this.writing.length > 0) {
        written.push(await this.parts.write(this.writing[0]!))
        this.writing.shift()
      }
      return written
    } finally {
      if (this.writing.length > 0) this.firstAtMs = this.parts.clock.monotonic()
      this.pending.unshift(...this.writing)
      this.writing = []
    }
  }
}
