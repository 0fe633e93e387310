/**
 * Conditions that our own code guarantees. If one does not hold there is a bug, and the code that relies on it stops before
 * it does harm. Input from outside is never checked by these; it is refused with an error code of its own.
 */
import { CausewayError } from './errors.ts'

/** Throws INTERNAL, with the invariant in words, unless the condition holds. */
export function invariant(condition: unknown, words: string): asserts condition {
  if (!condition) throw new CausewayError('INTERNAL', `An invariant does not hold: ${words}.`)
}
