/**
 * How much memory and processor time a process takes from a moment on. It samples the resident set, and takes the
 * kernel's own peak where that rose meanwhile, so that no spike between samples is missed. Nothing is collected first: the
 * start is what the process settled at by itself.
 */
import { setTimeout as pause } from 'node:timers/promises'

export interface Memory {
  readonly startMB: number
  /** The peak over the start. */
  readonly growthMB: number
  readonly cpuSeconds: number
}

/** Each sample reads a file of the kernel: more often would slow down what is measured. */
const sampleMs = 100
const settleMs = 500
const megabyte = 2 ** 20

export class MemoryMeter {
  private start = 0
  private peak = 0
  private maxAtStart = 0
  private cpuAtStart = process.cpuUsage()
  private timer: NodeJS.Timeout | undefined

  /** Lets the process settle, then counts from here. */
  async begin(): Promise<void> {
    await pause(settleMs)
    clearInterval(this.timer)
    this.start = process.memoryUsage.rss()
    this.peak = this.start
    this.maxAtStart = process.resourceUsage().maxRSS
    this.cpuAtStart = process.cpuUsage()
    this.timer = setInterval(() => {
      this.peak = Math.max(this.peak, process.memoryUsage.rss())
    }, sampleMs).unref()
  }

  read(): Memory {
    const { maxRSS } = process.resourceUsage()
    const cpu = process.cpuUsage(this.cpuAtStart)
    let peak = Math.max(this.peak, process.memoryUsage.rss())
    if (maxRSS > this.maxAtStart) peak = Math.max(peak, maxRSS * 1024)
    return {
      startMB: this.start / megabyte,
      growthMB: (peak - this.start) / megabyte,
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
    }
  }
}
