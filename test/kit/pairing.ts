/** Nodes that pair over real sockets on loopback, in a LAN in memory, and what their operators see. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { type Client, createClient } from '@connectrpc/connect'
import {
  NodeService,
  type StartPairingRequestSchema,
  type StartPairingResponse,
} from '../../gen/causeway/v1/node_pb.ts'
import { type Clock, systemClock } from '../../src/base/clock.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import type { NodeOptions } from '../../src/node/options.ts'
import { fromConnectError } from '../../src/rpc/errors.ts'
import { MemoryLan } from './lan.ts'

type Part = NonNullable<StartPairingResponse['part']['value']>
type Kind = NonNullable<StartPairingResponse['part']['case']>
type Of<K extends Kind> = Extract<StartPairingResponse['part'], { case: K }>['value']

/** One `causeway pair`, as its operator sees it. */
export class PairingSeen {
  private readonly seen = new Map<Kind, Part>()
  private readonly waiting = new Set<() => void>()
  private readonly leaving = new AbortController()
  /** The code with which it ended; '' after `paired`; undefined while it goes on. */
  ended: string | undefined

  constructor(node: Client<typeof NodeService>, request: MessageInitShape<typeof StartPairingRequestSchema>) {
    void this.follow(node.startPairing(request, { signal: this.leaving.signal }))
  }

  private async follow(events: AsyncIterable<StartPairingResponse>): Promise<void> {
    try {
      for await (const { part } of events) {
        if (part.case !== undefined) this.seen.set(part.case, part.value)
        this.wake()
      }
      this.ended = ''
    } catch (error) {
      this.ended = fromConnectError(error).code
    }
    this.wake()
  }

  /** Waits for what happens. Throws if it ends before. */
  async wait<K extends Kind>(kind: K): Promise<Of<K>> {
    for (;;) {
      const part = this.seen.get(kind)
      if (part !== undefined) return part as Of<K>
      if (this.ended !== undefined) throw new Error(`It ended with ${this.ended || 'success'}.`)
      await this.next()
    }
  }

  /** Waits for its end. Returns the code. */
  async end(): Promise<string> {
    while (this.ended === undefined) await this.next()
    return this.ended
  }

  leave(): void {
    this.leaving.abort()
  }

  private next(): Promise<void> {
    return new Promise((resolve) => this.waiting.add(resolve))
  }

  private wake(): void {
    for (const resolve of [...this.waiting]) resolve()
    this.waiting.clear()
  }
}

/** A clock whose runs of a pairing end when the test says so. */
export class PairingClock implements Clock {
  readonly now = systemClock.now
  readonly monotonic = systemClock.monotonic
  readonly random = systemClock.random
  readonly randomBytes = systemClock.randomBytes
  private readonly held = new Map<number, Set<() => void>>()
  private readonly delays: readonly number[]

  /** Holds timers of these delays. */
  constructor(...delays: number[]) {
    this.delays = delays
  }

  setTimer(delayMs: number, run: () => void): () => void {
    if (!this.delays.includes(delayMs)) return systemClock.setTimer(delayMs, run)
    const timers = this.held.get(delayMs) ?? new Set()
    this.held.set(delayMs, timers.add(run))
    return () => void timers.delete(run)
  }

  /** Lets the timers of a delay run. */
  pass(delayMs: number): void {
    const timers = [...(this.held.get(delayMs) ?? [])]
    this.held.delete(delayMs)
    for (const run of timers) run()
  }
}

export class PairingNode implements AsyncDisposable {
  readonly node: Node
  readonly calls: Client<typeof NodeService>

  private constructor(node: Node) {
    this.node = node
    this.calls = createClient(NodeService, node.rpc())
  }

  /** Starts a node in a LAN; one that does not listen can only call. */
  static async start(ether: MemoryLan, options: NodeOptions = {}): Promise<PairingNode> {
    const node = await createNode({ lan: ether.at('127.0.0.1'), ...options })
    if (options.http !== undefined || options.quic !== undefined) await node.listen()
    return new PairingNode(node)
  }

  pair(request: MessageInitShape<typeof StartPairingRequestSchema> = {}): PairingSeen {
    return new PairingSeen(this.calls, request)
  }

  answer(peer: Uint8Array, accept: boolean): Promise<unknown> {
    return this.calls.answerPairing({ peer, accept })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.node.close(0)
  }
}

export const overHttp: NodeOptions = { http: { host: '127.0.0.1', port: 0 } }
export const overQuic: NodeOptions = { quic: { listen: true, bind: '127.0.0.1:0' } }
export { MemoryLan }
