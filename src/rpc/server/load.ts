/**
 * One call's use of the node, from its first byte to its last: whether it may begin, how much of its request is in
 * memory, when its work has a turn, and what it costs. throttle.ts decides which caller's share the costs go to.
 */
import { createContextKey } from '@connectrpc/connect'
import { type Clock, sleep } from '../../base/clock.ts'
import { largestCrowd } from '../../base/crowd.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import type { Buckets } from '../../base/token-bucket.ts'
import type { Payer } from './body/request-body.ts'

/** What a handler calls to do something that costs. Bytes are charged where they are received and sent. */
export interface Load {
  /** Does a piece of work in the caller's turn. Throws RESOURCE_EXHAUSTED if the caller has had too much work done. */
  work<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result>
  /** Charges work that another thread has done, which takes no turn here. */
  pay(workMs: number): void
  /** Charges work that was in vain, counted in requests. */
  charge(requests: number): void
}

/** The load of callers without bounds: the operator, and programs that hold the node itself. */
export const unlimited: Load = {
  work: (_signal, work) => work(),
  pay: () => {},
  charge: () => {},
}

export const loadKey = createContextKey<Load>(unlimited, { description: 'the load of this call' })

/** The bounds of one class of callers. Each caller has its own account. */
export interface Share {
  /** The subject of error messages: the callers of this class. */
  readonly name: string
  readonly requests: Buckets
  readonly bytes: Buckets
  readonly workMs: Buckets
  readonly calls: Capacity
  readonly requestBytes: Capacity
  /** The largest message in JSON, which costs more to parse than a binary one. */
  readonly jsonBytes: number
  /** Runs work in the caller's turn. */
  turn<Result>(caller: string, signal: AbortSignal, work: () => Promise<Result>): Promise<Result>
}

/** Bounds what is in use at one time, by each caller and by all together. */
export class Capacity {
  private readonly each: number
  private readonly all: number
  private readonly byCaller = new Map<string, number>()
  private total = 0

  constructor({ each, all }: { each: number; all: number }) {
    this.each = each
    this.all = all
  }

  /** Takes an amount. Returns false, and takes nothing, if that would pass a bound. */
  take(caller: string, amount: number): boolean {
    const used = this.byCaller.get(caller) ?? 0
    if (used + amount > this.each || this.total + amount > this.all) return false
    this.byCaller.set(caller, used + amount)
    this.total += amount
    return true
  }

  giveBack(caller: string, amount: number): void {
    const rest = (this.byCaller.get(caller) ?? 0) - amount
    if (rest > 0) this.byCaller.set(caller, rest)
    else this.byCaller.delete(caller)
    this.total -= amount
  }
}

/**
 * The brief calls under way, which take no place of their caller's share. If there are too many, the oldest of the caller
 * that has most makes room, so nobody can use them up for others.
 */
export class BriefCalls {
  private readonly calls = new Set<Call>()

  add(call: Call): void {
    if (this.calls.size >= limits.briefCalls) {
      const { oldest } = largestCrowd(this.calls, ({ caller }) => caller)!
      this.calls.delete(oldest)
      oldest.makeRoom()
    }
    this.calls.add(call)
  }

  delete(call: Call): void {
    this.calls.delete(call)
  }
}

export class Call implements Load, Payer {
  readonly caller: string
  private readonly share: Share
  private readonly clock: Clock
  private readonly brief: BriefCalls | undefined
  private requestBytes = 0
  private ended = false
  /** Why a brief call ends before its request has come. */
  private ending: CausewayError | undefined
  private stopWaiting = (_error: CausewayError) => {}

  private constructor(share: Share, caller: string, clock: Clock, brief: BriefCalls | undefined) {
    this.share = share
    this.caller = caller
    this.clock = clock
    this.brief = brief
  }

  /**
   * Begins a call; end it with `leave`. Throws RESOURCE_EXHAUSTED if the caller makes too many, unless it must `always`
   * be possible. A call among the `brief` ones is short and small, and takes no place of `share.calls`, since others
   * could be holding them all.
   */
  static begin(
    share: Share,
    caller: string,
    clock: Clock,
    { brief, always = false }: { brief?: BriefCalls | undefined; always?: boolean } = {},
  ): Call {
    const requestsMs = share.requests.take(caller)
    if (requestsMs > 0 && !always) throw exhausted(`${share.name} have made too many calls`, requestsMs)
    const bytesMs = share.bytes.debtMs(caller)
    if (bytesMs > 0 && !always) throw exhausted(`${share.name} have transferred too many bytes`, bytesMs)
    const workMs = brief ? 0 : share.workMs.debtMs(caller)
    if (workMs > 0) throw exhausted(`${share.name} have had too much work done`, workMs)
    if (!brief && !share.calls.take(caller, 1))
      throw exhausted(`${share.name} have too many calls under way`, someTimeMs)
    const call = new Call(share, caller, clock, brief)
    brief?.add(call)
    return call
  }

  /** Yields the request's bytes, and counts them as in use until the call ends. */
  async *body(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { share, caller } = this
    for await (const chunk of this.brief === undefined ? chunks : this.untilEnding(chunks)) {
      if (this.ended) return
      this.hold(chunk.length)
      share.bytes.charge(caller, chunk.length)
      yield chunk
    }
  }

  /** Ends a brief call, if its request has not come, with RESOURCE_EXHAUSTED. */
  makeRoom(): void {
    this.ending = exhausted(`${this.share.name} have too many calls under way`, someTimeMs)
    this.stopWaiting(this.ending)
  }

  private async *untilEnding(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const rest = chunks[Symbol.asyncIterator]()
    try {
      // Ends with the request, or when the call makes room.
      for (;;) {
        if (this.ending !== undefined) throw this.ending
        const chunk = await new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
          this.stopWaiting = reject
          rest.next().then(resolve, reject)
        })
        if (chunk.done) return
        yield chunk.value
      }
    } finally {
      // Not awaited: if nothing more arrives, it resolves only when the stream ends.
      rest.return?.().catch(() => {})
    }
  }

  get jsonBytes(): number {
    return this.share.jsonBytes
  }

  hold(bytes: number): void {
    if (this.ended) return
    const { share, caller } = this
    const room = this.brief
      ? this.requestBytes + bytes <= limits.briefRequestBytes
      : share.requestBytes.take(caller, bytes)
    if (!room) throw exhausted(`${share.name} have too many bytes of requests under way`, someTimeMs)
    this.requestBytes += bytes
  }

  /** A message is parsed in the microtasks that follow, so it is parsed once they have run. */
  parse(): void {
    const { share, caller, clock } = this
    const startedMs = clock.monotonic()
    process.nextTick(() => {
      share.workMs.charge(caller, clock.monotonic() - startedMs)
    })
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

  pay(workMs: number): void {
    this.share.workMs.charge(this.caller, workMs)
  }

  /** Charges bytes of an answer. Waits while they are more than the caller may receive now, or until the signal fires. */
  async send(bytes: number, signal: AbortSignal): Promise<void> {
    const { share, caller, clock } = this
    share.bytes.charge(caller, bytes)
    const waitMs = Math.min(share.bytes.debtMs(caller), limits.retryAfterMaxMs)
    if (waitMs > 0) await sleep(clock, waitMs, signal).catch(() => {})
  }

  charge(requests: number): void {
    this.share.requests.charge(this.caller, requests)
  }

  leave(): void {
    if (this.ended) return
    this.ended = true
    this.brief?.delete(this)
    if (this.brief !== undefined) return
    this.share.calls.giveBack(this.caller, 1)
    this.share.requestBytes.giveBack(this.caller, this.requestBytes)
  }
}

/** The wait for a bound that lifts when other calls end. */
const someTimeMs = 1_000

/** Returns the error of a caller that is past a bound: what it is past, and when it may try again. */
export function exhausted(what: string, waitMs: number): CausewayError {
  const retryAfterMs = Math.min(Math.ceil(waitMs), limits.retryAfterMaxMs)
  return new CausewayError('RESOURCE_EXHAUSTED', `${what}: try again in ${retryAfterMs} ms.`, {
    data: { retryAfterMs },
  })
}
