/** The calls on the state of trees that this node has itself. */
import type { Clock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { BlobFetcher, Blobs } from '../blobs/blobs.ts'
import { StateReader } from '../reads.ts'
import type { Texts } from '../text/texts.ts'
import type { Views } from '../view.ts'
import { watchStore } from '../watch.ts'
import type { StateWriter } from '../writer.ts'
import type { StoreCalls } from './calls.ts'

/** Returns the calls on this node's own state. */
export function localCalls(parts: {
  readonly views: Views
  readonly writer: StateWriter
  readonly clock: Clock
  readonly texts: Texts
  readonly blobs: Blobs
  readonly fetcher: BlobFetcher
  /** This node's key. */
  readonly peer: PeerId
}): StoreCalls {
  const { views, writer, clock, texts, blobs, fetcher, peer } = parts
  const reader = new StateReader(views)
  return {
    async get(tree, keys, read) {
      await reader.ready(tree, read)
      return texts.show(tree, await reader.get(tree, keys))
    },
    async list(tree, options, read) {
      await reader.ready(tree, read)
      return reader.list(tree, options)
    },
    async stores(tree, after, read) {
      await reader.ready(tree, read)
      return reader.stores(tree, after, 1_000)
    },
    async history(tree, key, after, read) {
      await reader.ready(tree, read)
      return reader.history(tree, key, after, limits.stateHistoryRows)
    },
    putChunk: (tree, data) => blobs.put(tree, data, peer),
    async *readBlob(tree, blob, range, signal) {
      await reader.ready(tree, { signal })
      yield* blobs.read(tree, blob, { ...range, fetcher, signal })
    },
    openText: (tree, key) => texts.open(tree, key),
    readText: (tree, key, read) => texts.read(tree, key, read),
    write: async (tree, write, signal) => [(await writer.write(tree, write, signal)).id],
    watch: (tree, options, signal) =>
      watchStore({ views, reader, clock, mayRead: async () => true }, tree, options, signal),
  }
}
