/**
 * Helpers of the transport tests for byte streams: read a whole stream, wait until it has closed, open a pair and use
 * it. They always wait for an event, never for time.
 */
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import type { Duplex } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Address, Channel, Transport } from '../../src/transport/transport.ts'

/** Inbound channels as they come, to be awaited one by one. */
export class Inbox {
  readonly all: Channel[] = []
  readonly #waiting: Array<(channel: Channel) => void> = []
  #taken = 0

  readonly accept = (channel: Channel): void => {
    this.all.push(channel)
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) {
      this.#taken++
      waiting(channel)
    }
  }

  next(): Promise<Channel> {
    const ready = this.all[this.#taken]
    if (ready !== undefined) {
      this.#taken++
      return Promise.resolve(ready)
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

/** Both ends of one fresh stream. One byte goes first: over QUIC a stream shows only when it carries something. */
export async function openPair(
  client: Transport,
  inbox: Inbox,
  address: Address,
): Promise<{ near: Channel; far: Channel }> {
  const near = await client.dial(address)
  near.stream.write('.')
  const far = await inbox.next()
  assert.equal((await readBytes(far.stream, 1)).toString(), '.')
  return { near, far }
}

/** Exactly `length` bytes; throws when the stream ends before. */
export async function readBytes(stream: Duplex, length: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let missing = length
  while (missing > 0) {
    const part: Buffer | null = stream.read(Math.min(missing, stream.readableLength || missing))
    if (part !== null) {
      parts.push(part)
      missing -= part.length
      continue
    }
    if (stream.readableEnded || stream.destroyed) throw new Error(`The stream ended, ${missing} bytes short.`)
    await firstOf(stream, ['readable', 'end', 'close'])
  }
  return Buffer.concat(parts)
}

/** Everything up to the clean end. */
export async function readAll(stream: Duplex): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream.iterator({ destroyOnReturn: false })) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

export async function write(stream: Duplex, bytes: Uint8Array | string): Promise<void> {
  if (!stream.write(bytes)) await firstOf(stream, ['drain', 'close'])
}

/** Resolves once the stream has closed, cleanly or not, and has said so. */
export async function closed(stream: Duplex): Promise<void> {
  if (stream.closed) await new Promise((resolve) => setImmediate(resolve))
  else await new Promise<void>((resolve) => stream.once('close', resolve))
}

async function firstOf(stream: Duplex, events: string[]): Promise<void> {
  const stop = new AbortController()
  try {
    await Promise.race(events.map((event) => once(stream, event, { signal: stop.signal }).catch(() => {})))
  } finally {
    stop.abort()
  }
}

/** Answers every byte with itself, and the end with the end. */
export function echo({ stream }: Channel): void {
  stream.on('error', () => {})
  stream.pipe(stream)
}

/** Resolves once `done` holds; the turns of the event loop in between are free. */
export async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve))
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes alive on the heap and in buffers, and open handles; finalizers get turns to run. */
export async function footprint(): Promise<{ bytes: number; handles: number }> {
  for (let round = 0; round < 4; round++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return { bytes: heapUsed + external, handles: openHandles() }
}

/**
 * Node's own, and what the system counts where it tells: QUIC's sockets are the binding's, and Node knows nothing of
 * them.
 */
export function openHandles(): number {
  const files = existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0
  return process.getActiveResourcesInfo().length + files
}
