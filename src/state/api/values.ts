/** Values of programs and their bytes: the media type alone decides how a value reads, in every language alike. */
import { CausewayError } from '../../base/errors.ts'

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }
/** A text is text/plain, bytes have no type, everything else is application/json. */
export type Value = Uint8Array | Json

const [plainText, json] = ['text/plain', 'application/json']
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns the bytes of a value and its type. Throws INVALID_ARGUMENT for what JSON cannot say. */
export function encodeValue(value: Value): { value: Uint8Array; type: string } {
  if (value instanceof Uint8Array) return { value, type: '' }
  if (typeof value === 'string') return { value: new TextEncoder().encode(value), type: plainText }
  const text = safely(() => JSON.stringify(value))
  if (text === undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A value is bytes, text, or what JSON can say, got ${typeof value}.`,
    )
  return { value: new TextEncoder().encode(text), type: json }
}

/** Returns the value of some bytes; the bytes themselves if they are not what the type says, or if it says nothing. */
export function decodeValue({ value, type }: { readonly value: Uint8Array; readonly type: string }): Value {
  const [media] = type.split(';')
  if (media !== json && !media!.startsWith('text/')) return value
  const read = safely(() => (media === json ? (JSON.parse(utf8.decode(value)) as Value) : utf8.decode(value)))
  return read === undefined ? value : read
}

function safely<Result>(task: () => Result): Result | undefined {
  try {
    return task()
  } catch {
    return undefined
  }
}
