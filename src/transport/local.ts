/**
 * The node's control socket: a Unix socket (a named pipe on Windows) that only the owner of the data folder can open.
 * Commands on that folder use it to reach the node that holds the store's lock. It lies in the data folder, or, if that
 * path is too long for a socket, in a new folder of ours, which a note in the data folder names.
 */
import { randomBytes } from 'node:crypto'
import { chmod, lstat, mkdtemp, readFile, rmdir, stat, unlink, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { CausewayError } from '../base/errors.ts'
import type { Channel } from './transport.ts'

/** sockaddr_un holds 108 bytes on Linux and 104 on macOS, including the final NUL. */
const longestSocketPath = 100
const socketName = 'control.sock'
/** The file in a data folder that names the socket, if the socket is elsewhere. */
const noteName = 'control.path'
const folderPrefix = 'causeway-'
/** How many characters `mkdtemp` adds to a prefix. */
const randomLength = 6

const localChannel = { remoteAddress: 'local', protection: { kind: 'local' } } as const

const fits = (path: string): boolean => Buffer.byteLength(path) <= longestSocketPath
const noteOf = (dataFolder: string): string => join(dataFolder, noteName)

/** Returns the path of a running node's control socket, or where it would be if no node runs on the data folder. */
async function findSocket(dataFolder: string): Promise<string | undefined> {
  const noted = await readFile(noteOf(dataFolder), 'utf8').catch(() => undefined)
  if (noted !== undefined) return noted.trim()
  const path = join(dataFolder, socketName)
  return process.platform !== 'win32' && fits(path) ? path : undefined
}

/**
 * Listens on the control socket of a data folder. The caller holds the store's lock, so no other node listens there,
 * and what a killed node left is removed. Throws UNREACHABLE.
 */
export async function listenLocal(
  dataFolder: string,
  accept: (channel: Channel) => void,
): Promise<AsyncDisposable> {
  const folder = resolve(dataFolder)
  await removeLeftovers(folder)
  const path = await placeSocket(folder)
  const server = createServer({ allowHalfOpen: true }, (stream) => accept({ stream, ...localChannel }))
  // The umask keeps other users from connecting between bind and chmod.
  const mask = process.umask(0o177)
  try {
    await new Promise<void>((done, fail) => {
      server.once('error', fail)
      server.listen(path, done)
    }).finally(() => process.umask(mask))
    if (process.platform !== 'win32') await chmod(path, 0o600)
    if (dirname(path) !== folder) await writeFile(noteOf(folder), `${path}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    server.close()
    if (dirname(path) !== folder) await rmdir(dirname(path)).catch(() => {})
    throw new CausewayError(
      'UNREACHABLE',
      `Cannot open the control socket ${path}: ${(cause as Error).message}.`,
      { cause },
    )
  }
  return {
    async [Symbol.asyncDispose]() {
      await new Promise((done) => server.close(done))
      await removeLeftovers(folder)
    },
  }
}

/** Returns where a new socket goes. A name that nobody can guess is also one that nobody can take first. */
async function placeSocket(folder: string): Promise<string> {
  if (process.platform === 'win32') return `\\\\.\\pipe\\causeway-${randomBytes(16).toString('hex')}`
  const path = join(folder, socketName)
  if (fits(path)) return path
  const runtime = process.env.XDG_RUNTIME_DIR
  const parents = [...(runtime !== undefined && isAbsolute(runtime) ? [runtime] : []), tmpdir(), '/tmp']
  for (const parent of parents) {
    if (!fits(join(parent, folderPrefix + ' '.repeat(randomLength), socketName))) continue
    // Made with mode 0700.
    const own = await mkdtemp(join(parent, folderPrefix)).catch(() => undefined)
    if (own !== undefined) return join(own, socketName)
  }
  throw new CausewayError(
    'UNREACHABLE',
    `Cannot open a control socket: the path of ${folder} is too long for one, and no folder can be made in ${parents.join(' or ')}. Set XDG_RUNTIME_DIR to a folder of your own.`,
  )
}

/** Removes the socket of a node that no longer runs, its folder, and the note that names it. */
async function removeLeftovers(folder: string): Promise<void> {
  if (process.platform !== 'win32') {
    await unlink(join(folder, socketName)).catch(() => {})
    const path = await findSocket(folder)
    const own = path && dirname(path)
    if (own !== undefined && basename(own).startsWith(folderPrefix) && basename(path!) === socketName) {
      await unlink(path!).catch(() => {})
      await rmdir(own).catch(() => {})
    }
  }
  await unlink(noteOf(folder)).catch(() => {})
}

/**
 * Connects to the node that runs on a data folder. Returns undefined if none runs there. Throws FORBIDDEN if the socket
 * or its folder belongs to another user, who would otherwise receive the calls.
 */
export async function dialLocal(dataFolder: string): Promise<Channel | undefined> {
  const folder = resolve(dataFolder)
  const path = await findSocket(folder)
  if (path === undefined || !(await isOurs(path, folder))) return undefined
  return new Promise((done) => {
    const stream = connect({ path, allowHalfOpen: true })
    stream.once('error', () => done(undefined))
    stream.once('connect', () => {
      stream.removeAllListeners('error')
      done({ stream, ...localChannel })
    })
  })
}

/**
 * Reports whether there is a socket at the path. Throws FORBIDDEN unless it and its folder belong to this user or to
 * root, and, outside the data folder, unless nobody else can use that folder. Root also trusts the data folder's owner.
 */
async function isOurs(path: string, dataFolder: string): Promise<boolean> {
  const uid = process.getuid?.()
  // Windows: Node.js cannot read who owns a pipe.
  if (uid === undefined) return true
  const parent = dirname(path)
  const elsewhere = parent !== dataFolder
  // The data folder may be a symbolic link.
  const [socket, folder, data] = await Promise.all(
    [lstat(path), elsewhere ? lstat(parent) : stat(parent), stat(dataFolder)].map((found) =>
      found.catch(() => undefined),
    ),
  )
  if (!socket?.isSocket() || folder === undefined || data === undefined) return false
  const trusted = uid === 0 ? [0, data.uid] : [0, uid]
  if (!trusted.includes(folder.uid)) throw notTrusted(path, `${parent} belongs to user ${folder.uid}`)
  if (!trusted.includes(socket.uid)) throw notTrusted(path, `it belongs to user ${socket.uid}`)
  if (elsewhere && (!folder.isDirectory() || (folder.mode & 0o077) !== 0))
    throw notTrusted(path, `${parent} is not a folder of mode 0700`)
  return true
}

function notTrusted(path: string, reason: string): CausewayError {
  return new CausewayError(
    'FORBIDDEN',
    `The control socket ${path} is not trusted: ${reason}, and expected is user ${process.getuid?.()}, whom nobody else can replace there. Remove it, or run the command as the user that runs the node.`,
    { data: { path } },
  )
}
