/** A stream of a view: what it told counts as old from its loss on, until it tells again. */
import { Part } from './connection.ts'
import { keepOpen, type StreamHandlers } from './keep-open.ts'

/** Keeps a stream open while a view is shown. Returns a function that ends it. */
export function followInView<Message>(handlers: StreamHandlers<Message>): () => void {
  const part = new Part(() => {
    // The node is there again: no pause is needed.
    stop()
    stop = keepOpen(told)
  })
  const told: StreamHandlers<Message> = {
    ...handlers,
    onMessage(message) {
      handlers.onMessage(message)
      part.settle()
    },
    onLost(error, heardAt) {
      handlers.onLost(error, heardAt)
      part.outdate()
    },
  }
  let stop = keepOpen(told)
  return () => {
    stop()
    part.end()
  }
}
