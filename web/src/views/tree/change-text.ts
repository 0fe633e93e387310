/** A change of an entry in words, and the value that it brings. What cannot be read is shown as bytes. */
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf'
import { type Change, PolicyChangeSchema } from '../../../../gen/causeway/v1/entry_pb.ts'
import {
  CounterAddSchema,
  MapDeleteSchema,
  MapPutSchema,
  TextUpdateSchema,
} from '../../../../gen/causeway/v1/state_pb.ts'
import { hexOf, shortPeer } from '../../parts/ids.ts'
import { texts } from '../../texts.ts'

export interface Shown {
  /** What the change does. */
  readonly lines: readonly string[]
  /** The key that it is about. */
  readonly key?: string
  /** The value that it brings, if it is text. */
  readonly value?: string
}

/** Characters of a value that are shown. */
const longestValue = 2_000
const words = texts.tree

export function showChange({ store, kind, payload }: Change): Shown {
  const read = store === '_policy' ? showPolicy : Object.hasOwn(readers, kind) ? readers[kind] : undefined
  try {
    return read?.(payload) ?? { lines: [], ...textOf(payload) }
  } catch {
    return { lines: [], ...textOf(payload) }
  }
}

function reader<Schema extends DescMessage>(schema: Schema, show: (message: MessageShape<Schema>) => Shown) {
  return (payload: Uint8Array) => show(fromBinary(schema, payload))
}

/** Of a change to a key. */
function keyReader<Schema extends DescMessage>(
  schema: Schema,
  show: (message: MessageShape<Schema>) => Shown,
) {
  return reader(schema, (message) => {
    const { key } = message as unknown as { readonly key: string }
    return { ...show(message), ...(key !== '' && { key }) }
  })
}

const readers: Readonly<Record<string, (payload: Uint8Array) => Shown>> = {
  'cw.put': keyReader(MapPutSchema, ({ key, value, blob }) => ({
    lines: [words.put(key), ...(blob ? [words.blobOf(Number(blob.size))] : [])],
    ...(!blob && textOf(value)),
  })),
  'cw.delete': keyReader(MapDeleteSchema, ({ key }) => ({ lines: [words.deletes(key)] })),
  'cw.add': keyReader(CounterAddSchema, ({ key, delta }) => ({ lines: [words.adds(`${delta}`, key)] })),
  'cw.yjs': keyReader(TextUpdateSchema, ({ key }) => ({ lines: [words.edits(key)] })),
}

const showPolicy = reader(PolicyChangeSchema, ({ treeName, publicAccess, keys }) => ({
  lines: [
    ...(treeName === '' ? [] : [words.names(treeName)]),
    ...(publicAccess === 0 ? [] : [words.everybody(words.access[publicAccess] ?? '')]),
    ...keys.slice(0, 50).map(({ peer, permission, name, revoked }) => {
      const who = `${name || shortPeer(hexOf(peer))}`
      return revoked ? words.revokes(who) : words.grants(who, words.permissions[permission] ?? '')
    }),
  ],
}))

/** Returns bytes as text if they are text, else how many they are. */
function textOf(bytes: Uint8Array): Pick<Shown, 'value'> {
  if (bytes.length === 0) return {}
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, 4 * longestValue), {
      stream: true,
    })
    return {
      value:
        text.length > longestValue || bytes.length > 4 * longestValue
          ? `${text.slice(0, longestValue)}…`
          : text,
    }
  } catch {
    return { value: words.binary(bytes.length) }
  }
}
