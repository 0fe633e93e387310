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
  readonly tokens: readonly {
    readonly name: string
    readonly seed: string
    readonly claims: object
    readonly token: string
    readonly reason: string
  }[]
}

const here = dirname(fileURLToPath(import.meta.url))

/** Returns the checkout's folder, from its source or from where its tests are compiled to. */
function checkout(): string {
  const above = join(here, '../../..')
  return existsSync(join(above, 'conformance/vectors/entries.json')) ? above : dirname(above)
}

/** Reads a file of vectors: of the checkout, or as `bundle.js` packs it beside the command. */
export function readVectors<File>(name: string): File {
  const packed = join(here, 'conformance', `${name}.json.gz`)
  const bytes = existsSync(packed)
    ? gunzipSync(readFileSync(packed))
    : readFileSync(join(checkout(), 'conformance/vectors', `${name}.json`))
  return JSON.parse(bytes.toString()) as File
}

/** Returns bytes of a vector in plain hex. */
export function plainHex(bytes: Bytes): string {
  const pieces = typeof bytes === 'string' ? [bytes] : bytes
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : piece.repeat.repeat(piece.times)))
    .join('')
}

/** Returns fields without the vectors' repetitions. */
export function plainFields(fields: Fields): object {
  const changes = fields.changes.flatMap((item) =>
    'repeat' in item ? Array<object>(item.times).fill(item.repeat) : [item],
  ) as { payload: Bytes }[]
  return { ...fields, changes: changes.map((change) => ({ ...change, payload: plainHex(change.payload) })) }
}
