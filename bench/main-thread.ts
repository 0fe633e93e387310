/**
 * The processor time of this process's main thread: on more processors than two that thread is what bounds a sync. Node
 * 20 reports the time of the whole process only, so this reads it from the kernel, which counts in hundredths of a
 * second.
 */
import { readFileSync } from 'node:fs'

const ticksPerSecond = 100

/** Returns the seconds that the main thread has run, or NaN if there is no /proc. */
export function mainThreadSeconds(): number {
  try {
    const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1')
    // The name in parentheses may contain spaces. After it come the state, and user and system time as 12th and 13th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
  } catch {
    return Number.NaN
  }
}
