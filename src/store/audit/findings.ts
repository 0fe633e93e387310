/**
 * What an audit has found: each damaged entry once, however much else follows from it, and no more than anybody
 * would read.
 */

import type { ErrorCode } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { EntryId } from '../../dag/id.ts'

export interface AuditProblem {
  /** Absent where the problem is the tree's own. */
  readonly entry?: EntryId
  readonly code: ErrorCode
  readonly message: string
}

/** Ends an audit that has told as much as it may. */
export class TooMany extends Error {}

export class Findings {
  readonly problems: AuditProblem[] = []
  private readonly entries = new Set<EntryId>()

  /** Whether a problem of this entry was told. */
  has(entry: EntryId): boolean {
    return this.entries.has(entry)
  }

  /** Notes a problem, unless one of the same entry was noted. Throws TooMany with the last one that it takes. */
  tell(entry: EntryId | undefined, code: ErrorCode, message: string): void {
    if (entry !== undefined) {
      if (this.entries.has(entry)) return
      this.entries.add(entry)
    }
    this.problems.push({ ...(entry !== undefined && { entry }), code, message })
    if (this.problems.length >= limits.auditProblems) throw new TooMany()
  }

  /** A record that is not as it was written. */
  damaged(entry: EntryId | undefined, message: string): void {
    this.tell(entry, 'STORE_CORRUPT', message)
  }
}
