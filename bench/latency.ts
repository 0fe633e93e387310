/**
 * How long a commit takes to become visible: entries carry the moment of their commit and are received in another
 * process. The baseline sends the same bytes over a bare Connect stream, without store, signature or dispatcher. Both
 * use the monotonic clock that all processes of a machine share.
 */
import * as http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createClient } from '@connectrpc/connect'
import { connectNodeAdapter, createConnectTransport } from '@connectrpc/connect-node'
import { TreeService } from '../gen/causeway/v1/tree_pb.ts'
import type { TreeId } from '../src/dag/id.ts'
import type { Node } from '../src/node/node.ts'
import { median } from './median.ts'

const payloadBytes = 200

export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  /** Commits per second, from the first commit until the last was received. */
  readonly perSecond: number
  /** The median of the last quarter divided by that of the quarter before; above 1 it was growing. */
  readonly drift: number
}

/** Returns a payload that carries the moment when it was made. */
function stamped(): Buffer {
  const payload = Buffer.alloc(payloadBytes)
  payload.writeBigUInt64BE(process.hrtime.bigint())
  return payload
}

/** Calls `send` `count` times at an even pace. */
export async function paced(
  count: number,
  perSecond: number,
  send: (payload: Buffer) => void,
): Promise<void> {
  const begun = performance.now()
  for (let index = 0; index < count; index++) {
    const wait = (index * 1000) / perSecond - (performance.now() - begun)
    if (wait > 1) await pause(wait)
    send(stamped())
  }
}

/** Collects the ages of payloads when they arrive. */
export class Ages {
  private readonly ages: number[] = []
  private firstMade = 0
  private lastHeard = 0
  private wake = () => {}

  add(payload: Uint8Array): void {
    const made = Buffer.from(payload.buffer, payload.byteOffset, payload.length).readBigUInt64BE()
    const heard = process.hrtime.bigint()
    if (this.ages.length === 0) this.firstMade = Number(made) / 1e9
    this.lastHeard = Number(heard) / 1e9
    this.ages.push(Number(heard - made) / 1e6)
    this.wake()
  }

  /** Waits for `count` payloads. Leaves the first tenth, which runs cold code, out of the percentiles. */
  async take(count: number): Promise<Latency> {
    while (this.ages.length < count)
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    const warm = this.ages.slice(Math.floor(count / 10)).sort((a, b) => a - b)
    const quarter = (index: number) =>
      median(this.ages.slice(index * (count >> 2), (index + 1) * (count >> 2)))
    return {
      p50Ms: median(warm),
      p99Ms: warm[Math.floor(warm.length * 0.99)]!,
      perSecond: count / (this.lastHeard - this.firstMade),
      drift: quarter(3) / quarter(2),
    }
  }
}

/** Returns the ages of the entries that arrive in a tree. */
export function agesOf(node: Node, tree: TreeId): Ages {
  const ages = new Ages()
  node.on('entries', (which, added) => {
    if (which === tree) for (const { body } of added) ages.add(body.changes[0]!.payload)
  })
  return ages
}

/** Starts a bare stream: a server that sends each payload passed to `send`. */
export function serveBare(): Promise<{ address: string; send(payload: Buffer): void; close(): void }> {
  const waiting: Buffer[] = []
  let wake = () => {}
  const server = http2.createServer(
    connectNodeAdapter({
      routes: (router) =>
        router.service(TreeService, {
          async *watchTree() {
            yield {}
            for (;;) {
              const payload = waiting.shift()
              if (payload === undefined)
                await new Promise<void>((resolve) => {
                  wake = resolve
                })
              else yield { entries: [{ id: payload }] }
            }
          },
        }),
    }),
  )
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve({
        address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        send(payload) {
          waiting.push(payload)
          wake()
        },
        close: () => server.close(),
      }),
    ),
  )
}

/** Receives a bare stream. Resolves when it is open. */
export async function hearBare(address: string): Promise<Ages> {
  const client = createClient(TreeService, createConnectTransport({ baseUrl: address, httpVersion: '2' }))
  const ages = new Ages()
  const messages = client.watchTree({})[Symbol.asyncIterator]()
  await messages.next()
  void (async () => {
    for (;;) {
      const { done, value } = await messages.next()
      if (done) return
      for (const { id } of value.entries) ages.add(id)
    }
  })().catch(() => {})
  return ages
}
