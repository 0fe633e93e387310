/**
 * Reads the messages of a watch while the one before is still being applied. Events of one tree that arrive meanwhile
 * are joined into one, as the peer itself would do for a slower reader. A node that falls behind therefore catches up
 * in fewer and larger pages.
 */
import { limits } from '../base/limits.ts'
import type { WatchEvent } from '../sync/answer/tree-watch.ts'
import type { WatchMessage } from '../sync/answer/watch.ts'

/**
 * Yields the messages in order, with consecutive events of one tree joined. At most limits.watchAhead messages wait;
 * then the peer has to. A caller that stops early ends `messages` itself, by the signal it gave to it.
 */
export async function* readAhead(messages: AsyncIterable<WatchMessage>): AsyncGenerator<WatchMessage> {
  const queue: WatchMessage[] = []
  let over = false
  let failure: { error: unknown } | undefined
  let wakeReader = () => {}
  let wakeWriter = () => {}
  const fill = async () => {
    try {
      for await (const message of messages) {
        const joined = join(queue.at(-1), message)
        if (joined !== undefined) queue[queue.length - 1] = joined
        else queue.push(message)
        wakeReader()
        // Ends when the reader takes a message, or ends. Each turn waits for that.
        while (queue.length >= limits.watchAhead && !over)
          await new Promise<void>((resolve) => {
            wakeWriter = resolve
          })
        if (over) return
      }
    } catch (error) {
      failure = { error }
    } finally {
      over = true
      wakeReader()
    }
  }
  void fill()
  try {
    // Ends with the messages, or when the reader ends. Each turn yields one or waits for it.
    for (;;) {
      if (queue.length > 0) {
        const message = queue.shift()
        wakeWriter()
        yield message
      } else if (failure !== undefined) throw failure.error
      else if (over) return
      else
        await new Promise<void>((resolve) => {
          wakeReader = resolve
        })
    }
  } finally {
    over = true
    wakeWriter()
  }
}

/** Returns both events as one, or undefined if they are of two trees or too large together. */
function join(first: WatchMessage, second: WatchMessage): WatchEvent | undefined {
  if (first === undefined || second === undefined) return undefined
  if (!('tree' in first && 'tree' in second) || first.tree !== second.tree) return undefined
  const entries = [...first.entries, ...second.entries]
  if (entries.length > limits.inlineEntries) return undefined
  let bytes = 0
  for (const { body, signature } of entries) bytes += body.length + signature.length
  return bytes > limits.inlineBytes ? undefined : { ...second, entries }
}
