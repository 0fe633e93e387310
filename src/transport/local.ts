/**
 * The node's control socket: a Unix socket (a named pipe on Windows) that only the owner of the data folder can
 * open. Commands on that folder go through it to the node that holds the store.
 */
import { createHash } from 'node:crypto'
import { chmod, unlink } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { CausewayError } from '../base/errors.ts'
import type { Channel } from './transport.ts'

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, with the closing NUL. */
const longestSocketPath = 100

/** Where the control socket of a data folder is; in the temporary folder when the folder's own path is too long. */
export function controlPath(dataFolder: string): string {
  const folder = resolve(dataFolder)
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 24)
  if (process.platform === 'win32') return `\\\\.\\pipe\\causeway-${name}`
  const path = join(folder, 'control.sock')
  return Buffer.byteLength(path) <= longestSocketPath ? path : join(tmpdir(), `causeway-${name}.sock`)
}

/** Listens on the control socket; the store's lock says that no other node does, so a left-over one is removed. */
export async function listenLocal(
  path: string,
  accept: (channel: Channel) => void,
): Promise<AsyncDisposable> {
  if (process.platform !== 'win32') await unlink(path).catch(() => {})
  const server = createServer({ allowHalfOpen: true }, (stream) => accept({ stream, remoteAddress: 'local' }))
  // Nobody else may connect between bind and chmod.
  const mask = process.umask(0o177)
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail)
      server.listen(path, done)
    })
  } catch (cause) {
    throw new CausewayError(
      'UNREACHABLE',
      `The control socket ${path} could not be opened: ${(cause as Error).message}`,
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

/** Connects to a node's control socket; undefined where none runs. */
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
