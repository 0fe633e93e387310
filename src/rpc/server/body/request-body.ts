/**
 * Takes in a request's message before Connect parses it: reads it whole, inflates it, and checks that parsing it will
 * not cost far more than its bytes. Every request of the contract has exactly one message; those of server reflection are
 * streams, whose messages come one by one.
 */
import type { DescMethod } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { UniversalServerRequest } from '@connectrpc/connect/protocol'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import { fastBrotli, fastGzip } from '../../compression.ts'
import { toConnectError } from '../../errors.ts'
import { checkBinary, checkJson } from './message-check.ts'

/** The call that a request belongs to, which pays for it. */
export interface Payer {
  /** The largest message in JSON that the caller may send. */
  readonly jsonBytes: number
  /** Counts bytes that a request takes in memory beyond those that arrived. Throws RESOURCE_EXHAUSTED. */
  hold(bytes: number): void
  /** Charges the time from now until the message was parsed. */
  parse(): void
}

/** A request of a caller without bounds. */
export const freePayer: Payer = { jsonBytes: limits.messageBytes, hold: () => {}, parse: () => {} }

const codecs = new Map([fastGzip, fastBrotli].map((codec) => [codec.name, codec]))
const envelopeBytes = 5
const compressedFlag = 1
const firstBlockBytes = 1_024
const blockBytes = 16_384

/**
 * Returns the body to parse, made of a request and the chunks of its body. It fails with LIMIT_EXCEEDED for a message
 * past a bound. Changes the request's headers where the body no longer fits them.
 */
export function requestBody(
  { header }: Pick<UniversalServerRequest, 'header'>,
  chunks: AsyncIterable<Uint8Array>,
  { input, methodKind }: Pick<DescMethod, 'input' | 'methodKind'>,
  payer: Payer,
): AsyncIterable<Uint8Array> {
  const type = header.get('content-type') ?? ''
  const json = /^application\/([\w-]+\+)?json\b/i.test(type)
  const enveloped = /^application\/(connect\+|grpc)/i.test(type)
  const encoding = enveloped
    ? (header.get('connect-content-encoding') ?? header.get('grpc-encoding'))
    : header.get('content-encoding')
  const codec = codecs.get(encoding ?? '')
  const streams = methodKind === 'bidi_streaming' || methodKind === 'client_streaming'
  const most = json ? payer.jsonBytes : limits.messageBytes
  const maxBytes = streams ? limits.streamedRequestBytes : most
  const length = Number(header.get('content-length') ?? 0)
  // Connect would set memory aside for as many bytes as a header names, before one has come.
  header.delete('content-length')
  if (!enveloped && codec !== undefined) header.delete('content-encoding')

  const take = async (message: Buffer, compressed: boolean): Promise<Buffer> => {
    let plain = message
    if (compressed) {
      plain = bufferOf(await codec!.decompress(message as Uint8Array<ArrayBuffer>, maxBytes))
      payer.hold(plain.length)
    }
    payer.parse()
    if (json) checkJson(plain)
    else checkBinary(input, plain)
    return plain
  }

  /** Returns an envelope with its message checked, and not compressed. */
  const unwrap = async (body: Buffer): Promise<Buffer> => {
    if (body.length < envelopeBytes) return body
    const flags = body[0]!
    const end = envelopeBytes + body.readUInt32BE(1)
    if (end < body.length)
      throw new CausewayError('INVALID_ARGUMENT', 'A request has one message, but this one has more.')
    const compressed = (flags & compressedFlag) !== 0
    // Connect refuses what is cut short, and what is compressed in a way that the headers do not name.
    if (end > body.length || (compressed && codec === undefined)) return body
    const message = await take(body.subarray(envelopeBytes), compressed)
    if (!compressed) return body
    const head = Buffer.from([flags & ~compressedFlag, 0, 0, 0, 0])
    head.writeUInt32BE(message.length, 1)
    return Buffer.concat([head, message])
  }

  return reporting(async function* () {
    if (streams) {
      for await (const envelope of envelopesOf(chunks, maxBytes)) yield await unwrap(envelope)
      return
    }
    const body = await readWhole(chunks, length, maxBytes, enveloped)
    // Without a codec, a compressed body has one that we do not know, which Connect refuses before it reads.
    yield enveloped ? await unwrap(body) : await take(body, codec !== undefined)
  })
}

/** Yields the envelopes of a stream as they come, and last what is left if it was cut short. */
async function* envelopesOf(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk])
    // Ends: each turn takes an envelope, and what is left is shorter than one.
    while (rest.length >= envelopeBytes) {
      const bytes = rest.readUInt32BE(1)
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      const end = envelopeBytes + bytes
      if (rest.length < end) break
      yield rest.subarray(0, end)
      rest = rest.subarray(end)
    }
  }
  if (rest.length > 0) yield rest
}

/** Reads a whole body. Throws LIMIT_EXCEEDED as soon as it is, or says that it is, too large. */
async function readWhole(
  chunks: AsyncIterable<Uint8Array>,
  length: number,
  maxBytes: number,
  enveloped: boolean,
): Promise<Buffer> {
  const most = maxBytes + (enveloped ? envelopeBytes : 0)
  if (length > most) throw tooLarge(maxBytes)
  const body = new Gatherer()
  for await (const chunk of chunks) {
    body.add(bufferOf(chunk))
    const { head, bytes } = body
    const announced = enveloped && head.length >= envelopeBytes ? head.readUInt32BE(1) : 0
    if (bytes > most || announced > maxBytes) throw tooLarge(maxBytes)
  }
  return body.whole()
}

function tooLarge(maxBytes: number): ConnectError {
  const why =
    maxBytes === limits.strangerJsonBytes ? ' in JSON from a caller that this node does not know' : ''
  return new ConnectError(
    `A message can have at most ${maxBytes} bytes${why}, but this one has more.`,
    Code.ResourceExhausted,
  )
}

/**
 * Gathers chunks by copying them into blocks, so that what it holds follows from their bytes. A chunk takes 500 bytes by
 * itself, and keeps the whole buffer that it was read into, so a body of many small chunks would take gigabytes.
 */
class Gatherer {
  bytes = 0
  private readonly full: Buffer[] = []
  private block = Buffer.alloc(0)
  private used = 0

  /** The bytes that came first: at least an envelope's head, if there are so many. */
  get head(): Buffer {
    return this.full[0] ?? this.block.subarray(0, this.used)
  }

  add(chunk: Buffer): void {
    this.bytes += chunk.length
    for (let at = 0; at < chunk.length; ) {
      if (this.used === this.block.length) this.nextBlock()
      const count = chunk.copy(this.block, this.used, at)
      this.used += count
      at += count
    }
  }

  whole(): Buffer {
    const last = this.block.subarray(0, this.used)
    return this.full.length === 0 ? last : Buffer.concat([...this.full, last])
  }

  /** Most messages fit the first, smaller block. */
  private nextBlock(): void {
    if (this.used > 0) this.full.push(this.block)
    this.block = Buffer.allocUnsafeSlow(this.block.length === 0 ? firstBlockBytes : blockBytes)
    this.used = 0
  }
}

/** Runs a generator, and translates what it throws for the answer. */
async function* reporting(run: () => AsyncGenerator<Uint8Array, void>): AsyncGenerator<Uint8Array> {
  try {
    yield* run()
  } catch (error) {
    throw toConnectError(error)
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}
