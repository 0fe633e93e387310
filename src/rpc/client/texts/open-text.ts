/** Opens and reads texts with a client of StoreService, for programs whose writes the node signs: the command. */
import type { Client } from '@connectrpc/connect'
import type { StoreService } from '../../../../gen/causeway/v1/store_pb.ts'
import { systemClock } from '../../../base/clock.ts'
import { CausewayError } from '../../../base/errors.ts'
import { bytesToHex } from '../../../dag/hex.ts'
import { idFromBytes } from '../../../dag/id.ts'
import type { PeerId } from '../../../dag/identity.ts'
import { SharedText } from '../../../state/text/shared-text.ts'
import { textOf } from '../../../state/text/update.ts'
import { loadYjs } from '../../../state/text/yjs.ts'
import { fromConnectError } from '../../errors.ts'
import { readTextFeed } from './text-feed.ts'

/** A text. */
export interface TextName {
  readonly tree: Uint8Array
  readonly store: string
  readonly key: string
}

type StoreClient = Client<typeof StoreService>

/** Returns a text as it is now, of any length, or undefined if the key has none. `at`: what it waits for. */
export async function readTextOf(
  stores: StoreClient,
  { tree, store, key }: TextName,
  at: readonly Uint8Array[] = [],
): Promise<string | undefined> {
  const yjs = await loadYjs()
  const over = new AbortController()
  const request = { tree, key: { store, key }, read: { at: [...at] } }
  try {
    for await (const { update } of readTextFeed(stores.watchText(request, { signal: over.signal })))
      if (update !== undefined) return textOf(yjs, update)
  } finally {
    over.abort()
  }
  throw new CausewayError('PROTOCOL', 'The node ended the watch of a text before it told the text.')
}

/** Opens a text for editing by the key of the node, `peer`. Close it, so that the edits are written. */
export async function openTextOf(
  stores: StoreClient,
  peer: Uint8Array,
  { tree, store, key }: TextName,
): Promise<SharedText> {
  return SharedText.open({
    ...{ yjs: await loadYjs(), clock: systemClock, author: bytesToHex(peer) as PeerId },
    async *feed(signal) {
      try {
        yield* readTextFeed(stores.watchText({ tree, key: { store, key } }, { signal }))
      } catch (error) {
        throw fromConnectError(error, signal)
      }
    },
    async write(edit) {
      const change = { key: { store, key }, what: { case: 'edit' as const, value: { ...edit } } }
      try {
        const { at } = await stores.write({ tree, changes: [change], durable: true })
        return idFromBytes(at[0]!)
      } catch (error) {
        throw fromConnectError(error)
      }
    },
  })
}
