/** Entries for applications: which of them a call asks for, by their stores, and which parts of each it shows. */
import { create, type MessageInitShape } from '@bufbuild/protobuf'
import { EntryBodySchema } from '../../gen/causeway/v1/entry_pb.ts'
import { type Entry as EntryMessage, EntrySchema, EntryView } from '../../gen/causeway/v1/tree_pb.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { decodeBody, type EntryBody } from '../dag/body.ts'
import { hexToBytes } from '../dag/hex.ts'
import { formatId, idToBytes } from '../dag/id.ts'
import type { StoredEntry } from '../store/store.ts'

/** Reads a view. Throws INVALID_ARGUMENT for one that this version does not know. */
export function readView(view: EntryView): EntryView {
  if (EntryView[view] === undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `\`view\` must be signed, body, both or outline, got ${view}.`,
      {
        data: { field: 'view' },
      },
    )
  return view || EntryView.SIGNED
}

/** Reads the names of stores; undefined if there are none, which stands for all stores. */
export function readStores(stores: readonly string[]): ReadonlySet<string> | undefined {
  if (stores.length > limits.filteredStores)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `\`stores\` can have at most ${limits.filteredStores} names, got ${stores.length}.`,
      { data: { field: 'stores', max: limits.filteredStores } },
    )
  for (const store of stores)
    if (store === '' || Buffer.byteLength(store) > limits.storeNameBytes)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `\`stores\` must be names of 1 to ${limits.storeNameBytes} bytes, got ${Buffer.byteLength(store)}.`,
        { data: { field: 'stores' } },
      )
  return stores.length === 0 ? undefined : new Set(stores)
}

/** Reports whether a body has a change in one of these stores. */
export function changesOneOf({ changes }: EntryBody, stores: ReadonlySet<string> | undefined): boolean {
  return stores === undefined || changes.some(({ store }) => stores.has(store))
}

/** Returns a stored entry for an application. `body` saves decoding it where the caller has done so. */
export function writeEntry(
  { id, signed }: Pick<StoredEntry, 'id' | 'signed'>,
  isVoid: boolean,
  view: EntryView,
  body?: EntryBody,
): EntryMessage {
  return create(EntrySchema, {
    id: idToBytes(id),
    cid: formatId(id),
    ...((view === EntryView.SIGNED || view === EntryView.BOTH) && { signed }),
    ...(view !== EntryView.SIGNED && {
      body: create(EntryBodySchema, decoded(body ?? decodeBody(signed.body), view)),
    }),
    isVoid,
  })
}

const nothing = new Uint8Array(0)

function decoded(body: EntryBody, view: EntryView): MessageInitShape<typeof EntryBodySchema> {
  const isOutline = view === EntryView.OUTLINE
  return {
    version: body.version,
    tree: body.tree === undefined ? nothing : idToBytes(body.tree),
    parents: body.parents.map(idToBytes),
    height: BigInt(body.height),
    author: hexToBytes(body.author),
    createdAtMs: BigInt(body.createdAtMs),
    policy: isOutline ? [] : body.policy.map(idToBytes),
    changes: body.changes.map(({ store, kind, payload }) => ({
      ...{ store, kind },
      payload: isOutline ? nothing : payload,
    })),
    nonce: isOutline ? nothing : body.nonce,
  }
}
