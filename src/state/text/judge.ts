/**
 * Composes texts within bounds: a small one at once, a large one on a thread. A text that takes too long is refused with an
 * error that names it, and remembered, so that it is not tried at each read. The bound decides whether this node answers,
 * and never what a text is: every node that answers shows the same.
 */
import { CausewayError, type Failure, failureOf } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { formatId, type TreeId } from '../../dag/id.ts'
import type { StoreKey } from '../effects.ts'
import type { StoredUpdate } from './changes.ts'
import { compareRanks, type Taken } from './composer.ts'
import { TextThreads, type TooCostly } from './text-threads.ts'
import { type ComposedText, composeJob, type TextJob } from './work.ts'
import type { YjsModule } from './yjs.ts'

/** What the updates of a text add up to. */
export interface JudgedText extends Pick<ComposedText, 'update' | 'text' | 'pieces' | 'waiting'> {
  /** The updates that count, in the order of their ranks. */
  readonly counting: readonly StoredUpdate[]
  /** For a composer that goes on from here. */
  readonly taken: Map<number, Taken[]>
}

/** A text that took too long. */
interface Costly {
  /** Of how many bytes of updates it was. It only grows, so that a smaller one is another text. */
  readonly bytes: number
  /** How long it is refused without a try, by the clock's monotonic time. */
  readonly untilMs: number
  readonly failure: Failure
}

/** In whose turn the work on a text is done, and who pays for it. */
export interface TextTurns {
  /** Does a piece of work of this thread. */
  work<Result>(piece: () => Promise<Result>): Promise<Result>
  /** Charges work that another thread has done. */
  pay(workMs: number): void
}

/** The turns of the node itself, and of those who have no bounds. */
export const freeTurns: TextTurns = { work: (piece) => piece(), pay: () => {} }

export class TextJudge {
  private readonly threads: TextThreads
  private readonly monotonic: () => number
  private readonly costly = new Map<string, Costly>()

  constructor(monotonic: () => number, threads = new TextThreads()) {
    this.monotonic = monotonic
    this.threads = threads
  }

  /** Composes all updates of a text. Throws LIMIT_EXCEEDED for one that costs too much, and RESOURCE_EXHAUSTED. */
  async compose(
    yjs: YjsModule,
    tree: TreeId,
    key: StoreKey,
    updates: readonly StoredUpdate[],
    { pay }: TextTurns = freeTurns,
  ): Promise<JudgedText> {
    const ranked = [...updates].sort(compareRanks)
    const bytes = ranked.reduce((sum, update) => sum + update.bytes.length, 0)
    if (bytes <= limits.textHereBytes)
      return judged(
        ranked,
        composeJob(yjs, packJob(ranked, bytes), () => {}),
      )
    const name = `${tree}\0${key.store}\0${key.key}`
    const composed = await this.threads.compose({
      ...{ tree, bytes, pay },
      job: () => {
        // Asked when its turn has come: others may have tried the same text meanwhile.
        this.expectCheap(name, bytes)
        return packJob(ranked, bytes)
      },
      refuse: (error) => this.remember(name, bytes, costlyError(tree, key, ranked, error)),
    })
    return judged(ranked, composed)
  }

  close(): void {
    this.threads.close()
  }

  private expectCheap(name: string, bytes: number): void {
    const known = this.costly.get(name)
    if (known === undefined) return
    if (known.untilMs > this.monotonic() && bytes >= known.bytes) {
      const { code, message, data } = known.failure
      throw new CausewayError(code, message, { data })
    }
    this.costly.delete(name)
  }

  private remember(name: string, bytes: number, error: CausewayError): CausewayError {
    // A count stays what it is. The machine may have been busy, though, when the time was over.
    const forMs = error.data.bound === 'comparisons' ? Number.POSITIVE_INFINITY : limits.textCostlyMs
    this.costly.delete(name)
    for (const oldest of this.costly.keys()) {
      if (this.costly.size < limits.textsCostly) break
      this.costly.delete(oldest)
    }
    const untilMs = this.monotonic() + forMs
    this.costly.set(name, { bytes, untilMs, failure: failureOf(error) })
    return error
  }
}

function costlyError(
  tree: TreeId,
  { store, key }: StoreKey,
  updates: readonly StoredUpdate[],
  { bound, largest, client }: TooCostly,
): CausewayError {
  const { id } = updates[largest ?? largestOf(updates, client)]!
  const [max, unit] = {
    comparisons: [limits.textComparisons, 'comparisons'] as const,
    time: [limits.textWorkMs, 'ms'] as const,
    memory: [limits.textThreadMb, 'MB of memory'] as const,
  }[bound]
  return new CausewayError(
    'LIMIT_EXCEEDED',
    `The text of key ${JSON.stringify(key)} in store ${JSON.stringify(store)} of tree ${formatId(tree)} takes more than ${max} ${unit} to compose, the largest part of it for entry ${formatId(id)}. Write under another key.`,
    { data: { tree, store, key, entry: id, max, bound } },
  )
}

/** Returns the number of the largest update, among those of a client if there is one. */
function largestOf(updates: readonly StoredUpdate[], client: number | undefined): number {
  const size = ({ client: own, bytes }: StoredUpdate) =>
    client === undefined || own === client ? bytes.length : -1
  let largest = 0
  for (const [index, update] of updates.entries()) if (size(update) > size(updates[largest]!)) largest = index
  return largest
}

function packJob(updates: readonly StoredUpdate[], bytes: number): TextJob {
  const job = {
    clients: Float64Array.from(updates, ({ client }) => client),
    voids: Uint8Array.from(updates, ({ isVoid }) => Number(isVoid)),
    ends: new Uint32Array(updates.length),
    bytes: new Uint8Array(bytes),
    most: limits.textComparisons,
  }
  let end = 0
  for (const [index, update] of updates.entries()) {
    job.bytes.set(update.bytes, end)
    end += update.bytes.length
    job.ends[index] = end
  }
  return job
}

function judged(updates: readonly StoredUpdate[], composed: ComposedText): JudgedText {
  const { update, text, pieces, waiting, counts } = composed
  const taken = new Map<number, Taken[]>()
  for (let at = 0; at < composed.taken.length; at += 4) {
    const [client, from, to, number] = composed.taken.subarray(at, at + 4)
    const { isVoid, height, id, index } = updates[number!]!
    const range = { from: from!, to: to!, rank: { isVoid, height, id, index } }
    const ranges = taken.get(client!)
    if (ranges === undefined) taken.set(client!, [range])
    else ranges.push(range)
  }
  return { update, text, pieces, waiting, taken, counting: updates.filter((_, index) => counts[index] === 1) }
}
