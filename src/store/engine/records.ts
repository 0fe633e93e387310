/** What every engine keeps of trees and entries beside the entries themselves. */
import type { EntryId, Position } from '../../dag/id.ts'

/** What the index holds of an entry. */
export interface IndexRecord {
  /** The tree's local number. */
  readonly number: number
  readonly height: number
  /** The number of its arrival. */
  readonly sequence: number
  /** Bytes of body and signature. */
  readonly size: number
  /** The point of the policy on which children of the entry stand, if it is their only parent. */
  readonly after: number
  readonly parents: readonly EntryId[]
}

/** A tree's local number and its counts. */
export interface TreeRecord {
  /** The tree's local number. */
  readonly number: number
  readonly count: number
  /** Bytes of all bodies and signatures. */
  readonly bytes: number
  readonly height: number
  /** The number of the latest arrival, from 1. */
  readonly sequence: number
  /** How many tips there are, and their sum by `addTip`. */
  readonly tips: number
  readonly tipSum: number
  /** How many policy entries there are, and how many points of the policy. */
  readonly policies: number
  readonly points: number
}

/** What is stored of a policy entry beside its entry. */
export interface PolicyRecord {
  /** The point that it stands on. */
  readonly point: number
  /** The points after the grants that support it. Stores of early versions do not have them. */
  readonly supports: readonly number[]
}

/** An entry's place in all trees: the local number of its tree, and its position there. */
export interface Place extends Position {
  readonly number: number
}

/** An entry in the order in which a tree's entries came. */
export interface Arrival extends Position {
  readonly sequence: number
}

/** The sum of tips is kept below this. */
const tipModulus = 2 ** 48

/** Returns a sum of tips with one more (sign 1) or less (sign -1): tips count by the first 48 bits of their ids. */
export function addTip(sum: number, id: EntryId, sign: 1 | -1): number {
  const next = sum + sign * Number.parseInt(id.slice(0, 12), 16)
  if (next < 0) return next + tipModulus
  return next < tipModulus ? next : next - tipModulus
}
