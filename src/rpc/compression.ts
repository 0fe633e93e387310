/**
 * How messages are compressed: with the least effort that a codec knows, since more of it costs ten times the time for a
 * few hundredths of the bytes. Brotli is what our own nodes speak where bytes are dear; it hardly costs anything where
 * nothing can be won. Gzip is for clients that know nothing else.
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

/** A page at once: each piece is a job in the thread pool, behind whatever else waits there. */
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
        // The bound holds while inflating: a bomb is given up with the piece that passes it.
        const inflated = await inflate(bytes, { chunkSize, maxOutputLength: readMaxBytes } as Options)
        return inflated as Uint8Array<ArrayBuffer>
      } catch (error) {
        throw (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
          ? new ConnectError(
              `A message may have ${readMaxBytes} bytes, but this one has more, once decompressed.`,
              Code.ResourceExhausted,
            )
          : new ConnectError(`A compressed message is not ${name}.`, Code.InvalidArgument)
      }
    },
  }
}
