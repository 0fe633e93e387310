/**
 * Writes keys by the node's key. What is written replaces what the reader has seen, and nothing else: if the key has
 * changed since, the node refuses the write with CONFLICT.
 */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Item, KeyChangeSchema, Version } from '../../../../gen/causeway/v1/store_pb.ts'
import { putStream } from '../../../../src/rpc/client/put-stream.ts'
import { storeCalls } from '../../api/clients.ts'

/** A key as the reader has seen it. */
export interface Seen {
  readonly tree: Uint8Array
  readonly store: string
  readonly key: string
  /** The value and the versions beside it; none: the key is absent. */
  readonly versions: readonly Version[]
  /** How many more versions there are, which did not fit into the answer. */
  readonly unseen: number
}

export type Change = NonNullable<MessageInitShape<typeof KeyChangeSchema>['what']>

export function seenOf(tree: Uint8Array, { key, value, conflicts, conflictCount }: Item): Seen {
  const versions = value === undefined ? [] : [value, ...conflicts]
  return { tree, store: key!.store, key: key!.key, versions, unseen: conflictCount - conflicts.length }
}

/** Writes one change to a key that is as it was seen. Returns the id of the entry. */
export async function writeSeen({ tree, store, key, versions, unseen }: Seen, what: Change) {
  const entries = versions.map(({ entry }) => entry)
  const change = { key: { store, key }, what, replaces: { entries } }
  // What was not seen cannot be expected, and stays beside what is written.
  const expect = unseen === 0 ? [{ key: { store, key }, versions: entries }] : []
  const { at } = await storeCalls.write({ tree, changes: [change], expect, durable: true })
  return at
}

/** Adds to the number under a key, whatever it is by now: concurrent adds all count. */
export async function addTo({ tree, store, key }: Seen, delta: bigint) {
  const { at } = await storeCalls.write({
    ...{ tree, durable: true },
    changes: [{ key: { store, key }, what: { case: 'add', value: { delta } } }],
  })
  return at
}

/** Puts bytes of any length: long ones chunk by chunk, as a blob. */
export async function putBytes(
  seen: Seen,
  source: Blob,
  type: string,
  onProgress: (sent: number) => void,
): Promise<Uint8Array[]> {
  const value = await putStream(storeCalls, seen.tree, source.stream(), onProgress)
  return writeSeen(seen, { case: 'put', value: { ...value, type } })
}
