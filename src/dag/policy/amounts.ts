/**
 * How much a policy holds, as its bounds count it. The bounds are rules of validity, so that no entry can make every
 * peer judge without end: docs/protocol.md states them.
 */
import { limits } from '../../base/limits.ts'

/** What the bounds count of a set of policy entries. */
export interface Amounts {
  readonly entries: number
  readonly revocations: number
  /** The members of the points that the entries stand on. */
  readonly links: number
  /** The keys that the entries name. */
  readonly keys: number
}

export function sum(a: Amounts, b: Amounts): Amounts {
  return {
    entries: a.entries + b.entries,
    revocations: a.revocations + b.revocations,
    links: a.links + b.links,
    keys: a.keys + b.keys,
  }
}

/** Returns the first bound that the amounts exceed, in words, or undefined if they are within all. */
export function excess({ entries, revocations, links, keys }: Amounts): string | undefined {
  if (entries > limits.policyEntries) return `${limits.policyEntries} entries`
  if (revocations > limits.policyRevocations) return `${limits.policyRevocations} revocations`
  if (links > limits.policyLinks) return `${limits.policyLinks} links between its entries`
  if (keys > limits.policyNames) return `${limits.policyNames} keys named by its entries`
  return undefined
}
