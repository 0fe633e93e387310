/** Keys with their versions as the commands on stores print them. */
import type { Item, Version } from '../../../gen/causeway/v1/store_pb.ts'
import { agoText, hexText, idText, isPlainText, plainText, quantity, timeText } from '../output.ts'

/** Characters of a value in a list. */
const shortLength = 60
/** Characters by which the keys of a list are aligned. */
const keyColumn = 24

/** What a version holds, also while it is still a change of an entry. */
type Content = Pick<Version, 'value' | 'type'> & Partial<Pick<Version, 'blob' | 'sum'>>

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const wholeNumber = /^(0|-?[1-9]\d*)$/
const bytesText = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

/** Returns bytes as text, or undefined if they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Reports whether values of a type are JSON. */
export const isJsonType = (type: string): boolean => type.split(';')[0] === 'application/json'

/** Reports whether values of a type read as text. */
export const isTextType = (type: string): boolean => type.startsWith('text/') || isJsonType(type)

/** Returns a value that its type calls text, or undefined. */
function textValue({ value, type, blob }: Content): string | undefined {
  return isTextType(type) && blob === undefined ? textOf(value) : undefined
}

/** Returns the number of a counter: a version whose value is a whole number or empty. Otherwise undefined. */
export function counterOf({ sum, value, blob }: Content): bigint | undefined {
  if (blob !== undefined) return undefined
  return value.length === 0 || wholeNumber.test(bytesText(value)) ? sum : undefined
}

export function versionDocument(version: Version) {
  const { entry, type, sum, author, createdAtMs } = version
  return {
    version: idText(entry),
    ...contentOf(version),
    type,
    sum: sum === undefined ? null : String(sum),
    // Nobody has put the version that counts adds to no version.
    author: author.some((byte) => byte !== 0) ? hexText(author) : null,
    createdAt: timeText(createdAtMs),
  }
}

function contentOf(version: Version) {
  const { value, blob } = version
  if (blob !== undefined) return { blob: { id: hexText(blob.id), size: Number(blob.size) } }
  const text = textValue(version)
  return text === undefined ? { base64: Buffer.from(value).toString('base64') } : { value: text }
}

/** Returns the versions of a key that stand, the value first. */
export function versionsOf({ value, conflicts }: Item): Version[] {
  return value === undefined ? [] : [value, ...conflicts]
}

/** Returns a key without the values of its conflicts, as lists have it. An absent key has the version null, and so has a text. */
export function rowDocument({ key, value, conflictCount, text }: Item) {
  if (value === undefined)
    return { store: key!.store, key: key!.key, version: null, ...(text && { text: true as const }) }
  return { store: key!.store, key: key!.key, ...versionDocument(value), conflictCount }
}

/** Returns a key with all that a read tells of it. */
export function itemDocument(item: Item) {
  if (item.value === undefined) return rowDocument(item)
  return { ...rowDocument(item), conflicts: item.conflicts.map(versionDocument) }
}

/** Returns a value for a list: in one line, and safe for the terminal. */
export function shortValue(version: Content): string {
  const counter = counterOf(version)
  if (counter !== undefined) return String(counter)
  const text = textValue(version)
  if (text !== undefined) return text === '' ? '""' : plainText(text, shortLength)
  const size = quantity(sizeOf(version), 'byte')
  return version.type === '' ? `(${size})` : `(${size}, ${plainText(version.type, 40)})`
}

/** Returns the bytes of a value. */
export const sizeOf = ({ value, blob }: Content): number => (blob ? Number(blob.size) : value.length)

/** Returns a key's line in a list. */
export function itemLine({ key, value, conflictCount, text }: Item): string {
  const name = plainText(key!.key, 512).padEnd(keyColumn)
  if (value === undefined) return `${name}  ${text ? '(text)' : '(absent)'}`
  const note = conflictCount === 0 ? '' : `  (${quantity(conflictCount, 'conflict')})`
  return `${name}  ${shortValue(value)}${note}`
}

/** Returns the columns that a version has in every list: its name, its age and its author. */
export function versionColumns({ entry, createdAtMs, author }: Version): string {
  const age = createdAtMs === 0n ? '' : agoText(createdAtMs)
  return `${idText(entry)}  ${age.padEnd(10)}  ${hexText(author).slice(0, 12)}`
}

/**
 * Returns what `get` prints of a value, or undefined if a terminal must not get it: it is no text, or has control
 * characters.
 */
export function printedValue(version: Version, isTerminal: boolean): string | Uint8Array | undefined {
  const counter = counterOf(version)
  if (counter !== undefined) return `${counter}\n`
  const text = isTerminal ? textOf(version.value) : textValue(version)
  if (isTerminal) return text !== undefined && isPlainText(text) ? withNewline(text) : undefined
  return text === undefined ? version.value : withNewline(text)
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
