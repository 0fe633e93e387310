/** Waits for what another part of the process is about to do, turn by turn of the event loop; fails after a while. */
import { setImmediate } from 'node:timers/promises'

export async function until(what: string, condition: () => boolean, patienceMs = 10_000): Promise<void> {
  const end = performance.now() + patienceMs
  while (!condition()) {
    if (performance.now() > end) throw new Error(`Still waiting: ${what}`)
    await setImmediate()
  }
}
