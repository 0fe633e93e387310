/** Compares several fields of an object at once, each by its name, so that a failure shows all of them. */
import assert from 'node:assert/strict'

/** Asserts that `actual` has these fields; its other fields may be anything. */
export function assertFields<T extends object, Name extends keyof T>(
  actual: T,
  expected: Pick<T, Name>,
): void {
  const names = Object.keys(expected) as Name[]
  assert.deepEqual(Object.fromEntries(names.map((name) => [name, actual[name]])), expected)
}
