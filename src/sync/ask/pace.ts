/**
 * How much a sender has under way: what the link carried lately in two seconds, and little at first. On a fast link that is
 * all that it may be; on a slow one a page that is asked after, or a ping behind it, must not wait so long that the link
 * looks dead.
 */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'

export class Pace {
  private allowedBytes: number = limits.pushFirstBytes
  private bytesUnderWay = 0

  /** Of one page. */
  get pageBytes(): number {
    return Math.min(this.allowedBytes, limits.pageBytes)
  }

  get pagesInFlight(): number {
    return Math.max(1, Math.floor(this.allowedBytes / limits.pageBytes))
  }

  /** Sends, and learns from how long the answer took: what was under way then went before it. */
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
