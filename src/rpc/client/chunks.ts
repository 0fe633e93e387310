/**
 * Reads the answer of a call, in place of the HTTP/2 stream's own iterator. From Node 24.20 and 26.3 on, that one throws
 * ERR_STREAM_PREMATURE_CLOSE if the whole answer has arrived before its first read (nodejs/node#65677): it takes a stream
 * that says `closed` for one that was read or cut, but an HTTP/2 stream says so once both sides have sent their end,
 * although its bytes still wait to be read.
 */
import type { Readable } from 'node:stream'

/** Each may mean that there are bytes, an end or an error. */
const changes = ['readable', 'end', 'error', 'close']

/** A stream of HTTP/2 says how it was reset; after NO_ERROR, which is 0, it may be whole. */
type Answer = Readable & { readonly rstCode?: number | undefined }

/**
 * Yields the stream's bytes up to its end. Throws its error, or ERR_STREAM_PREMATURE_CLOSE if it was destroyed or reset
 * before its end. Destroys it if its reader leaves early.
 */
export async function* chunksOf(stream: Answer): AsyncGenerator<Buffer> {
  let wake = () => {}
  const onChange = () => wake()
  for (const change of changes) stream.on(change, onChange)
  try {
    // Each turn yields, ends or waits for the stream; a destroyed stream emits 'close', which is the last.
    for (;;) {
      const chunk: Buffer | null = stream.destroyed ? null : stream.read()
      if (chunk !== null) yield chunk
      else if (stream.errored !== null) throw stream.errored
      // Node emits 'end' for a reset with CANCEL as well.
      else if (stream.readableEnded && !stream.rstCode) return
      else if (stream.destroyed) throw prematureClose()
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    for (const change of changes) stream.off(change, onChange)
    if (!stream.readableEnded) stream.destroy()
  }
}

function prematureClose(): Error {
  return Object.assign(new Error('The stream was destroyed before its end.'), {
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  })
}
