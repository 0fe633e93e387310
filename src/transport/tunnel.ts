/**
 * Forwards a local TCP port through a transport to one peer, byte for byte, so that any gRPC or Connect client in
 * any language talks to a node behind a NAT. Each local connection is one stream at the peer; half-closes and
 * aborts pass through both ways.
 */

import type { AddressInfo } from 'node:net'
import { createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import type { Channel } from './transport.ts'

export interface TunnelOptions {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  /** Opens a stream to the peer. */
  readonly dial: (signal: AbortSignal) => Promise<Channel>
  /** Told when a local connection could not be carried. */
  readonly onError?: (error: CausewayError) => void
}

export interface Tunnel extends AsyncDisposable {
  readonly host: string
  readonly port: number
}

/** Starts to listen. UNREACHABLE where the port cannot be taken. */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  const closing = new AbortController()
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    void carry(socket)
  })
  server.maxConnections = limits.tunnelConnections

  async function carry(socket: Socket): Promise<void> {
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    try {
      const { stream } = await options.dial(AbortSignal.any([closing.signal, gone.signal]))
      if (socket.destroyed) {
        stream.destroy()
        return
      }
      // One direction's error ends the other too; its own end does not.
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
          `The tunnel cannot listen on ${options.host}:${options.port}: ${cause.message}`,
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
