/**
 * One call's use of the node, from its first byte to its last: whether it may begin, what of its request is held in
 * memory, when its work has its turn, and what it has cost. Whose account that goes to is for throttle.ts to say.
 */
import { createContextKey } from '@connectrpc/connect'
import { type Clock, sleep } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Buckets } from '../../base/token-bucket.ts'

/** What the handlers of a call ask before they do something that costs. */
export interface Load {
  /** Does a piece of work when it is the caller's turn. RESOURCE_EXHAUSTED where it has had too much lately. */
  work<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result>
  /** Counts bytes of an answer, and waits where they are too many for now. */
  send(bytes: number, signal: AbortSignal): Promise<void>
  /** Counts what made work for nothing. */
  charge(requests: number): void
}

/** For callers without bounds: the operator, and programs that hold the node itself. */
export const unlimited: Load = {
  work: (_signal, work) => work(),
  send: async () => {},
  charge: () => {},
}

export const loadKey = createContextKey<Load>(unlimited, { description: 'what this call may use' })

/** What one class of callers may use, each of them for itself. */
export interface Share {
  /** Who they are, for the errors. */
  readonly name: string
  readonly requests: Buckets
  readonly bytes: Buckets
  readonly workMs: Buckets
  readonly calls: Held
  readonly requestBytes: Held
  /** Runs work in the caller's turn. */
  turn<Result>(caller: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result>
}

/** What is held at one time, by caller and in all. */
export class Held {
  private readonly each: number
  private readonly all: number
  private readonly byCaller = new Map<string, number>()
  private total = 0

  constructor({ each, all }: { each: number; all: number }) {
    this.each = each
    this.all = all
  }

  /** False, and nothing is taken, where it would be too much. */
  take(caller: string, amount: number): boolean {
    const held = this.byCaller.get(caller) ?? 0
    if (held + amount > this.each || this.total + amount > this.all) return false
    this.byCaller.set(caller, held + amount)
    this.total += amount
    return true
  }

  give(caller: string, amount: number): void {
    const left = (this.byCaller.get(caller) ?? 0) - amount
    if (left > 0) this.byCaller.set(caller, left)
    else this.byCaller.delete(caller)
    this.total -= amount
  }
}

export class Call implements Load {
  private readonly share: Share
  private readonly caller: string
  private readonly clock: Clock
  private readonly brief: boolean
  private heldBytes = 0
  private left = false

  private constructor(share: Share, caller: string, clock: Clock, brief: boolean) {
    this.share = share
    this.caller = caller
    this.clock = clock
    this.brief = brief
  }

  /**
   * Begins a call that counts as so many requests; RESOURCE_EXHAUSTED where the caller makes too many. `brief`: it is over
   * at once and has next to nothing to say, so it takes no place of those that others could be holding. End it with `leave`.
   */
  static begin(share: Share, caller: string, requests: number, clock: Clock, brief = false): Call {
    const waitMs = share.requests.take(caller, requests) || share.bytes.debtMs(caller)
    if (waitMs > 0) throw exhausted(`${share.name} call too often`, waitMs)
    if (!brief && !share.calls.take(caller, 1))
      throw exhausted(`${share.name} have too many calls under way`, someTimeMs)
    return new Call(share, caller, clock, brief)
  }

  /** The request's bytes, counted while they are held. */
  async *body(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { share, caller } = this
    for await (const chunk of chunks) {
      if (this.left) return
      const room = this.brief
        ? this.heldBytes + chunk.length <= limits.briefRequestBytes
        : share.requestBytes.take(caller, chunk.length)
      if (!room) throw exhausted(`${share.name} send too much at once`, someTimeMs)
      this.heldBytes += chunk.length
      share.bytes.charge(caller, chunk.length)
      yield chunk
    }
  }

  async work<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    const { share, caller, clock } = this
    const waitMs = share.workMs.debtMs(caller)
    if (waitMs > 0) throw exhausted(`${share.name} have had too much work done`, waitMs)
    return share.turn(caller, signal, async () => {
      const startedMs = clock.monotonic()
      try {
        return await work()
      } finally {
        share.workMs.charge(caller, clock.monotonic() - startedMs)
      }
    })
  }

  async send(bytes: number, signal: AbortSignal): Promise<void> {
    const { share, caller, clock } = this
    share.bytes.charge(caller, bytes)
    const waitMs = share.bytes.debtMs(caller)
    if (waitMs > 0) await sleep(clock, waitMs, signal)
  }

  charge(requests: number): void {
    this.share.requests.charge(this.caller, requests)
  }

  leave(): void {
    if (this.left) return
    this.left = true
    if (this.brief) return
    this.share.calls.give(this.caller, 1)
    this.share.requestBytes.give(this.caller, this.heldBytes)
  }
}

/** For what ends when other calls do. */
const someTimeMs = 1_000

function exhausted(what: string, waitMs: number): CausewayError {
  const retryAfterMs = Math.ceil(waitMs)
  return new CausewayError('RESOURCE_EXHAUSTED', `${what}: try again in ${retryAfterMs} ms.`, {
    data: { retryAfterMs },
  })
}
