/**
 * Refuses a message that would cost far more to parse than its bytes let expect: JSON that is nested deeply, and
 * messages of very many small parts in either format. The checks read each byte at most once and create nothing, so
 * they cost some milliseconds for a message of the largest size, where parsing could take seconds.
 */
import type { DescMessage } from '@bufbuild/protobuf'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'

const [quote, backslash, comma, openList, closeList, openObject, closeObject] = [...Buffer.from('"\\,[]{}')]

/** Throws LIMIT_EXCEEDED for JSON that is nested too deeply or has too many values. It need not be valid JSON. */
export function checkJson(bytes: Buffer): void {
  let depth = 0
  let parts = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!
    if (byte === quote) {
      at = endOfText(bytes, at)
      continue
    }
    if (byte === openList || byte === openObject) {
      parts++
      if (++depth > limits.jsonDepth)
        throw new CausewayError(
          'LIMIT_EXCEEDED',
          `JSON may be nested ${limits.jsonDepth} levels deep, but this message is nested deeper.`,
          { data: { limit: limits.jsonDepth } },
        )
    } else if (byte === closeList || byte === closeObject) depth--
    else if (byte === comma) parts++
    if (parts > limits.messageParts) throw tooManyParts()
  }
}

/** Returns where the text that begins at `start` ends: at the next quote without a backslash that escapes it. */
function endOfText(bytes: Buffer, start: number): number {
  let end = start
  // Ends: each turn finds a later quote, or none.
  for (;;) {
    end = bytes.indexOf(quote!, end + 1)
    if (end < 0) return bytes.length
    let escapes = 0
    while (bytes[end - 1 - escapes] === backslash) escapes++
    if (escapes % 2 === 0) return end
  }
}

/** Throws LIMIT_EXCEEDED for a binary message with too many fields in all. It need not be a valid message. */
export function checkBinary(desc: DescMessage, bytes: Buffer): void {
  new FieldCounter(bytes).count(desc, 0, bytes.length)
}

/** The message fields of a message, by their numbers. */
const inner = new WeakMap<DescMessage, ReadonlyMap<number, DescMessage>>()

function innerOf(desc: DescMessage): ReadonlyMap<number, DescMessage> {
  const known = inner.get(desc)
  if (known !== undefined) return known
  const found = new Map(desc.fields.flatMap(({ number, message }) => (message ? [[number, message]] : [])))
  inner.set(desc, found)
  return found
}

class FieldCounter {
  private readonly bytes: Buffer
  private fields = 0
  private at = 0

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  /** Counts the fields of a message, and of those in it. Stops where the parser stops: at the first malformed byte. */
  count(desc: DescMessage, start: number, end: number): void {
    const messages = innerOf(desc)
    this.at = start
    // Ends: each turn reads a field, at least a byte, and there is a bound of fields.
    while (this.at < end) {
      if (++this.fields > limits.messageParts) throw tooManyParts()
      const tag = this.varint()
      const wireType = tag & 7
      if (wireType === 0) this.varint()
      else if (wireType === 1) this.at += 8
      else if (wireType === 5) this.at += 4
      else if (wireType === 2) {
        const length = this.varint()
        const next = this.at + length
        if (next > end) return
        const message = messages.get(tag >>> 3)
        if (message !== undefined) this.count(message, this.at, next)
        this.at = next
      } else if (wireType > 4) return
      // What is in a group is skipped field by field, so its fields count like those around it.
    }
  }

  private varint(): number {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0
      if (shift < 32) value |= (byte & 127) << shift
      if (byte < 128) break
    }
    return value >>> 0
  }
}

function tooManyParts(): CausewayError {
  return new CausewayError(
    'LIMIT_EXCEEDED',
    `A message may have ${limits.messageParts} fields and list items in all, but this one has more.`,
    { data: { limit: limits.messageParts } },
  )
}
