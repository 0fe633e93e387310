/**
 * Counts the HTTP/2 frames that a caller sends, before node:http2 reads them. A frame costs the same whether it carries
 * much or nothing, and of most kinds node:http2 reads as many as come. So whoever sends frames without bytes pays for
 * them: see `Throttle.payFrames`. Headers are the other way round: each of their bytes may name a header of 4 KB that came
 * before (RFC 7541, section 6.1), so they cost by their bytes.
 */
import { limits } from '../../base/limits.ts'

/** The client's preface, which comes before the first frame. */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** A frame begins with its length in three bytes, its type, its flags and its stream in four. */
const headBytes = 9
const dataType = 0
/** HEADERS, PUSH_PROMISE and CONTINUATION. */
const headerTypes = new Set([1, 5, 9])

export class FrameCounter {
  /** Bytes that come before the head of the next frame. */
  private toSkip = preface.length
  /** How many bytes of a head have been read. */
  private headRead = 0
  private length = 0

  /**
   * Reads frames from this place of a chunk until those that have begun cost `most`. Returns what they cost, which may be
   * more by one large block of headers, and where it stopped: at the chunk's end, or in the head of the last of them.
   */
  read(chunk: Uint8Array, from: number, most: number): { frames: number; end: number } {
    let frames = 0
    let at = from
    // Ends: each turn moves on in the chunk.
    while (at < chunk.length && frames < most) {
      if (this.toSkip > 0) {
        const skipped = Math.min(this.toSkip, chunk.length - at)
        this.toSkip -= skipped
        at += skipped
        continue
      }
      const byte = chunk[at++]!
      if (this.headRead < 3) this.length = this.length * 256 + byte
      else if (this.headRead === 3) frames += this.cost(byte)
      this.headRead++
      if (this.headRead < headBytes) continue
      this.toSkip = this.length
      this.headRead = 0
      this.length = 0
    }
    return { frames, end: at }
  }

  /** Returns as how many frames one of this type and of the length just read counts. */
  private cost(type: number): number {
    if (type === dataType) return this.length < limits.bytesOfFrame ? 1 : 0
    return headerTypes.has(type) ? 1 + Math.floor(this.length / limits.bytesOfFrame) : 1
  }
}
