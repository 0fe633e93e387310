/** What commands print: a JSON document or text on stdout, and one sentence on stderr if they fail. */
import { ConnectError } from '@connectrpc/connect'
import { CausewayError, type ErrorCode } from '../base/errors.ts'
import { formatId, idFromBytes, parseId } from '../dag/id.ts'
import { type PeerId, parsePeerId } from '../dag/identity.ts'
import { fromConnectError } from '../rpc/errors.ts'
import { isPortTaken } from '../transport/listening.ts'
import type { CommonOptions } from './context.ts'
import { io } from './streams.ts'

/** Prints the document with `--json`, else the text. */
export function print(options: CommonOptions, document: object, text: string): void {
  io().stdout.write(`${options.json ? JSON.stringify(document) : text}\n`)
}

const unreachable: ReadonlySet<ErrorCode> = new Set([
  'UNREACHABLE',
  'TIMEOUT',
  'DISCONNECTED',
  'NO_TRANSPORT',
])
const usage: ReadonlySet<ErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'BAD_ADDRESS',
  'ENTRY_ROOT',
  'ENTRY_CHANGES',
])

/** Returns what a call threw as a CausewayError. */
export function asCausewayError(error: unknown): CausewayError {
  return error instanceof ConnectError ? fromConnectError(error) : CausewayError.from(error)
}

export function exitCodeOf(error: unknown): number {
  const { code, data } = asCausewayError(error)
  if (code === 'CONFLICT') return 5
  // Text that is no address of any transport was mistyped: nothing was dialled.
  if (code === 'NO_TRANSPORT' && data.address !== undefined) return 2
  // A remote whose certificate is not trusted is as good as not there.
  return unreachable.has(code) || data.untrusted !== undefined
    ? 3
    : usage.has(code) && !isPortTaken(error)
      ? 2
      : 1
}

export function printError(error: unknown): void {
  const { code, message } = asCausewayError(error)
  io().stderr.write(`causeway: ${clockHint(error)}${plainText(message, 1000)} (${code})\n`)
  if (io().env.CAUSEWAY_DEBUG) console.error(error)
}

/** Returns whose clock is off, if a peer has refused a proof for that. */
function clockHint(error: unknown): string {
  const offMs = Number(asCausewayError(error).data.clockOffMs ?? 0)
  if (!Number.isFinite(offMs) || offMs === 0) return ''
  const minutes = Math.round(Math.abs(offMs) / 60_000)
  const far = minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
  return `Your clock is ${far} ${offMs > 0 ? 'ahead of' : 'behind'} the peer's. `
}

/** Converts an id from the command line to the contract's bytes. */
export function idArgument(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(parseId(text), 'hex'))
}

/** Reads a PeerId from the command line, in upper or lower case. */
export function parsePeer(text: string): PeerId {
  return parsePeerId(text.toLowerCase())
}

/** Converts a PeerId from the command line to the contract's bytes. */
export function peerArgument(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(parsePeer(text), 'hex'))
}

/** The last moment that JavaScript can format, in the year 275760. An entry may name a later one. */
const lastMs = 8.64e15

/** Formats milliseconds since 1970 as ISO 8601. */
export function dateText(ms: bigint): string {
  return new Date(Math.min(Number(ms), lastMs)).toISOString()
}

/** Formats milliseconds since 1970 as a date and time of this machine's zone, such as `2026-03-01 14:05`. */
export function minuteText(ms: bigint): string {
  const date = new Date(Math.min(Number(ms), lastMs))
  const two = (number: number) => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** Formats milliseconds since 1970 as ISO 8601. Returns null for 0, which means never. */
export function timeText(ms: bigint): string | null {
  return ms === 0n ? null : dateText(ms)
}

/** Returns a number with its noun, such as "1 entry" or "2 entries". */
export function quantity(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** Returns how long ago a time was, or how far ahead it is. */
export function agoText(ms: bigint): string {
  if (ms === 0n) return 'never'
  const seconds = Math.round((Date.now() - Number(ms)) / 1000)
  const size = Math.abs(seconds)
  const text =
    size < 60
      ? `${size} s`
      : size < 3600
        ? `${Math.round(size / 60)} min`
        : size < 86_400
          ? `${Math.round(size / 3600)} h`
          : quantity(Math.round(size / 86_400), 'day')
  return seconds >= 0 ? `${text} ago` : `in ${text}`
}

/** Returns the text form of an id in the contract's bytes. */
export function idText(bytes: Uint8Array): string {
  return formatId(idFromBytes(bytes))
}

export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: it finds them, to keep them from the terminal.
const control = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/

/** Makes text from others safe for the terminal: one line, no control characters, at most `maxLength` characters. */
export function plainText(text: string, maxLength = 200): string {
  const line = text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ').trim()
  return line.length > maxLength ? `${line.slice(0, maxLength - 1)}…` : line
}

/** Reports whether text may go to the terminal as it is: it has no control characters but tabs and newlines. */
export function isPlainText(text: string): boolean {
  return !control.test(text)
}

/** Returns a payload as text if it is UTF-8 without control characters, else its size. */
export function payloadText(payload: Uint8Array): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload)
    if (isPlainText(text)) return text
  } catch {
    // Not text.
  }
  return `(${quantity(payload.length, 'byte')})`
}
