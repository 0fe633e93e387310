/**
 * The payloads of changes to maps and counters, in their one encoding. They are read as strictly as a body, since every
 * node must find the same state. The contract is proto/causeway/v1/state.proto.
 */

import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { utf8Length } from '../dag/bytes.ts'
import { Fields, none, refuse, Writer } from '../dag/canonical.ts'
import { bytesToHex, hexToBytes } from '../dag/hex.ts'
import type { EntryId } from '../dag/id.ts'

/** The kinds of changes that have a meaning here. Others that begin with `cw.` are reserved, all else is opaque. */
export const changeKinds = { put: 'cw.put', delete: 'cw.delete', add: 'cw.add', text: 'cw.yjs' } as const
export { reservedKindPrefix } from '../dag/body.ts'

const unpaired = /\p{Surrogate}/u

/** Names the version that counts the adds to no version: no entry has this id. */
export const zeroVersion = '0'.repeat(64) as EntryId

/** A value that does not lie in its entry. `id` is SHA-256 of the list of its chunks (blobs/format.ts). */
export interface Blob {
  readonly id: string
  readonly size: number
}

export interface MapPut {
  readonly key: string
  /** Empty if there is a blob. */
  readonly value: Uint8Array
  /** A media type; '' for bytes. */
  readonly type: string
  /** In place of a value. */
  readonly blob?: Blob | undefined
  /** In strictly ascending order. */
  readonly replaces: readonly EntryId[]
}

export interface MapDelete {
  readonly key: string
  readonly replaces: readonly EntryId[]
}

export interface CounterAdd {
  readonly key: string
  /** Empty: `zeroVersion`. */
  readonly on: readonly EntryId[]
  /** A whole number, from -limits.stateDelta - 1 to limits.stateDelta. */
  readonly delta: number
}

/** Throws INVALID_ARGUMENT or LIMIT_EXCEEDED unless the text can be a key. */
export function checkKey(key: string): void {
  const bytes = utf8Length(key)
  if (bytes > limits.stateKeyBytes)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A key has at most ${limits.stateKeyBytes} bytes of UTF-8, got ${bytes}.`,
      { data: { max: limits.stateKeyBytes } },
    )
  if (bytes === 0 || key.includes('\0') || unpaired.test(key))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A key is 1 to ${limits.stateKeyBytes} bytes of UTF-8 without U+0000, got ${JSON.stringify(key.slice(0, 80))}.`,
    )
}

/** Throws INVALID_ARGUMENT or LIMIT_EXCEEDED unless keys of the store can begin with the prefix. Rows are parted by U+0000. */
export function checkPrefix(store: string, prefix = ''): void {
  if (store.includes('\0'))
    throw new CausewayError('INVALID_ARGUMENT', "A store's name has no U+0000.", { data: { field: 'store' } })
  if (prefix !== '') checkKey(prefix)
}

/** Throws INVALID_ARGUMENT or LIMIT_EXCEEDED unless the value, or the blob, and its type can be put. */
export function checkValue({ value, type, blob }: Pick<MapPut, 'value' | 'type' | 'blob'>): void {
  if (blob !== undefined) checkBlob(blob, value)
  if (value.length > limits.stateValueBytes)
    throw new CausewayError(
      'LIMIT_EXCEEDED',
      `A value has at most ${limits.stateValueBytes} bytes, got ${value.length}.`,
      { data: { max: limits.stateValueBytes } },
    )
  if (!isType(type))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A type is at most ${limits.stateTypeBytes} bytes of printable ASCII, got ${JSON.stringify(type.slice(0, 80))}.`,
    )
}

function checkBlob({ id, size }: Blob, value: Uint8Array): void {
  if (size > limits.blobBytes)
    throw new CausewayError('LIMIT_EXCEEDED', `A blob has at most ${limits.blobBytes} bytes, got ${size}.`, {
      data: { max: limits.blobBytes },
    })
  if (value.length === 0 && isBlob({ id, size })) return
  throw new CausewayError(
    'INVALID_ARGUMENT',
    'A put has a value or a blob; a blob has an id of 32 bytes and at least one byte.',
  )
}

function isBlob({ id, size }: Blob): boolean {
  return id.length === 64 && Number.isSafeInteger(size) && size >= 1 && size <= limits.blobBytes
}

/** Throws INVALID_ARGUMENT or LIMIT_EXCEEDED unless the number can be added. */
export function checkDelta(delta: number): void {
  if (!Number.isInteger(delta) || delta > limits.stateDelta || delta < -limits.stateDelta - 1)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `An add is a whole number from ${-limits.stateDelta - 1} to ${limits.stateDelta}, got ${delta}.`,
    )
}

function isType(type: string): boolean {
  return type.length <= limits.stateTypeBytes && /^[\x20-\x7e]*$/.test(type)
}

export function encodePut({ key, value, type, blob, replaces }: MapPut): Uint8Array {
  const out = new Writer()
  out.text(1, key, 'ENTRY_CHANGES')
  out.view(2, value)
  out.text(3, type, 'ENTRY_CHANGES')
  if (blob !== undefined) out.view(4, encodeBlob(blob))
  writeNames(out, 5, replaces)
  return out.finish()
}

function encodeBlob({ id, size }: Blob): Uint8Array {
  const out = new Writer()
  out.view(1, hexToBytes(id))
  out.number(2, size, 'ENTRY_CHANGES')
  return out.finish()
}

export function encodeDelete({ key, replaces }: MapDelete): Uint8Array {
  const out = new Writer()
  out.text(1, key, 'ENTRY_CHANGES')
  writeNames(out, 2, replaces)
  return out.finish()
}

export function encodeAdd({ key, on, delta }: CounterAdd): Uint8Array {
  const out = new Writer()
  out.text(1, key, 'ENTRY_CHANGES')
  writeNames(out, 2, on)
  out.number(3, delta < 0 ? -2 * delta - 1 : 2 * delta, 'ENTRY_CHANGES')
  return out.finish()
}

function writeNames(out: Writer, field: number, names: readonly EntryId[]): void {
  for (const name of [...names].sort()) out.view(field, hexToBytes(name))
}

/** Throws an entry error for anything but a canonical MapPut. */
export function decodePut(payload: Uint8Array): MapPut {
  const fields = new Fields(payload)
  let key = ''
  let value = none
  let type = ''
  let blob: Blob | undefined
  const replaces: EntryId[] = []
  while (fields.next((field) => field === 5)) {
    if (fields.field === 1) key = readKey(fields)
    else if (fields.field === 2) value = fields.view()
    else if (fields.field === 3) type = fields.text(limits.stateTypeBytes, 'ENTRY_CHANGES')
    else if (fields.field === 4) blob = readBlob(fields.view())
    else if (fields.field === 5) readName(fields, replaces)
    else fields.unknown()
  }
  if (value.length > limits.stateValueBytes || !isType(type)) refuse('ENTRY_CHANGES', 'A value is too large.')
  if (blob === undefined) return { key: present(key), value, type, replaces }
  if (value.length > 0) refuse('ENTRY_CHANGES', 'A put has a value or a blob, got both.')
  return { key: present(key), value, type, blob, replaces }
}

function readBlob(bytes: Uint8Array): Blob {
  const fields = new Fields(bytes)
  let id = ''
  let size = 0
  while (fields.next(() => false)) {
    if (fields.field === 1) id = fields.hash('ENTRY_CHANGES')
    else if (fields.field === 2) size = fields.number()
    else fields.unknown()
  }
  if (!isBlob({ id, size }))
    refuse('ENTRY_CHANGES', `A blob has an id and 1 to ${limits.blobBytes} bytes, got ${size}.`)
  return { id, size }
}

/** Throws an entry error for anything but a canonical MapDelete. */
export function decodeDelete(payload: Uint8Array): MapDelete {
  const fields = new Fields(payload)
  let key = ''
  const replaces: EntryId[] = []
  while (fields.next((field) => field === 2)) {
    if (fields.field === 1) key = readKey(fields)
    else if (fields.field === 2) readName(fields, replaces)
    else fields.unknown()
  }
  return { key: present(key), replaces }
}

/** Throws an entry error for anything but a canonical CounterAdd. */
export function decodeAdd(payload: Uint8Array): CounterAdd {
  const fields = new Fields(payload)
  let key = ''
  let zigzag = 0
  const on: EntryId[] = []
  while (fields.next((field) => field === 2)) {
    if (fields.field === 1) key = readKey(fields)
    else if (fields.field === 2) readName(fields, on)
    else if (fields.field === 3) zigzag = fields.number()
    else fields.unknown()
  }
  return { key: present(key), on, delta: zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2 }
}

export function readKey(fields: Fields): string {
  const key = fields.text(limits.stateKeyBytes, 'ENTRY_CHANGES')
  if (key.includes('\0')) refuse('ENTRY_CHANGES', 'A key has no U+0000.')
  return key
}

export function present(key: string): string {
  if (key === '') refuse('ENTRY_CHANGES', 'A key has at least one byte.')
  return key
}

function readName(fields: Fields, names: EntryId[]): void {
  const bytes = fields.view(true)
  if (names.length === limits.stateNames || bytes.length !== 32)
    refuse('ENTRY_CHANGES', `A change names at most ${limits.stateNames} versions by 32 bytes each.`)
  const name = bytesToHex(bytes) as EntryId
  if (names.length > 0 && name <= names.at(-1)!)
    refuse('ENTRY_CHANGES', 'The versions that a change names are in strictly ascending order.')
  names.push(name)
}
