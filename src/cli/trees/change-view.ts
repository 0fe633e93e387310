/**
 * A change of an entry in words: what it does to a key or to the policy. Payloads come from whoever may write to the tree,
 * so text is made safe for the terminal, and what cannot be read is shown as any other payload.
 */
import { type DescMessage, fromBinary, type MessageShape } from '@bufbuild/protobuf'
import {
  type Change,
  type PolicyChange,
  PolicyChangeSchema,
  PublicAccess,
} from '../../../gen/causeway/v1/entry_pb.ts'
import {
  CounterAddSchema,
  MapDeleteSchema,
  type MapPut,
  MapPutSchema,
  TextUpdateSchema,
} from '../../../gen/causeway/v1/state_pb.ts'
import { hexText, payloadText, plainText } from '../output.ts'
import { accessName, permissionName } from '../permission.ts'
import { shortValue } from '../stores/item-view.ts'

/** How each kind of change is read. */
const readers: Readonly<Record<string, (payload: Uint8Array) => string>> = {
  'cw.put': reader(MapPutSchema, putText),
  'cw.delete': reader(MapDeleteSchema, ({ key }) => `delete ${plainText(key)}`),
  'cw.add': reader(CounterAddSchema, ({ key, delta }) => `add ${delta} to ${plainText(key)}`),
  'cw.yjs': reader(TextUpdateSchema, ({ key }) => `edit the text ${plainText(key)}`),
}
const readPolicy = reader(PolicyChangeSchema, policyText)

/** Returns a change in words, or else its payload as text, or its size. */
export function changeText({ store, kind, payload }: Change): string {
  const read = store === '_policy' ? readPolicy : Object.hasOwn(readers, kind) ? readers[kind] : undefined
  try {
    return read?.(payload) ?? payloadText(payload)
  } catch {
    return payloadText(payload)
  }
}

function reader<Schema extends DescMessage>(
  schema: Schema,
  format: (message: MessageShape<Schema>) => string,
): (payload: Uint8Array) => string {
  return (payload) => format(fromBinary(schema, payload))
}

function putText({ key, value, type, blob }: MapPut): string {
  return `put ${plainText(key)} = ${shortValue({ value, type, blob })}`
}

function policyText({ treeName, publicAccess, keys }: PolicyChange): string {
  const parts = [
    ...(treeName === '' ? [] : [`name ${plainText(treeName)}`]),
    ...(publicAccess === PublicAccess.UNSPECIFIED ? [] : [`everybody ${accessName(publicAccess)}`]),
    ...keys.map(({ peer, permission, name, revoked }) =>
      [hexText(peer).slice(0, 12), revoked ? 'revoked' : permissionName(permission), plainText(name)]
        .filter((part) => part !== '')
        .join(' '),
    ),
  ]
  return parts.join(', ')
}
