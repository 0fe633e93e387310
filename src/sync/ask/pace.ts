/**
 * Sets how much a sender has in flight: what the link lately carried in two seconds, and little at first. On a fast
 * link that is all that the bound allows. On a slow link, a later page or a ping waits behind what is in flight, and
 * must not wait so long that the link looks dead.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'

export class Pace {
  private allowedBytes: number = limits.pushFirstBytes
  private bytesUnderWay = 0

  /** The largest page to send, in bytes. */
  get pageBytes(): number {
    return Math.min(this.allowedBytes, limits.pageBytes)
  }

  /** How many pages may be in flight. */
  get pagesInFlight(): number {
    return Math.max(1, Math.floor(this.allowedBytes / limits.pageBytes))
  }

  /** Sends a page and learns from how long the answer takes: all bytes that were in flight crossed before it. */
  async time<Result>(bytes: number, clock: Clock, send: () => Promise<Result>): Promise<Result> {
    this.bytesUnderWay += bytes
    const carriedBytes = this.bytesUnderWay
    const startedMs = clock.monotonic()
    try {
      const result = await send()
      const tookMs = Math.max(1, clock.monotonic() - startedMs)
      const allowed = (carriedBytes * limits.pushAheadMs) / tookMs
      const maxBytes = limits.pageBytes * limits.sessionPagesInFlight
      this.allowedBytes = Math.min(Math.max(allowed, limits.pushLeastBytes), maxBytes)
      return result
    } finally {
      this.bytesUnderWay -= bytes
    }
  }
}
