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
import { hexOf } from '../../../parts/ids.ts'

export interface TextKey {
  readonly tree: Uint8Array
  readonly store: string
  readonly key: string
}

export async function openText({ tree, store, key }: TextKey): Promise<SharedText> {
  const [yjs, { peer }] = await Promise.all([loadYjs(), nodeCalls.getNode({})])
  return SharedText.open({
    ...{ yjs, clock: systemClock, author: hexOf(peer) as PeerId },
    feed: (signal) => feed({ tree, store, key }, signal),
    async write(edit) {
      const change = { key: { store, key }, what: { case: 'edit' as const, value: { ...edit } } }
      const { at } = await storeCalls.write({ tree, changes: [change] }).catch((error) => {
        throw fromConnectError(error)
      })
      return idFromBytes(at[0]!)
    },
  })
}

/** Follows the text, and ends where the network is lost: a stream would stay silent for minutes. */
async function* feed({ tree, store, key }: TextKey, signal: AbortSignal): AsyncGenerator<TextMessage> {
  const lost = new AbortController()
  const lose = () => lost.abort(new CausewayError('DISCONNECTED', 'The node is silent.'))
  addEventListener('offline', lose)
  const either = AbortSignal.any([signal, lost.signal])
  let silence = setTimeout(lose, limits.watchSilenceMs)
  try {
    const request = { tree, key: { store, key } }
    for await (const message of readTextFeed(storeCalls.watchText(request, { signal: either }))) {
      clearTimeout(silence)
      silence = setTimeout(lose, limits.watchSilenceMs)
      yield message
    }
  } catch (error) {
    throw fromConnectError(error, either)
  } finally {
    clearTimeout(silence)
    removeEventListener('offline', lose)
  }
}
