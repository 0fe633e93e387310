/**
 * Composes texts on threads of their own, each within a time and a memory, so that a text which takes the square of its
 * size holds nobody up. The threads start with the first text that is large and end after some time without one. Trees
 * take turns, so that whoever fills one with such texts delays the readers of others by a text at a time, and a tree that
 * has less waiting gets its room.
 */
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { TextAnswer } from './text-thread.ts'
import type { ComposedText, TextJob } from './work.ts'

/** Why a thread did not say what a text is. */
export class TooCostly extends Error {
  readonly bound: 'comparisons' | 'time' | 'memory'
  /** The number of the update that has most pieces, if the thread got so far. */
  readonly largest: number | undefined
  /** The client whose items take most comparisons, if these are too many. */
  readonly client: number | undefined

  constructor(bound: TooCostly['bound'], from: { largest?: number | undefined; client?: number }) {
    super(bound)
    this.bound = bound
    this.largest = from.largest
    this.client = from.client
  }
}

/** What is asked of a thread. */
export interface TextRequest {
  /** Whose turn it takes. */
  readonly tree: string
  /** The bytes of the updates. */
  readonly bytes: number
  /** Returns the job when its turn has come, or throws. */
  readonly job: () => TextJob
  /** Returns what to reject with. Called before anything else has its turn. */
  readonly refuse: (error: TooCostly) => Error
  /** Called with the time that a thread has spent on it. */
  readonly pay: (workMs: number) => void
}

interface Waiting extends TextRequest {
  readonly resolve: (composed: ComposedText) => void
  readonly reject: (error: Error) => void
}

interface Thread {
  readonly worker: Worker
  isReady: boolean
  work: Waiting | undefined
  /** The job, until the thread is ready for it. */
  job: TextJob | undefined
  largest: number | undefined
  beganMs: number
  cancelTimer: () => void
}

// A thread does not run through the TypeScript loader, so when run from source it is started from the build.
const compiled = import.meta.url.endsWith('.js')
const threadFile = new URL(
  compiled ? './text-thread.js' : '../../../dist/src/state/text/text-thread.js',
  import.meta.url,
)

export class TextThreads {
  /** What waits, by tree. The first tree is the next to have a turn. */
  private readonly queue = new Map<string, Waiting[]>()
  private readonly threads = new Set<Thread>()
  private waitingBytes = 0
  private cancelStop = () => {}
  private isClosed = false
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

  /**
   * Composes a text in the turn of its tree. Rejects with what `job` throws and `refuse` returns, with RESOURCE_EXHAUSTED
   * if too much waits, and with INTERNAL if the thread fails.
   */
  compose(request: TextRequest): Promise<ComposedText> {
    const { tree, bytes } = request
    return new Promise((resolve, reject) => {
      if (this.isClosed) return reject(closed())
      const isFull = (this.queue.get(tree)?.length ?? 0) >= limits.textJobsOfTree
      if (isFull || !this.makeRoom(tree, bytes)) return reject(busy())
      const waiting = this.queue.get(tree) ?? []
      waiting.push({ ...request, resolve, reject })
      this.queue.set(tree, waiting)
      this.waitingBytes += bytes
      this.feed()
    })
  }

  /**
   * Makes room for a text of this tree, and returns whether there is any. Trees that have more waiting than it would then
   * have give texts up, the latest first: else one tree could keep the texts of all others out.
   */
  private makeRoom(tree: string, bytes: number): boolean {
    const own = bytesOf(this.queue.get(tree) ?? []) + bytes
    const left = new Map([...this.queue].map(([name, waiting]) => [name, [...waiting]]))
    const given: Waiting[] = []
    let total = this.waitingBytes
    // Ends: each turn takes a text from those that are left.
    while (total > 0 && total + bytes > limits.textWaitingJobBytes) {
      const fullest = [...left.values()].reduce((a, b) => (bytesOf(b) > bytesOf(a) ? b : a))
      if (bytesOf(fullest) <= own) return false
      given.push(fullest.pop()!)
      total -= given.at(-1)!.bytes
    }
    if (given.length === 0) return true
    this.queue.clear()
    for (const [name, waiting] of left) if (waiting.length > 0) this.queue.set(name, waiting)
    this.waitingBytes = total
    for (const { reject } of given) reject(busy())
    return true
  }

  /** Ends all threads. What waits for them is rejected with CLOSED. */
  close(): void {
    this.isClosed = true
    for (const waiting of this.queue.values()) for (const { reject } of waiting) reject(closed())
    this.queue.clear()
    for (const thread of this.threads) this.end(thread)?.reject(closed())
    this.cancelStop()
  }

  /** Gives each thread without work the next text, and starts threads while texts wait. */
  private feed(): void {
    // Ends: each turn takes a text from the queue.
    while (this.queue.size > 0) {
      const idle = [...this.threads].find(({ work }) => work === undefined)
      if (idle === undefined && this.threads.size >= limits.textThreads) return
      const work = this.next()
      try {
        const job = work.job()
        this.give(idle ?? this.start(), work, job)
      } catch (error) {
        work.reject(error as Error)
      }
    }
  }

  private next(): Waiting {
    const [[tree, waiting]] = this.queue as unknown as [[string, Waiting[]]]
    const work = waiting.shift()!
    // The tree goes behind the others.
    this.queue.delete(tree)
    if (waiting.length > 0) this.queue.set(tree, waiting)
    this.waitingBytes -= work.bytes
    return work
  }

  private start(): Thread {
    const resourceLimits = { maxOldGenerationSizeMb: limits.textThreadMb }
    const worker = new Worker(this.file, { name: 'text', execArgv: [], resourceLimits })
    const none = { work: undefined, job: undefined, largest: undefined, beganMs: 0, cancelTimer: () => {} }
    const thread: Thread = { worker, isReady: false, ...none }
    worker.on('message', (answer: TextAnswer) => this.onAnswer(thread, answer))
    worker.on('error', (error) => this.onFailure(thread, error))
    worker.on('exit', () => this.onFailure(thread, new Error('the thread has ended')))
    this.threads.add(thread)
    return thread
  }

  private give(thread: Thread, work: Waiting, job: TextJob): void {
    this.cancelStop()
    thread.work = work
    thread.largest = undefined
    // A thread keeps the process alive only while it has work.
    thread.worker.ref()
    if (thread.isReady) this.begin(thread, job)
    else thread.job = job
  }

  private begin(thread: Thread, job: TextJob): void {
    thread.job = undefined
    thread.beganMs = this.clock.monotonic()
    thread.cancelTimer = this.clock.setTimer(limits.textWorkMs, () => {
      refuse(this.end(thread), new TooCostly('time', thread))
      this.feed()
    })
    thread.worker.postMessage(job, [job.bytes.buffer as ArrayBuffer])
  }

  private onAnswer(thread: Thread, answer: TextAnswer): void {
    if ('ready' in answer) {
      thread.isReady = true
      if (thread.job !== undefined) this.begin(thread, thread.job)
    } else if ('largest' in answer) thread.largest = answer.largest
    else {
      const work = this.workOf(thread)
      thread.worker.unref()
      if ('composed' in answer) work!.resolve(answer.composed)
      else if ('costliest' in answer) refuse(work, new TooCostly('comparisons', { client: answer.costliest }))
      else work!.reject(new CausewayError('INTERNAL', `Yjs failed at a text: ${answer.problem}`))
      this.feed()
      this.stopLater()
    }
  }

  private onFailure(thread: Thread, error: Error & { code?: string }): void {
    const work = this.end(thread)
    const message = `A thread that composes texts failed: ${error.message}`
    if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') refuse(work, new TooCostly('memory', thread))
    else work?.reject(new CausewayError('INTERNAL', message, { cause: error }))
    this.feed()
  }

  /** Ends a thread, in the middle of its work too. Returns the work. */
  private end(thread: Thread): Waiting | undefined {
    const { worker } = thread
    const work = this.workOf(thread)
    this.threads.delete(thread)
    worker.removeAllListeners()
    // An error while it ends no longer matters.
    worker.on('error', () => {})
    void worker.terminate()
    return work
  }

  /** Takes its work from a thread, and has it paid for. */
  private workOf(thread: Thread): Waiting | undefined {
    const { work } = thread
    thread.cancelTimer()
    thread.work = undefined
    if (work !== undefined && thread.job === undefined) work.pay(this.clock.monotonic() - thread.beganMs)
    thread.job = undefined
    return work
  }

  /** Ends the threads when none has had work for a while. */
  private stopLater(): void {
    this.cancelStop()
    this.cancelStop = this.clock.setTimer(limits.textThreadIdleMs, () => {
      for (const thread of this.threads) if (thread.work === undefined) this.end(thread)
    })
  }
}

const bytesOf = (waiting: readonly Waiting[]) => waiting.reduce((sum, { bytes }) => sum + bytes, 0)

const refuse = (work: Waiting | undefined, error: TooCostly) => work?.reject(work.refuse(error))

const closed = () => new CausewayError('CLOSED', 'The node is closed.')

const busy = () =>
  new CausewayError(
    'RESOURCE_EXHAUSTED',
    `Too many large texts wait to be composed: try again in ${limits.textWorkMs} ms.`,
    { data: { retryAfterMs: limits.textWorkMs } },
  )
