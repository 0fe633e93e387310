/**
 * The blobs that no peer had when they were asked for. Each waits longer after each time, so that a tree with many of
 * them does not ask about all whenever an entry comes.
 */
import { backoffMs } from '../../base/backoff.ts'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'

export class AbsentBlobs {
  private readonly clock: Clock
  /** How often each was asked for, and when it may be asked for again, by what the clock shows. */
  private readonly blobs = new Map<string, { readonly times: number; readonly due: number }>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  /** Reports whether a blob is not to be asked for yet. */
  isWaiting(blob: string): boolean {
    const absent = this.blobs.get(blob)
    return absent !== undefined && absent.due > this.clock.monotonic()
  }

  /** Notes that nobody had a blob. Past limits.mirrorKnown blobs, all others may be asked for at once. */
  add(blob: string): void {
    const times = (this.blobs.get(blob)?.times ?? 0) + 1
    if (this.blobs.size >= limits.mirrorKnown) this.blobs.clear()
    const wait = backoffMs(times, this.clock.random(), {
      baseMs: limits.mirrorRetryMs,
      capMs: limits.mirrorRetryMaxMs,
    })
    this.blobs.set(blob, { times, due: this.clock.monotonic() + wait })
  }

  delete(blob: string): void {
    this.blobs.delete(blob)
  }

  /** Returns how many milliseconds remain until one that waits may be asked for, or undefined if none waits. */
  remainingMs(): number | undefined {
    const now = this.clock.monotonic()
    let least: number | undefined
    for (const { due } of this.blobs.values())
      if (due > now && (least === undefined || due < least)) least = due
    return least === undefined ? undefined : least - now
  }
}
