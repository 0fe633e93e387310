/**
 * Verifies the signatures of whole pages on threads of their own, and reads entries there: what needs nothing but bytes
 * keeps the main thread from nothing else. Nothing waits behind signatures as it would in Node's pool, one message
 * carries some dozens of them, and a thread can use a faster library than Node's. The threads start with the first page
 * and end after some time without one.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { type Entry, entryDomain, type SignedEntry, type VerifiedEntry, verdictOf } from '../../dag/entry.ts'
import type { TreeId } from '../../dag/id.ts'
import { domainBytes } from '../../dag/identity.ts'
import { entryRecordsBytes, packEntries, takeEntries } from './read-records.ts'
import { packRecords, recordsBytes } from './verify-records.ts'
import type { ThreadResult, ThreadTask } from './verify-thread.ts'

/** The part of a page that one message carries to a thread. */
interface Part {
  /** How many entries it has. */
  readonly count: number
  /** How many bytes they take in a message. */
  readonly bytes: number
  pack(buffer: ArrayBuffer): ThreadTask
  /** Takes what a thread has found, before the buffer is used again. */
  take(result: ThreadResult): void
  reject(error: Error): void
}

/** Returns the parts of a page of `count` entries; `part` makes that of the entries from `start` up to `end`. */
function partsOf<Found>(
  count: number,
  found: Found,
  settle: { resolve(found: Found): void; reject(error: Error): void },
  part: (start: number, end: number) => Pick<Part, 'bytes' | 'pack' | 'take'>,
): Part[] {
  const parts: Part[] = []
  let remaining = count
  for (let start = 0; start < count; start += limits.verifyPart) {
    const end = Math.min(start + limits.verifyPart, count)
    const { bytes, pack, take } = part(start, end)
    const takePart = (result: ThreadResult) => {
      take(result)
      remaining -= end - start
      if (remaining === 0) settle.resolve(found)
    }
    parts.push({ count: end - start, bytes, pack, take: takePart, reject: settle.reject })
  }
  return parts
}

/** An entry whose signature is not valid. */
export class Forged {
  readonly entry: Entry

  constructor(entry: Entry) {
    this.entry = entry
  }
}

/** What a thread has found of an entry: nothing if the caller has to read it. */
export type ReadVerdict = VerifiedEntry | Forged | undefined

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
    return this.queue.reduce((sum, { count }) => sum + count, 0)
  }

  /** Whether no thread has failed so far. */
  get available(): boolean {
    return this.failure === undefined
  }

  /** Returns for each entry 1 if its signature is valid, otherwise 0. Rejects without any verdict if a thread fails. */
  check(entries: readonly Entry[]): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (entries.length === 0) return resolve(new Uint8Array(0))
      const holds = new Uint8Array(entries.length)
      const parts = partsOf(entries.length, holds, { resolve, reject }, (start, end) => {
        const some = entries.slice(start, end)
        return {
          bytes: recordsBytes(domain, some),
          pack: (buffer) => ({ kind: 'check', records: packRecords(domain, some, buffer) }),
          take: (result) => holds.set(result.holds!, start),
        }
      })
      this.run(parts, reject)
    })
  }

  /**
   * Reads and verifies entries for a tree, whose signatures have 64 bytes. Returns for each the verified entry, the
   * forged one, or undefined if it is not usual: then the caller has to read it. Rejects if a thread fails.
   */
  read(tree: TreeId, entries: readonly SignedEntry[]): Promise<ReadVerdict[]> {
    return new Promise((resolve, reject) => {
      if (entries.length === 0) return resolve([])
      const verdicts: ReadVerdict[] = new Array(entries.length)
      const parts = partsOf(entries.length, verdicts, { resolve, reject }, (start, end) => {
        const some = entries.slice(start, end)
        return {
          bytes: entryRecordsBytes(some),
          pack: (buffer) => ({ kind: 'read', records: packEntries(tree, some, buffer) }),
          take: ({ buffer }) =>
            takeEntries(tree, some, buffer, (index, entry, holds) => {
              verdicts[start + index] =
                entry && (holds ? (verdictOf(entry, true) as VerifiedEntry) : new Forged(entry))
            }),
        }
      })
      this.run(parts, reject)
    })
  }

  private run(parts: readonly Part[], reject: (error: Error) => void): void {
    if (this.failure !== undefined) {
      reject(this.failure)
      return
    }
    this.queue.push(...parts)
    this.stopLater()
    this.start()
    for (const thread of this.threads.keys()) this.feed(thread)
  }

  /** Starts the threads that do not run yet. */
  private start(): void {
    try {
      // Ends: each turn adds a thread.
      while (this.threads.size < threadCount) {
        const thread = new Worker(this.file, { name: 'verify', execArgv: [], resourceLimits })
        // A thread keeps the process alive only while it has work.
        thread.unref()
        thread.on('message', (result: ThreadResult) => this.onResult(thread, result))
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
      const task = part.pack(this.bufferOf(part.bytes))
      thread.postMessage(task, [task.records.buffer])
    }
  }

  private bufferOf(bytes: number): ArrayBuffer {
    if (bytes > limits.verifyPartBytes) return new ArrayBuffer(bytes)
    return this.spareBuffers.pop() ?? new ArrayBuffer(limits.verifyPartBytes)
  }

  private onResult(thread: Worker, result: ThreadResult): void {
    const parts = this.threads.get(thread)!
    const part = parts.shift()!
    // First of all, since the thread has nothing to do after the part that it is at.
    this.feed(thread)
    if (parts.length === 0) thread.unref()
    part.take(result)
    if (result.buffer.byteLength === limits.verifyPartBytes) this.spareBuffers.push(result.buffer)
  }

  /** Rejects all calls, those to come too, and warns once that the process is slower without threads. */
  private fail(error: Error): void {
    if (this.failure === undefined)
      process.emitWarning(
        `Signatures are verified by Node alone, which is slower, because the threads failed: ${error.message}`,
      )
    this.failure = error
    for (const part of [...this.threads.values(), this.queue].flat()) part.reject(error)
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
