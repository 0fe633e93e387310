/**
 * Signatures of whole pages, on threads of their own: nothing else has to wait behind them as it does in Node's pool, a
 * message goes to and fro for some dozen of them and not for each, and a thread may take a faster library than Node's.
 * The threads start with the first page and end when none has come for a while.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { type Entry, entryDomain } from '../../dag/entry.ts'
import { domainBytes } from '../../dag/identity.ts'
import { packRecords, recordsBytes } from './verify-records.ts'
import type { Checked } from './verify-thread.ts'

/** Entries that came together, and what is known of their signatures. */
interface Page {
  readonly holds: Uint8Array
  left: number
  readonly resolve: (holds: Uint8Array) => void
  readonly reject: (error: Error) => void
}

/** What goes to one thread at once. */
interface Part {
  readonly page: Page
  readonly entries: readonly Entry[]
  /** Where in the page it begins. */
  readonly start: number
}

// Threads are not started through what transforms TypeScript, so the sources use what was built of them.
const compiled = import.meta.url.endsWith('.js')
const threadFile = new URL(
  compiled ? './verify-thread.js' : '../../../dist/src/store/verify/verify-thread.js',
  import.meta.url,
)

// One processor is the main thread's.
const count = Math.min(Math.max(1, availableParallelism() - 1), limits.verifyThreads)
const resourceLimits = { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 32 }
const domain = domainBytes(entryDomain)

export class VerifyThreads {
  /** Parts that wait for a thread. */
  private readonly waiting: Part[] = []
  /** Each thread with what it works on, and what it does next. */
  private readonly threads = new Map<Worker, Part[]>()
  /** Buffers that came back, for the next parts. */
  private readonly spare: ArrayBuffer[] = []
  private failure: Error | undefined
  private cancelStop = () => {}
  private readonly file: URL
  private readonly clock: Clock

  /** `file`: what a thread runs. */
  constructor({ file = threadFile, clock = systemClock }: { file?: URL; clock?: Clock } = {}) {
    this.file = file
    this.clock = clock
  }

  get running(): number {
    return this.threads.size
  }

  /** Whether threads can be had here, as far as is known. */
  get work(): boolean {
    return this.failure === undefined
  }

  /** For each entry 1 where its signature holds. Rejects where a thread failed, and nothing is known. */
  check(entries: readonly Entry[]): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) return reject(this.failure)
      if (entries.length === 0) return resolve(new Uint8Array(0))
      const page = { holds: new Uint8Array(entries.length), left: entries.length, resolve, reject }
      for (let start = 0; start < entries.length; start += limits.verifyPart)
        this.waiting.push({ page, entries: entries.slice(start, start + limits.verifyPart), start })
      this.stopLater()
      this.start()
      for (const thread of this.threads.keys()) this.feed(thread)
    })
  }

  private start(): void {
    try {
      while (this.threads.size < count) {
        const thread = new Worker(this.file, { name: 'verify', execArgv: [], resourceLimits })
        // It keeps the process alive only while it has work.
        thread.unref()
        thread.on('message', (checked: Checked) => this.took(thread, checked))
        thread.on('error', (error) => this.fail(error))
        thread.on('exit', () => this.fail(new Error('A thread that verifies signatures has ended.')))
        this.threads.set(thread, [])
      }
    } catch (error) {
      this.fail(error as Error)
    }
  }

  /** Gives a thread one part beside the one that it works on. */
  private feed(thread: Worker): void {
    const underway = this.threads.get(thread)!
    while (underway.length < 2 && this.waiting.length > 0) {
      const part = this.waiting.shift()!
      if (underway.push(part) === 1) thread.ref()
      const buffer = this.bufferOf(recordsBytes(domain, part.entries))
      const records = packRecords(domain, part.entries, buffer)
      thread.postMessage(records, [records.buffer])
    }
  }

  private bufferOf(bytes: number): ArrayBuffer {
    if (bytes > limits.verifyPartBytes) return new ArrayBuffer(bytes)
    return this.spare.pop() ?? new ArrayBuffer(limits.verifyPartBytes)
  }

  private took(thread: Worker, { buffer, holds }: Checked): void {
    const underway = this.threads.get(thread)!
    const { page, start } = underway.shift()!
    if (buffer.byteLength === limits.verifyPartBytes) this.spare.push(buffer)
    this.feed(thread)
    if (underway.length === 0) thread.unref()
    page.holds.set(holds, start)
    page.left -= holds.length
    if (page.left === 0) page.resolve(page.holds)
  }

  /** Tells all who wait, whoever asks from now on, and once whoever runs the process, which is slower without. */
  private fail(error: Error): void {
    if (this.failure === undefined)
      process.emitWarning(`Signatures are verified by Node alone, which takes longer: ${error.message}`)
    this.failure = error
    for (const { page } of [...this.threads.values(), this.waiting].flat()) page.reject(error)
    this.waiting.length = 0
    for (const underway of this.threads.values()) underway.length = 0
    this.stop()
  }

  private stopLater(): void {
    this.cancelStop()
    this.cancelStop = this.clock.setTimer(limits.verifyThreadIdleMs, () => this.stop())
  }

  /** Ends the threads, but for those that work. */
  private stop(): void {
    this.cancelStop()
    for (const [thread, underway] of this.threads)
      if (underway.length === 0) {
        thread.removeAllListeners()
        // What befalls it while it ends is nobody's any more.
        thread.on('error', () => {})
        void thread.terminate()
        this.threads.delete(thread)
      }
    this.spare.length = 0
    if (this.threads.size > 0) this.stopLater()
  }
}
