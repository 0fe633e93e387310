/** What a value is for a reader: text, JSON, a picture, a blob, or bytes. Its media type alone decides, as docs/state.md says. */
import type { Version } from '../../../../gen/causeway/v1/store_pb.ts'
import { texts } from '../../texts.ts'
import { prettyJson } from './json.ts'
import { isPicture, type Size, sizeOfPicture } from './picture.ts'

export type Shown =
  | { readonly kind: 'text'; readonly text: string; readonly isSource: boolean }
  | { readonly kind: 'picture'; readonly media: string; readonly size: Size }
  | { readonly kind: 'blob'; readonly bytes: number; readonly isPicture: boolean; readonly media: string }
  | { readonly kind: 'bytes' }

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Returns the part of a media type that decides. */
export const mediaOf = (type: string): string => type.split(';', 1)[0]!

export function showValue({ value, type, blob }: Version): Shown {
  const media = mediaOf(type)
  if (blob !== undefined)
    return { kind: 'blob', bytes: Number(blob.size), isPicture: isPicture(media), media }
  const size = sizeOfPicture(media, value)
  if (size !== undefined) return { kind: 'picture', media, size }
  const isSource = media === 'image/svg+xml' || media === 'text/html'
  if (media !== 'application/json' && !media.startsWith('text/') && !isSource) return { kind: 'bytes' }
  const text = textOf(value)
  if (text === undefined) return { kind: 'bytes' }
  return { kind: 'text', text: media === 'application/json' ? (prettyJson(text) ?? text) : text, isSource }
}

/** Returns bytes as text, or undefined if they are none. */
export function textOf(value: Uint8Array): string | undefined {
  try {
    return utf8.decode(value)
  } catch {
    return undefined
  }
}

/** Characters of a value in a list. */
const longestPreview = 140

/** Returns the beginning of a value, for a line. */
export function preview(version: Version): string {
  const { value, type, blob, sum } = version
  if (blob !== undefined) return texts.stores.blob(Number(blob.size))
  if (isCount(version)) return `${sum}`
  const media = mediaOf(type)
  const size = sizeOfPicture(media, value)
  if (size !== undefined) return texts.stores.points(size.width, size.height)
  if ((media.startsWith('text/') || media === 'application/json') && textOf(value) !== undefined) {
    // A character has at most 4 bytes; the last one may be cut.
    const start = new TextDecoder().decode(value.subarray(0, 4 * longestPreview))
    return start.slice(0, longestPreview).replace(/\s+/g, ' ')
  }
  return hexLine(value.subarray(0, 24))
}

/** Reports whether a version is a number that was only added to. */
export const isCount = ({ value, blob, sum }: Version) =>
  value.length === 0 && blob === undefined && sum !== undefined

const hexLine = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')

/** Bytes of a value that are shown as hex. */
export const mostHexBytes = 2_048

/** Returns bytes as people look at them: where they stand, in hex, and as letters where they are some. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, mostHexBytes); at += 8) {
    const row = bytes.subarray(at, at + 8)
    const letters = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'))
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hexLine(row).padEnd(23)}  ${letters.join('')}`)
  }
  return lines.join('\n')
}
