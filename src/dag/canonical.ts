/**
 * The one Protobuf encoding that Causeway accepts for signed data: fields in ascending order, only repeated ones more
 * than once, no defaults, the shortest varints, no unknown fields. It is read strictly, so everything that is read
 * encodes back to the same bytes. Readers check counts before they collect, so hostile bytes cost no more than honest
 * ones.
 */
import { CausewayError, type EntryErrorCode } from '../base/errors.ts'
import { hexSlice } from './hex.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const toUtf8 = new TextEncoder()
const unpaired = /\p{Surrogate}/u
/** The default of a bytes field. */
export const none: Uint8Array = new Uint8Array(0)

/** Throws an entry error. */
export function refuse(code: EntryErrorCode, message: string): never {
  throw new CausewayError(code, message)
}

/** Reads the fields of one message in ascending order, and refuses every encoding but the canonical one. */
export class Fields {
  private position: number
  private readonly end: number
  private readonly bytes: Uint8Array
  /** The number of the current field. */
  field = 0
  private wireType = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  /** Moves to the next field; returns false at the end. `repeated` says which fields may occur more than once. */
  next(repeated: (field: number) => boolean): boolean {
    if (this.position === this.end) return false
    const tag = this.varint()
    const field = Math.floor(tag / 8)
    if (field === 0) refuse('ENTRY_MALFORMED', 'A field number is at least 1, got 0.')
    if (field < this.field || (field === this.field && !repeated(field)))
      refuse(
        'ENTRY_NOT_CANONICAL',
        `Fields are in ascending order, once each, got field ${field} after field ${this.field}.`,
      )
    this.field = field
    this.wireType = tag % 8
    return true
  }

  unknown(): never {
    refuse('ENTRY_MALFORMED', `A message has no fields beyond those of its version, got field ${this.field}.`)
  }

  private varint(): number {
    let value = 0
    let scale = 1
    for (let length = 1; ; length++) {
      if (this.position >= this.end) refuse('ENTRY_MALFORMED', 'The bytes end inside a number.')
      const byte = this.bytes[this.position++]!
      value += (byte & 127) * scale
      if (byte < 128) {
        if (byte === 0 && length > 1)
          refuse('ENTRY_NOT_CANONICAL', 'A number is encoded in the fewest bytes, got more.')
        if (value > Number.MAX_SAFE_INTEGER)
          refuse('ENTRY_MALFORMED', 'A number is at most 2^53 - 1, got a greater one.')
        return value
      }
      if (length === 8) refuse('ENTRY_MALFORMED', 'A number is at most 2^53 - 1, got a greater one.')
      scale *= 128
    }
  }

  number(): number {
    if (this.wireType !== 0)
      refuse('ENTRY_MALFORMED', `Field ${this.field} is a number, got wire type ${this.wireType}.`)
    const value = this.varint()
    if (value === 0)
      refuse('ENTRY_NOT_CANONICAL', `Default values are left out, got field ${this.field} as 0.`)
    return value
  }

  /** Returns a length-delimited field as a view. `emptyAllowed` is only for repeated fields. */
  view(emptyAllowed = false): Uint8Array {
    const length = this.length(emptyAllowed)
    return this.bytes.subarray(this.position - length, this.position)
  }

  /** Skips a length-delimited field and returns its length. */
  length(emptyAllowed: boolean): number {
    if (this.wireType !== 2)
      refuse('ENTRY_MALFORMED', `Field ${this.field} is length-delimited, got wire type ${this.wireType}.`)
    const length = this.varint()
    if (length > this.end - this.position)
      refuse('ENTRY_MALFORMED', `Field ${this.field} fits into its message, got a length of ${length}.`)
    if (length === 0 && !emptyAllowed)
      refuse('ENTRY_NOT_CANONICAL', `Default values are left out, got field ${this.field} empty.`)
    this.position += length
    return length
  }

  /** Where the bytes go on after what was read. */
  get at(): number {
    return this.position
  }

  /** Skips a field of 32 bytes and returns where it begins. Throws `code` for another length. */
  hashAt(code: EntryErrorCode): number {
    const length = this.length(true)
    if (length !== 32) refuse(code, `Field ${this.field} has 32 bytes, got ${length}.`)
    return this.position - length
  }

  /** Returns a field of 32 bytes as hex. Throws `code` for another length. */
  hash(code: EntryErrorCode): string {
    const at = this.hashAt(code)
    return hexSlice(this.bytes, at, at + 32)
  }

  /** Returns a text of at most `maxBytes` bytes. A longer one is refused with `code` before it is decoded. */
  text(maxBytes: number, code: EntryErrorCode): string {
    const bytes = this.view()
    if (bytes.length > maxBytes)
      refuse(code, `Field ${this.field} has at most ${maxBytes} bytes, got ${bytes.length}.`)
    const ascii = shortAscii(bytes)
    if (ascii !== undefined) return ascii
    try {
      return utf8.decode(bytes)
    } catch {
      refuse('ENTRY_MALFORMED', `Field ${this.field} is UTF-8, got other bytes.`)
    }
  }
}

/**
 * Decodes a few ASCII letters, as most names are, at once: a TextDecoder may cost several times as much, and letter by
 * letter each text that it begins with would be garbage.
 */
function shortAscii(bytes: Uint8Array): string | undefined {
  if (bytes.length > 64) return undefined
  for (let index = 0; index < bytes.length; index++) if (bytes[index]! > 127) return undefined
  return String.fromCharCode.apply(null, bytes as unknown as number[])
}

/** Writes the canonical encoding of one message, field by field. */
export class Writer {
  private bytes = new Uint8Array(1024)
  private length = 0

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  private varint(value: number): void {
    this.reserve(8)
    // Ends: the value shrinks to a hundredth in each turn.
    while (value >= 128) {
      this.bytes[this.length++] = (value % 128) | 128
      value = Math.floor(value / 128)
    }
    this.bytes[this.length++] = value
  }

  /** Writes a number, or throws `code` if it is not a whole one from 0 to 2^53 - 1. */
  number(field: number, value: number, code: EntryErrorCode): void {
    if (!Number.isSafeInteger(value) || value < 0)
      refuse(code, `Field ${field} is a whole number from 0 to 2^53 - 1, got ${value}.`)
    if (value === 0) return
    this.varint(field * 8)
    this.varint(value)
  }

  view(field: number, bytes: Uint8Array, evenIfEmpty = false): void {
    if (bytes.length === 0 && !evenIfEmpty) return
    this.varint(field * 8 + 2)
    this.varint(bytes.length)
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** Writes a text, or throws `code` if UTF-8 cannot encode it, rather than sign another text. */
  text(field: number, text: string, code: EntryErrorCode): void {
    if (unpaired.test(text))
      refuse(code, `Field ${field} is text that UTF-8 can encode, got an unpaired surrogate.`)
    this.view(field, toUtf8.encode(text))
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length)
  }
}
