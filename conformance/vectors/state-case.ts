/**
 * One case of state.json: a tree whose entries have labels, payloads that are written field by field, right or wrong,
 * without the codec that the vectors check, and the state that the author of the case expects.
 */
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { Change } from '../../src/dag/body.ts'
import type { VerifiedEntry } from '../../src/dag/entry.ts'
import { bytesToHex } from '../../src/dag/hex.ts'
import type { Identity } from '../../src/dag/identity.ts'
import { TreeBuilder, testIdentity } from '../../test/kit/entries.ts'
import { LoosePolicy } from '../../test/kit/policy.ts'
import type { Bytes } from './format.ts'
import { compact, hex, join, len, many, none, num, utf8 } from './raw.ts'

export interface HeadVector {
  /** The id of the entry; 64 zeros for the zero version. */
  readonly entry: string
  readonly value: Bytes
  readonly type: string
  /** In decimal digits, or null if the head has no number. */
  readonly sum: string | null
  /** Only of a head that names a blob. */
  readonly blob?: { readonly id: string; readonly size: number }
}

export interface KeyVector {
  readonly store: string
  readonly key: string
  /** In order; the first has the key's value. */
  readonly heads: readonly HeadVector[]
}

export interface StateVector {
  readonly name: string
  readonly entries: readonly { readonly body: Bytes; readonly signature: string }[]
  /** The ids of the void entries. */
  readonly void: readonly string[]
  /** The keys that are present, by store and key in ascending order of their bytes. */
  readonly state: readonly KeyVector[]
}

export interface StateVectors {
  readonly about: readonly string[]
  readonly vectors: readonly StateVector[]
}

export const zero = new Uint8Array(32)
const plain = 'text/plain'

/** A head as a case expects it: the label of its entry, or `zero`. */
export interface ExpectedHead {
  readonly label: string
  readonly value: string | Uint8Array
  readonly type: string
  readonly sum: bigint | number | null
  readonly blob?: ExpectedBlob | undefined
}

export interface ExpectedBlob {
  readonly id: Uint8Array
  readonly size: number
}

/** What a case expects: each key that is present, as store/key, with its heads in order. */
export type ExpectedState = Readonly<Record<string, readonly ExpectedHead[]>>

export const head = (
  label: string,
  value: string | Uint8Array,
  { type = plain, sum = null, blob }: { type?: string; sum?: ExpectedHead['sum']; blob?: ExpectedBlob } = {},
): ExpectedHead => ({ label, value, type, sum, blob })

export const zeroHead = (sum: bigint | number): ExpectedHead => ({ label: 'zero', value: '', type: '', sum })

const bytesOf = (text: string | Uint8Array) => (typeof text === 'string' ? utf8(text) : text)
const filled = (field: number, bytes: Uint8Array) => (bytes.length === 0 ? none : len(field, bytes))

/** Returns a change of a store, by default `notes`, whose payload is taken as it is. */
export const raw = (kind: string, payload: Uint8Array, store = 'notes'): Change => ({ store, kind, payload })

export function put(
  key: string,
  value: string | Uint8Array,
  replaces: readonly Uint8Array[] = [],
  { store = 'notes', type = plain }: { store?: string; type?: string } = {},
): Change {
  const fields = [
    len(1, utf8(key)),
    filled(2, bytesOf(value)),
    filled(3, utf8(type)),
    many(5, sorted(replaces)),
  ]
  return raw('cw.put', join(...fields), store)
}

export function putBlob(
  key: string,
  { id, size }: ExpectedBlob,
  replaces: readonly Uint8Array[] = [],
  type = plain,
): Change {
  const blob = len(4, join(len(1, id), num(2, size)))
  return raw('cw.put', join(len(1, utf8(key)), len(3, utf8(type)), blob, many(5, sorted(replaces))))
}

export function del(key: string, replaces: readonly Uint8Array[], store = 'notes'): Change {
  return raw('cw.delete', join(len(1, utf8(key)), many(2, sorted(replaces))), store)
}

export const zigzag = (delta: bigint | number): bigint =>
  delta < 0 ? -2n * BigInt(delta) - 1n : 2n * BigInt(delta)

export function add(
  key: string,
  delta: bigint | number,
  on: readonly Uint8Array[] = [],
  store = 'notes',
): Change {
  const number = delta === 0 ? none : num(3, zigzag(delta))
  return raw('cw.add', join(len(1, utf8(key)), many(2, sorted(on)), number), store)
}

const sorted = (names: readonly Uint8Array[]) => [...names].sort((a, b) => Buffer.compare(a, b))

/** A tree to which everybody may write, unless the policy of a case says otherwise. */
export class StateCase {
  private readonly tree: TreeBuilder
  private readonly labels = new Map<string, VerifiedEntry>()

  constructor(name: string) {
    this.tree = new TreeBuilder({ seed: `state vector ${name}`, publicAccess: PublicAccess.WRITE })
    this.labels.set('root', this.tree.root)
  }

  /** Adds an entry with these changes; its parents are those of the labels, by default the entry before. */
  entry(
    label: string,
    changes: readonly Change[],
    { after, author }: { after?: readonly string[]; author?: Identity } = {},
  ): Uint8Array {
    if (this.labels.has(label)) throw new Error(`Two entries are labelled ${label}.`)
    const parents = after?.map((one) => this.at(one)) ?? [this.tree.last]
    const entry = this.tree.add(parents, { changes, author: author ?? testIdentity(0) })
    this.labels.set(label, entry)
    return hex(entry.id)
  }

  at(label: string): VerifiedEntry {
    const entry = this.labels.get(label)
    if (entry === undefined) throw new Error(`No entry is labelled ${label}.`)
    return entry
  }

  /** Returns heads of the same height, the greatest id first. */
  byId(...heads: readonly ExpectedHead[]): ExpectedHead[] {
    return [...heads].sort((a, b) => (this.at(a.label).id < this.at(b.label).id ? 1 : -1))
  }

  vector(name: string, expected: ExpectedState): StateVector {
    const policy = new LoosePolicy()
    for (const entry of this.tree.entries) policy.take(entry)
    const keys = Object.keys(expected).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    return {
      name,
      entries: this.tree.entries.map(({ signed }) => ({
        body: compact(signed.body),
        signature: bytesToHex(signed.signature),
      })),
      void: policy.voids(),
      state: keys.map((path) => ({
        store: path.slice(0, path.indexOf('/')),
        key: path.slice(path.indexOf('/') + 1),
        heads: expected[path]!.map(({ label, value, type, sum, blob }) => ({
          entry: label === 'zero' ? bytesToHex(zero) : this.at(label).id,
          value: compact(bytesOf(value)),
          type,
          sum: sum === null ? null : String(sum),
          ...(blob && { blob: { id: bytesToHex(blob.id), size: blob.size } }),
        })),
      })),
    }
  }
}

/** Builds a case, and returns what it expects. */
export type BuildCase = (tree: StateCase) => ExpectedState
