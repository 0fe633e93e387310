/**
 * Forwards a local TCP port through a transport to one peer, byte for byte, so that a gRPC or Connect client in any
 * language reaches a node behind a NAT. Each local connection becomes one stream to the peer; half-closes and aborts
 * pass through in both directions.
 */

import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Channel } from './transport.ts'

export interface TunnelOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** Opens a stream to the peer. */
  readonly dial: (signal: AbortSignal) => Promise<Channel>
  /** Called when a local connection could not be forwarded. */
  readonly onError?: (error: CausewayError) => void
}

export interface Tunnel extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

/** Opens the local port. Throws UNREACHABLE if it cannot listen there. */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  const closing = new AbortController()
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    void forward(socket)
  })
  server.maxConnections = limits.tunnelConnections

  async function forward(socket: Socket): Promise<void> {
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    try {
      const { stream } = await options.dial(AbortSignal.any([closing.signal, gone.signal]))
      if (socket.destroyed) {
        stream.destroy()
        return
      }
      // An error in one direction ends both; a half-close ends only its own.
      pipeline(socket, stream, (error) => {
        if (error) socket.destroy()
      })
      pipeline(stream, socket, (error) => {
        if (error) stream.destroy()
      })
    } catch (error) {
      socket.destroy()
      const failure = CausewayError.from(error)
      if (failure.code !== 'CANCELLED') options.onError?.(failure)
    }
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new CausewayError(
          'UNREACHABLE',
          `The tunnel cannot listen on ${options.host}:${options.port}: ${cause.message}.`,
          {
            cause,
          },
        ),
      ),
    )
    server.listen(options.port, options.host, resolve)
  })
  return {
    host: options.host,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      closing.abort()
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
