/**
 * What a watch tells, read while the message before is still being worked in. Events of one tree that have come meanwhile
 * become one, just as the peer tells who asks later: so whoever falls behind catches up by fewer and larger pages.
 */
import { limits } from '../base/limits.ts'
import type { WatchEvent, WatchMessage } from '../sync/answer/watch.ts'

/** At most limits.watchAhead wait; then the peer has to. The source ends by its own signal where this is left early. */
export async function* readAhead(messages: AsyncIterable<WatchMessage>): AsyncGenerator<WatchMessage> {
  const ahead: WatchMessage[] = []
  let over = false
  let failure: { error: unknown } | undefined
  let wakeReader = () => {}
  let wakeWriter = () => {}
  const fill = async () => {
    try {
      for await (const message of messages) {
        const joined = join(ahead.at(-1), message)
        if (joined !== undefined) ahead[ahead.length - 1] = joined
        else ahead.push(message)
        wakeReader()
        while (ahead.length >= limits.watchAhead && !over)
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
    for (;;) {
      if (ahead.length > 0) {
        const message = ahead.shift()
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

/** Both events as one, where they are of one tree and small enough. */
function join(first: WatchMessage, second: WatchMessage): WatchEvent | undefined {
  if (first === undefined || second === undefined || first.tree !== second.tree) return undefined
  const entries = [...first.entries, ...second.entries]
  if (entries.length > limits.inlineEntries) return undefined
  let bytes = 0
  for (const { body, signature } of entries) bytes += body.length + signature.length
  return bytes > limits.inlineBytes ? undefined : { ...second, entries }
}
