/**
 * Waits for a condition that another part of the process is about to meet: turn by turn of the event loop, and after a
 * while with pauses, so that whoever is waited for has the processor. Fails after a long while: a machine may be busy.
 */
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'

const quickTurns = 100
const pauseMs = 2

export async function until(what: string, condition: () => boolean, patienceMs = 60_000): Promise<void> {
  const end = performance.now() + patienceMs
  for (let turns = 0; !condition(); turns++) {
    if (performance.now() > end) throw new Error(`Still waiting: ${what}`)
    await (turns < quickTurns ? turn() : pause(pauseMs))
  }
}
