/** Ends HTTP/2 streams and sessions whose callers are silent, slow or gone, or reset what they begin. */
import * as http2 from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { Buckets } from '../../base/token-bucket.ts'
import { requestTimeMs } from './in-time.ts'

export interface SupervisionParts {
  readonly clock: Clock
  readonly idleTimeoutMs: number
}

/**
 * Supervises a session: resets streams whose caller is silent, and ends the session if the remote is gone. It pings
 * the remote for that, since its leaving is not always noticed: if a write over TLS fails while more is to be
 * written, node:http2 waits for room for ever.
 */
export function supervise(
  session: http2.ServerHttp2Session,
  channel: Duplex,
  { clock, idleTimeoutMs }: SupervisionParts,
): void {
  let streams = 0
  const resets = new Buckets({
    ...{ clock, burst: limits.resetBurst, perSecond: limits.resetsPerSecond },
    keys: 1,
  })
  // A session that waits for a write ends only when its byte stream does.
  const giveUp = () => {
    session.destroy()
    channel.destroy()
  }
  session.on('stream', (stream) => {
    streams++
    stream.once('close', () => {
      streams--
      const wasReset = stream.aborted || stream.rstCode !== http2.constants.NGHTTP2_NO_ERROR
      if (wasReset && !session.destroyed && resets.take('') > 0) calm(session, channel)
    })
    const onSilence = () => {
      // Silent because its handler is working; the call's own deadline bounds that.
      if (stream.readableEnded && stream.writableLength === 0) stream.setTimeout(idleTimeoutMs, onSilence)
      else resetStream(stream, http2.constants.NGHTTP2_CANCEL)
    }
    stream.setTimeout(idleTimeoutMs, onSilence)
    const cancelTimer = clock.setTimer(requestTimeMs(limits.messageBytes), () => endUnread(stream, clock))
    stream.once('close', cancelTimer)
  })
  // No ping sooner: over a slow link the bytes before a ping take time, and nothing shows their progress.
  const onSilence = () => {
    if (streams === 0 || session.destroyed) return giveUp()
    const cancelTimer = clock.setTimer(limits.pingTimeoutMs, giveUp)
    session.once('close', cancelTimer)
    session.ping(() => {
      cancelTimer()
      session.off('close', cancelTimer)
    })
    session.setTimeout(idleTimeoutMs, onSilence)
  }
  session.setTimeout(idleTimeoutMs, onSilence)
}

/**
 * Resets a stream if its request does not end soon: it was answered already, or has waited for the rest for too long.
 */
export function endUnread(stream: http2.ServerHttp2Stream, clock: Clock): void {
  if (stream.closed || stream.state.remoteClose === 1) return
  const cancelTimer = clock.setTimer(limits.unreadTimeoutMs, () => {
    const { NGHTTP2_NO_ERROR, NGHTTP2_CANCEL } = http2.constants
    // Without an error code, the reset would wait until the caller has read the answer.
    resetStream(stream, stream.writableFinished ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL)
  })
  stream.once('close', cancelTimer)
}

/**
 * Ends a session and tells the caller why. It does so in the next turn: a session that ends while nghttp2 reads a frame
 * takes away memory that nghttp2 still uses.
 */
export function calm(session: http2.ServerHttp2Session, channel: Duplex): void {
  setImmediate(() => {
    if (!session.destroyed) {
      session.goaway(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM)
      session.destroy()
    }
    // The session would wait until the caller has read everything.
    setImmediate(() => channel.destroy())
  })
}

/** Resets a stream. Also discards unread bytes, which would keep it from closing. */
function resetStream(stream: http2.ServerHttp2Stream, code: number): void {
  stream.close(code)
  stream.resume()
}
