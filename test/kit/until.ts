/**
 * Waits, turn by turn of the event loop, for a condition that another part of the process is about to meet. Fails after
 * a while.
 */
import { setImmediate } from 'node:timers/promises'

export async function until(what: string, condition: () => boolean, patienceMs = 10_000): Promise<void> {
  const end = performance.now() + patienceMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Still waiting: ${what}`)
    await setImmediate()
  }
}
