/** Reads the vectors of the kit, which lie in the package beside the command. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

interface Repeat<T> {
  readonly repeat: T
  readonly times: number
}
type Bytes = string | readonly (string | Repeat<string>)[]

export interface Fields {
  readonly version: number
  readonly tree: string | null
  readonly parents: readonly string[]
  readonly height: number
  readonly author: string
  readonly createdAtMs: number
  readonly policy: readonly string[]
  readonly changes: readonly ({ store: string; kind: string; payload: Bytes } | Repeat<object>)[]
  readonly nonce: string
}

export interface EntryVector {
  readonly name: string
  readonly body: Bytes
  readonly signature: string
  readonly seed?: string | null
  readonly id: string
  readonly cid: string
  readonly fields: Fields
  readonly alone?: true
  readonly void?: true
}

export interface InvalidVector {
  readonly name: string
  readonly code: string
  readonly decidedBy: 'body' | 'signature' | 'parents' | 'policy'
  readonly body: Bytes
  readonly signature: string
}

export interface BindingVectors {
  readonly certificates: readonly { name: string; hash: string; der: string; binding: string }[]
  readonly handshakes: readonly {
    readonly seed: string
    readonly peer: string
    readonly callerNonce: string
    readonly serverNonce: string
    readonly binding: string
    readonly signature: string
  }[]
  readonly refusedHandshakes: readonly {
    readonly name: string
    readonly peer: string
    readonly callerNonce: string
    readonly serverNonce: string
    readonly binding: string
    readonly signature: string
  }[]
  readonly tokens: readonly {
    readonly name: string
    readonly seed: string
    readonly claims: object
    readonly token: string
    readonly reason: string
  }[]
}

/** A text, or pieces of it. */
type Text = string | readonly (string | Repeat<string>)[]

export interface TextVectors {
  readonly ids: readonly { readonly id: string; readonly text: string }[]
  readonly refusedIds: readonly { readonly name: string; readonly text: string }[]
  readonly refusedPeers: readonly { readonly name: string; readonly text: string }[]
}

export interface TicketVectors {
  readonly tickets: readonly {
    readonly name: string
    readonly text: Text
    readonly printed: Text
    readonly ticket: {
      readonly tree: string
      readonly peers: readonly { readonly peer: string | null; readonly addresses: readonly Text[] }[]
      readonly invitation: string | null
    }
  }[]
  readonly refused: readonly { readonly name: string; readonly text: Text }[]
}

export interface VoidVectors {
  readonly trees: readonly {
    readonly name: string
    /** The rule that a wrong answer breaks comes first. */
    readonly rules: readonly [string, ...string[]]
    readonly entries: readonly { readonly id: string; readonly body: string; readonly signature: string }[]
    readonly void: readonly string[]
  }[]
}

const here = dirname(fileURLToPath(import.meta.url))

/** Returns the checkout's folder, from its source or from where its tests are compiled to. */
function checkout(): string {
  const above = join(here, '../../..')
  return existsSync(join(above, 'conformance/vectors/entries.json')) ? above : dirname(above)
}

/** Reads a file of vectors or transcripts: of the checkout, or as `bundle.js` packs it beside the command. */
export function readVectors<File>(name: string, folder = 'vectors'): File {
  const packed = join(here, 'conformance', `${name}.json.gz`)
  const bytes = existsSync(packed)
    ? gunzipSync(readFileSync(packed))
    : readFileSync(join(checkout(), 'conformance', folder, `${name}.json`))
  return JSON.parse(bytes.toString()) as File
}

/** Returns a text of a vector without its repetitions. */
export function plainText(text: Text): string {
  const pieces = typeof text === 'string' ? [text] : text
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : piece.repeat.repeat(piece.times)))
    .join('')
}

/** Returns bytes of a vector in plain hex. */
export const plainHex = (bytes: Bytes): string => plainText(bytes)

/** Returns fields without the vectors' repetitions. */
export function plainFields(fields: Fields): object {
  const changes = fields.changes.flatMap((item) =>
    'repeat' in item ? Array<object>(item.times).fill(item.repeat) : [item],
  ) as { payload: Bytes }[]
  return { ...fields, changes: changes.map((change) => ({ ...change, payload: plainHex(change.payload) })) }
}
