/**
 * How much memory and processor time a process takes from a moment on. Garbage is not collected first: the start is
 * what the process has settled at. Besides the resident set this measures its anonymous part, which is the process's
 * own. The rest are pages of files, mainly LevelDB's tables, which the kernel maps and reclaims as it likes.
 */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { mainThreadSeconds } from './main-thread.ts'

export interface Memory {
  readonly startMB: number
  /** The peak of the resident set over the start. */
  readonly growthMB: number
  /** The peak of the anonymous memory over the start; undefined if the system does not report it. */
  readonly anonymousMB: number | undefined
  readonly cpuSeconds: number
  /** Of these, those of the main thread; undefined if the system does not report them. */
  readonly mainSeconds: number | undefined
}

/** Each sample reads a file of the kernel: more samples would slow down what is measured. */
const sampleMs = 100
const settleMs = 500
const megabyte = 2 ** 20
const pageBytes = 4096

/** Returns the bytes of anonymous memory, or NaN if there is no /proc. */
function anonymous(): number {
  try {
    const [, resident, shared] = readFileSync('/proc/self/statm', 'latin1').split(' ')
    return (Number(resident) - Number(shared)) * pageBytes
  } catch {
    return Number.NaN
  }
}

export interface Settled {
  readonly rssMB: number
  /** The part that is the process's own; NaN if the system does not report it. */
  readonly ownMB: number
  /** What is alive in V8's heap. */
  readonly heapMB: number
}

/** Returns the memory of this process at rest, and what is left in the heap after a collection. */
export function settledMemory(): Settled {
  const [rssMB, ownMB] = [process.memoryUsage.rss() / megabyte, anonymous() / megabyte]
  globalThis.gc!()
  return { rssMB, ownMB, heapMB: process.memoryUsage().heapUsed / megabyte }
}

export class MemoryMeter {
  private start = 0
  private anonymousStart = 0
  private anonymousPeak = 0
  private maxAtStart = 0
  private cpuAtStart = process.cpuUsage()
  private mainAtStart = 0
  private timer: NodeJS.Timeout | undefined

  /** Lets the process settle, then starts to count. */
  async begin(): Promise<void> {
    await pause(settleMs)
    clearInterval(this.timer)
    this.start = process.memoryUsage.rss()
    this.anonymousStart = anonymous()
    this.anonymousPeak = this.anonymousStart
    this.maxAtStart = process.resourceUsage().maxRSS
    this.cpuAtStart = process.cpuUsage()
    this.mainAtStart = mainThreadSeconds()
    this.timer = setInterval(() => {
      this.anonymousPeak = Math.max(this.anonymousPeak, anonymous())
    }, sampleMs).unref()
  }

  read(): Memory {
    const cpu = process.cpuUsage(this.cpuAtStart)
    const mainSeconds = mainThreadSeconds() - this.mainAtStart
    // The kernel keeps the peak, so no spike between samples is missed. If that is older than the start, use the present
    // value.
    const { maxRSS } = process.resourceUsage()
    const peak = maxRSS > this.maxAtStart ? maxRSS * 1024 : process.memoryUsage.rss()
    const anonymousPeak = Math.max(this.anonymousPeak, anonymous())
    return {
      startMB: this.start / megabyte,
      growthMB: Math.max(0, peak - this.start) / megabyte,
      anonymousMB: Number.isNaN(anonymousPeak) ? undefined : (anonymousPeak - this.anonymousStart) / megabyte,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      mainSeconds: Number.isNaN(mainSeconds) ? undefined : mainSeconds,
    }
  }
}
