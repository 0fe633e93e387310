/** Opens a text for editing by the node's key. Yjs comes with this file, which is loaded when a text is opened. */

import { systemClock } from '../../../../../src/base/clock.ts'
import { CausewayError } from '../../../../../src/base/errors.ts'
import { limits } from '../../../../../src/base/limits.ts'
import { idFromBytes } from '../../../../../src/dag/id.ts'
import type { PeerId } from '../../../../../src/dag/identity.ts'
import { readTextFeed } from '../../../../../src/rpc/client/texts/text-feed.ts'
import { fromConnectError } from '../../../../../src/rpc/errors.ts'
import type { TextMessage } from '../../../../../src/state/text/feed.ts'
import { SharedText } from '../../../../../src/state/text/shared-text.ts'
import { loadYjs } from '../../../../../src/state/text/yjs.ts'
import { nodeCalls, storeCalls } from '../../../api/clients.ts'
import { Part } from '../../../api/connection.ts'
import { hexOf } from '../../../parts/ids.ts'

export interface TextKey {
  readonly tree: Uint8Array
  readonly store: string
  readonly key: string
}

export async function openText({ tree, store, key }: TextKey): Promise<SharedText> {
  const [yjs, { peer }] = await Promise.all([loadYjs(), nodeCalls.getNode({})])
  const feeds = new Feeds()
  const text = await SharedText.open({
    ...{ yjs, clock: systemClock, author: hexOf(peer) as PeerId },
    feed: (signal) => feeds.open({ tree, store, key }, signal),
    async write(edit) {
      const change = { key: { store, key }, what: { case: 'edit' as const, value: { ...edit } } }
      const { at } = await storeCalls.write({ tree, changes: [change] }).catch((error) => {
        throw fromConnectError(error)
      })
      return idFromBytes(at[0]!)
    },
  }).catch((error) => {
    feeds.end()
    throw error
  })
  text.on('close', () => feeds.end())
  return text
}

/** Follows a text by one feed after another: what is shown of it counts as old from the loss of one until the next has told. */
class Feeds {
  private lost = new AbortController()
  private readonly part = new Part(() => this.lose())

  /** Ends where the network is lost, or was: a stream would stay silent for minutes. */
  async *open({ tree, store, key }: TextKey, signal: AbortSignal): AsyncGenerator<TextMessage> {
    this.lost = new AbortController()
    const either = AbortSignal.any([signal, this.lost.signal])
    let silence = setTimeout(this.lose, limits.watchSilenceMs)
    addEventListener('offline', this.lose)
    try {
      const request = { tree, key: { store, key } }
      for await (const message of readTextFeed(storeCalls.watchText(request, { signal: either }))) {
        clearTimeout(silence)
        silence = setTimeout(this.lose, limits.watchSilenceMs)
        yield message
        // The first update is all of the text, and was taken in by now.
        if (message.update !== undefined) this.part.settle()
      }
    } catch (error) {
      throw fromConnectError(error, either)
    } finally {
      clearTimeout(silence)
      removeEventListener('offline', this.lose)
      this.part.outdate()
    }
  }

  end(): void {
    this.part.end()
  }

  private readonly lose = (): void => {
    this.lost.abort(new CausewayError('DISCONNECTED', 'The node is silent.'))
  }
}
