/**
 * Verifies the signatures of whole pages on threads of their own. Nothing else waits behind them as it would in Node's
 * pool, one message carries some dozens of them, and a thread can use a faster library than Node's. The threads start
 * with the first page and end after some time without one.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { type Entry, entryDomain } from '../../dag/entry.ts'
import { domainBytes } from '../../dag/identity.ts'
import { packRecords, recordsBytes } from './verify-records.ts'
import type { CheckResult } from './verify-thread.ts'

/** The entries of one call, with the verdicts on their signatures so far. */
interface Page {
  /** For each entry 1 if its signature is valid. */
  readonly holds: Uint8Array
  /** How many entries have no verdict yet. */
  remaining: number
  readonly resolve: (holds: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/** The part of a page that one message carries to a thread. */
interface Part {
  readonly page: Page
  readonly entries: readonly Entry[]
  /** The index of its first entry in the page. */
  readonly start: number
}

// A thread does not run through the TypeScript loader, so when run from source it is started from the build.
const compiled = import.meta.url.endsWith('.js')
const threadFile = new URL(
  compiled ? './verify-thread.js' : '../../../dist/src/store/verify/verify-thread.js',
  import.meta.url,
)

// One processor is left to the main thread.
const threadCount = Math.min(Math.max(1, availableParallelism() - 1), limits.verifyThreads)
const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 }
const domain = domainBytes(entryDomain)

/** A pool of threads that verify signatures. */
export class VerifyThreads {
  /** Parts that wait for a thread. */
  private readonly queue: Part[] = []
  /** Each thread with the parts that were sent to it: the one it works on, and the next. */
  private readonly threads = new Map<Worker, Part[]>()
  /** Buffers that threads have returned, for further parts. */
  private readonly spareBuffers: ArrayBuffer[] = []
  /** Why threads cannot be used, once one has failed. */
  private failure: Error | undefined
  private cancelStop = () => {}
  private readonly file: URL
  private readonly clock: Clock

  /** `file` is the module that a thread runs. */
  constructor({ file = threadFile, clock = systemClock }: { file?: URL; clock?: Clock } = {}) {
    this.file = file
    this.clock = clock
  }

  /** The number of threads. */
  get running(): number {
    return this.threads.size
  }

  /** How many entries wait for a thread. */
  get waiting(): number {
    return this.queue.reduce((sum, { entries }) => sum + entries.length, 0)
  }

  /** Whether no thread has failed so far. */
  get available(): boolean {
    return this.failure === undefined
  }

  /** Returns for each entry 1 if its signature is valid, otherwise 0. Rejects without any verdict if a thread fails. */
  check(entries: readonly Entry[]): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) return reject(this.failure)
      if (entries.length === 0) return resolve(new Uint8Array(0))
      const page = { holds: new Uint8Array(entries.length), remaining: entries.length, resolve, reject }
      for (let start = 0; start < entries.length; start += limits.verifyPart)
        this.queue.push({ page, entries: entries.slice(start, start + limits.verifyPart), start })
      this.stopLater()
      this.start()
      for (const thread of this.threads.keys()) this.feed(thread)
    })
  }

  /** Starts the threads that do not run yet. */
  private start(): void {
    try {
      // Ends: each turn adds a thread.
      while (this.threads.size < threadCount) {
        const thread = new Worker(this.file, { name: 'verify', execArgv: [], resourceLimits })
        // A thread keeps the process alive only while it has work.
        thread.unref()
        thread.on('message', (result: CheckResult) => this.onResult(thread, result))
        thread.on('error', (error) => this.fail(error))
        thread.on('exit', () => this.fail(new Error('a thread has ended')))
        this.threads.set(thread, [])
      }
    } catch (error) {
      this.fail(error as Error)
    }
  }

  /** Sends a thread parts until it has two: one to work on, and the next. */
  private feed(thread: Worker): void {
    const parts = this.threads.get(thread)!
    // Ends: each turn moves a part from the queue to the thread.
    while (parts.length < 2 && this.queue.length > 0) {
      const part = this.queue.shift()!
      if (parts.push(part) === 1) thread.ref()
      const buffer = this.bufferOf(recordsBytes(domain, part.entries))
      const records = packRecords(domain, part.entries, buffer)
      thread.postMessage(records, [records.buffer])
    }
  }

  private bufferOf(bytes: number): ArrayBuffer {
    if (bytes > limits.verifyPartBytes) return new ArrayBuffer(bytes)
    return this.spareBuffers.pop() ?? new ArrayBuffer(limits.verifyPartBytes)
  }

  private onResult(thread: Worker, { buffer, holds }: CheckResult): void {
    const parts = this.threads.get(thread)!
    const { page, start } = parts.shift()!
    if (buffer.byteLength === limits.verifyPartBytes) this.spareBuffers.push(buffer)
    this.feed(thread)
    if (parts.length === 0) thread.unref()
    page.holds.set(holds, start)
    page.remaining -= holds.length
    if (page.remaining === 0) page.resolve(page.holds)
  }

  /** Rejects all calls, those to come too, and warns once that the process is slower without threads. */
  private fail(error: Error): void {
    if (this.failure === undefined)
      process.emitWarning(
        `Signatures are verified by Node alone, which is slower, because the threads failed: ${error.message}`,
      )
    this.failure = error
    for (const { page } of [...this.threads.values(), this.queue].flat()) page.reject(error)
    this.queue.length = 0
    for (const parts of this.threads.values()) parts.length = 0
    this.stop()
  }

  private stopLater(): void {
    this.cancelStop()
    this.cancelStop = this.clock.setTimer(limits.verifyThreadIdleMs, () => this.stop())
  }

  /** Ends the threads that have no work. */
  private stop(): void {
    this.cancelStop()
    for (const [thread, parts] of this.threads)
      if (parts.length === 0) {
        thread.removeAllListeners()
        // An error while it ends no longer matters.
        thread.on('error', () => {})
        void thread.terminate()
        this.threads.delete(thread)
      }
    this.spareBuffers.length = 0
    if (this.threads.size > 0) this.stopLater()
  }
}
