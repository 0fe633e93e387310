/** The payload of a change to a text, in its one encoding. docs/state.md, "Text", says what it adds up to. */
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { Fields, none, refuse, Writer } from '../../dag/canonical.ts'
import { present, readKey } from '../payload.ts'

export interface TextUpdate {
  readonly key: string
  /** `limits.textSessionBytes` bytes. With the author they are the client of the update's items. */
  readonly session: Uint8Array
  /** An update of Yjs in its first encoding. */
  readonly update: Uint8Array
}

/** Throws INVALID_ARGUMENT or LIMIT_EXCEEDED unless the update can be written. */
export function checkTextUpdate({ session, update }: Omit<TextUpdate, 'key'>): void {
  if (update.length > limits.textUpdateBytes)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `An update of a text has at most ${limits.textUpdateBytes} bytes, got ${update.length}.`,
      { data: { max: limits.textUpdateBytes } },
    )
  if (session.length !== limits.textSessionBytes || update.length === 0)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `An update of a text has a session of ${limits.textSessionBytes} bytes and is not empty, got ${session.length} and ${update.length} bytes.`,
    )
}

export function encodeTextUpdate({ key, session, update }: TextUpdate): Uint8Array {
  const out = new Writer()
  out.text(1, key, 'ENTRY_CHANGES')
  out.view(2, session)
  out.view(3, update)
  return out.finish()
}

/** Throws an entry error for anything but a canonical TextUpdate. */
export function decodeTextUpdate(payload: Uint8Array): TextUpdate {
  const fields = new Fields(payload)
  let key = ''
  let session = none
  let update = none
  while (fields.next(() => false)) {
    if (fields.field === 1) key = readKey(fields)
    else if (fields.field === 2) session = fields.view()
    else if (fields.field === 3) update = fields.view()
    else fields.unknown()
  }
  if (
    session.length !== limits.textSessionBytes ||
    update.length === 0 ||
    update.length > limits.textUpdateBytes
  )
    refuse('ENTRY_CHANGES', 'An update of a text has a session of 16 bytes, and 1 to 65,536 bytes.')
  return { key: present(key), session, update }
}
