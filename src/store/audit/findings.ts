/**
 * The problems that an audit has found. Each damaged entry is reported once, however much follows from it, and no more
 * problems are reported than anybody would read.
 */

import type { ErrorCode } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { EntryId } from '../../dag/id.ts'

/** One problem of a tree. */
export interface AuditProblem {
  /** Absent if the problem belongs to no single entry. */
  readonly entry?: EntryId
  readonly code: ErrorCode
  readonly message: string
}

/** Ends an audit that has reported as many problems as it may. */
export class TooManyProblems extends Error {}

/** Collects problems, at most `limits.auditProblems`. */
export class Findings {
  readonly problems: AuditProblem[] = []
  private readonly entries = new Set<EntryId>()

  /** Returns whether a problem of this entry was reported. */
  has(entry: EntryId): boolean {
    return this.entries.has(entry)
  }

  /**
   * Reports a problem, unless one of the same entry was reported. Throws TooManyProblems with the last one it takes.
   */
  report(entry: EntryId | undefined, code: ErrorCode, message: string): void {
    if (entry !== undefined) {
      if (this.entries.has(entry)) return
      this.entries.add(entry)
    }
    this.problems.push({ ...(entry !== undefined && { entry }), code, message })
    if (this.problems.length >= limits.auditProblems) throw new TooManyProblems()
  }

  /** Reports a record that is not as it was written. */
  reportDamage(entry: EntryId | undefined, message: string): void {
    this.report(entry, 'STORE_CORRUPT', message)
  }
}
