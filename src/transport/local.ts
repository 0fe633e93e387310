/**
 * The node's control socket: a Unix socket (a named pipe on Windows) that only the owner of the data folder can open.
 * Commands on that folder use it to reach the node that holds the store's lock.
 */
import { createHash } from 'node:crypto'
import { chmod, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CausewayError } from '../base/errors.ts'
import type { Channel } from './transport.ts'

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, including the final NUL. */
const longestSocketPath = 100

/** Returns the path of a data folder's control socket: in the temporary folder if the folder's own path is too long. */
export function controlPath(dataFolder: string): string {
  const folder = resolve(dataFolder)
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\causeway-${name}`
  const path = join(folder, 'control.sock')
  return Buffer.byteLength(path) <= longestSocketPath ? path : join(tmpdir(), `causeway-${name}.sock`)
}

/**
 * Listens on the control socket. The caller holds the store's lock, so no other node listens there, and a socket file
 * that is left over is removed. Throws UNREACHABLE.
 */
export async function listenLocal(
  path: string,
  accept: (channel: Channel) => void,
): Promise<AsyncDisposable> {
  if (process.platform !== 'win32') await unlink(path).catch(() => {})
  const server = createServer({ allowHalfOpen: true }, (stream) => accept({ stream, remoteAddress: 'local' }))
  // The umask keeps other users from connecting between bind and chmod.
  const mask = process.umask(0o177)
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail)
      server.listen(path, done)
    })
  } catch (cause) {
    throw new CausewayError(
      'UNREACHABLE',
      `Cannot open the control socket ${path}: ${(cause as Error).message}.`,
      { cause },
    )
  } finally {
    process.umask(mask)
  }
  if (process.platform !== 'win32') await chmod(path, 0o600)
  return {
    async [Symbol.asyncDispose]() {
      await new Promise((done) => server.close(done))
    },
  }
}

/** Connects to a node's control socket. Returns undefined if no node runs there. */
export function dialLocal(path: string): Promise<Channel | undefined> {
  return new Promise((done) => {
    const stream = connect({ path, allowHalfOpen: true })
    stream.once('error', () => done(undefined))
    stream.once('connect', () => {
      stream.removeAllListeners('error')
      done({ stream, remoteAddress: 'local' })
    })
  })
}
