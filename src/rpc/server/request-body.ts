/**
 * Takes in a request's message before Connect parses it: reads it whole, inflates it, and checks that parsing it will
 * not cost far more than its bytes. Every request of the contract has exactly one message.
 */
import type { DescMessage } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import type { UniversalServerRequest } from '@connectrpc/connect/protocol'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { fastBrotli, fastGzip } from '../compression.ts'
import { toConnectError } from '../errors.ts'
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

/**
 * Returns the body to parse, made of a request and the chunks of its body. It fails with LIMIT_EXCEEDED for a message
 * past a bound. Changes the request's headers where the body no longer fits them.
 */
export function requestBody(
  { header }: Pick<UniversalServerRequest, 'header'>,
  chunks: AsyncIterable<Uint8Array>,
  input: DescMessage,
  payer: Payer,
): AsyncIterable<Uint8Array> {
  const type = header.get('content-type') ?? ''
  const json = /^application\/([\w-]+\+)?json\b/i.test(type)
  const enveloped = /^application\/(connect\+|grpc)/i.test(type)
  const encoding = enveloped
    ? (header.get('connect-content-encoding') ?? header.get('grpc-encoding'))
    : header.get('content-encoding')
  const codec = codecs.get(encoding ?? '')
  const maxBytes = json ? payer.jsonBytes : limits.messageBytes
  if (!enveloped && codec !== undefined)
    for (const name of ['content-encoding', 'content-length']) header.delete(name)

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

  return reporting(async function* () {
    const body = await readWhole(chunks, maxBytes, enveloped)
    if (!enveloped) {
      // Without a codec, a compressed body has one that we do not know, which Connect refuses before it reads.
      yield await take(body, codec !== undefined)
      return
    }
    if (body.length < envelopeBytes) return yield body
    const flags = body[0]!
    const end = envelopeBytes + body.readUInt32BE(1)
    if (end < body.length)
      throw new CausewayError('INVALID_ARGUMENT', 'A request has one message, but this one has more.')
    const compressed = (flags & compressedFlag) !== 0
    // Connect refuses what is cut short, and what is compressed in a way that the headers do not name.
    if (end > body.length || (compressed && codec === undefined)) return yield body
    const message = await take(body.subarray(envelopeBytes), compressed)
    if (!compressed) return yield body
    const head = Buffer.from([flags & ~compressedFlag, 0, 0, 0, 0])
    head.writeUInt32BE(message.length, 1)
    yield Buffer.concat([head, message])
  })
}

/** Reads a whole body. Throws LIMIT_EXCEEDED as soon as it is, or says that it is, too large. */
async function readWhole(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
  enveloped: boolean,
): Promise<Buffer> {
  const why = maxBytes < limits.messageBytes ? ' in JSON from a caller that this node does not know' : ''
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of chunks) {
    parts.push(chunk)
    bytes += chunk.length
    const head = bufferOf(parts[0]!)
    const announced = enveloped && head.length >= envelopeBytes ? head.readUInt32BE(1) : 0
    if (bytes > maxBytes + (enveloped ? envelopeBytes : 0) || announced > maxBytes)
      throw new ConnectError(
        `A message can have at most ${maxBytes} bytes${why}, but this one has more.`,
        Code.ResourceExhausted,
      )
  }
  return parts.length === 1 ? bufferOf(parts[0]!) : Buffer.concat(parts)
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
