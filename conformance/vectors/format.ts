/**
 * The shape of entries.json and how to read it. Long runs are written as `{"repeat": …, "times": n}`, so that an entry
 * of a mebibyte takes one line; `expandBytes` and `expandList` expand them.
 */
import { readFileSync } from 'node:fs'
import type { EntryErrorCode } from '../../src/base/errors.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { projectFile } from '../../test/kit/project.ts'

export interface Repeat<T> {
  readonly repeat: T
  readonly times: number
}
/** Hex, or pieces of it. */
export type Bytes = string | readonly (string | Repeat<string>)[]
export type List<T> = readonly (T | Repeat<T>)[]

export interface FieldsVector {
  readonly version: number
  readonly tree: string | null
  readonly parents: readonly string[]
  readonly height: number
  readonly author: string
  readonly createdAtMs: number
  readonly policy: readonly string[]
  readonly changes: List<{ readonly store: string; readonly kind: string; readonly payload: Bytes }>
  readonly nonce: string
}

export interface ValidVector {
  readonly name: string
  /** The author's seed; null where the author's key has none. */
  readonly seed: string | null
  readonly body: Bytes
  readonly signature: string
  readonly id: string
  readonly cid: string
  /** Only in roots. */
  readonly root?: { readonly name: string; readonly publicAccess: 'NONE' | 'READ' | 'WRITE' }
  readonly fields: FieldsVector
  /** True where the parents are not in this file, so that the place in the tree cannot be checked. */
  readonly alone?: true
  /** True where, once all valid vectors are there, the entry is void. */
  readonly void?: true
}

export interface KnownParent {
  readonly id: string
  readonly tree: string
  readonly height: number
}

export interface InvalidVector {
  readonly name: string
  readonly code: EntryErrorCode
  readonly decidedBy: 'body' | 'signature' | 'parents' | 'policy'
  readonly body: Bytes
  readonly signature: string
  /** With decidedBy "parents": the entries that are known. */
  readonly known?: readonly KnownParent[]
}

export interface EntryVectors {
  readonly about: readonly string[]
  readonly valid: readonly ValidVector[]
  readonly invalid: readonly InvalidVector[]
}

export const entriesFile = projectFile('conformance/vectors/entries.json')

export function readEntryVectors(): EntryVectors {
  return JSON.parse(readFileSync(entriesFile, 'utf8')) as EntryVectors
}

export function expandBytes(bytes: Bytes): Uint8Array {
  const pieces = typeof bytes === 'string' ? [bytes] : bytes
  return new Uint8Array(
    hexToBytes(
      pieces.map((piece) => (typeof piece === 'string' ? piece : piece.repeat.repeat(piece.times))).join(''),
    ),
  )
}

export function expandList<T extends object>(list: List<T>): T[] {
  return list.flatMap((item) => ('repeat' in item ? Array<T>(item.times).fill(item.repeat) : [item]))
}
