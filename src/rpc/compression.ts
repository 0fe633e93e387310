/**
 * Compression of messages, at the lowest level of each codec: higher levels take ten times as long and save a few
 * percent of the bytes. Nodes use Brotli among themselves over transports where bytes are expensive; it costs little on
 * data that does not compress. Gzip is for clients that support nothing else.
 */
import { promisify } from 'node:util'
import {
  type BrotliOptions,
  brotliCompress,
  brotliDecompress,
  constants,
  gunzip,
  gzip,
  type InputType,
  type ZlibOptions,
} from 'node:zlib'
import { Code, ConnectError } from '@connectrpc/connect'
import type { Compression } from '@connectrpc/connect/protocol'
import { limits } from '../base/limits.ts'

/** A whole page: each chunk is a job on the thread pool, and queues behind the other jobs there. */
const chunkSize = limits.pageBytes

export const fastBrotli: Compression = codec('br', promisify(brotliCompress), promisify(brotliDecompress), {
  chunkSize,
  params: { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 18 },
})

export const fastGzip: Compression = codec('gzip', promisify(gzip), promisify(gunzip), {
  chunkSize,
  level: 1,
})

type Codec<Options> = (bytes: InputType, options: Options) => Promise<Uint8Array>

function codec<Options extends ZlibOptions | BrotliOptions>(
  name: string,
  deflate: Codec<Options>,
  inflate: Codec<Options>,
  options: Options,
): Compression {
  return {
    name,
    compress: async (bytes) => (await deflate(bytes, options)) as Uint8Array<ArrayBuffer>,
    async decompress(bytes, readMaxBytes) {
      if (bytes.length === 0) return new Uint8Array(0)
      try {
        // The bound applies while inflating, so a bomb is abandoned at the chunk that passes it.
        const inflated = await inflate(bytes, { chunkSize, maxOutputLength: readMaxBytes } as Options)
        return inflated as Uint8Array<ArrayBuffer>
      } catch (error) {
        throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
          ? new ConnectError(
              `A message can have at most ${readMaxBytes} bytes, but this one has more after decompression.`,
              Code.ResourceExhausted,
            )
          : new ConnectError(
              `A message that should be compressed as ${name} cannot be decompressed.`,
              Code.InvalidArgument,
            )
      }
    },
  }
}
