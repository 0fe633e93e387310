/**
 * Conditions that our own code guarantees. One that does not hold is a bug: whoever relies on it stops before more harm is
 * done. What comes from outside is never checked by these, but refused with a code that says what is wrong with it.
 */
import { CausewayError } from './errors.ts'

/** Throws INTERNAL with the invariant's words unless the condition holds. */
export function invariant(condition: unknown, words: string): asserts condition {
  if (!condition) throw new CausewayError('INTERNAL', `An invariant does not hold: ${words}.`)
}
