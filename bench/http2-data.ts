/** Counts the bytes that one side of an HTTP/2 connection sends on its streams, without the framing. */

/** The head of a frame: length (3 bytes), type, flags and stream; RFC 9113, section 4.1. */
const headBytes = 9
const dataType = 0

export class DataCounter {
  /** The bytes of DATA frames so far. */
  bytes = 0
  private head = Buffer.alloc(0)
  private left = 0
  private isData = false

  /** Counts the next bytes of the connection. */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.left > 0) {
        const taken = Math.min(this.left, chunk.length - at)
        if (this.isData) this.bytes += taken
        this.left -= taken
        at += taken
        continue
      }
      const taken = Math.min(headBytes - this.head.length, chunk.length - at)
      this.head = Buffer.concat([this.head, chunk.subarray(at, at + taken)])
      at += taken
      if (this.head.length < headBytes) return
      this.left = this.head.readUIntBE(0, 3)
      this.isData = this.head[3] === dataType
      this.head = Buffer.alloc(0)
    }
  }
}
