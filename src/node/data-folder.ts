/**
 * A node's data folder: `identity.key` (the secret seed in hex, mode 0600), `store/` (LevelDB), and, while a node listens
 * there, the control socket (transport/local.ts) and a note of where operators' tools reach it.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../base/errors.ts'
import { createIdentity, type Identity } from '../dag/identity.ts'
import { type Database, openFolder, openMemory } from '../store/database/open.ts'

/**
 * Opens the key and the store of a node: those of the folder, the database given, or new ones in memory. Throws
 * STORE_LOCKED, STORE_FORMAT and STORE_CORRUPT.
 */
export async function openStore(
  folder: string | undefined,
  identity: Identity | undefined,
  database: Database | undefined,
): Promise<{ identity: Identity; db: Database }> {
  if (database !== undefined) return { identity: identity ?? createIdentity(), db: database }
  if (folder !== undefined) return openData(folder, identity)
  return { identity: identity ?? createIdentity(), db: await openMemory() }
}

/** Returns the path of the file that says where a running node serves operators' tools. */
export const adminNote = (folder: string): string => join(folder, 'admin.url')

/** Opens the key and the store of a folder, and creates what is missing. */
async function openData(folder: string, identity?: Identity): Promise<{ identity: Identity; db: Database }> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  // Take the store's lock first: only its holder may create a key.
  const store = join(folder, 'store')
  await mkdir(store, { recursive: true })
  // LevelDB makes its files readable for everyone; in a folder that existed before, this keeps others out.
  await chmod(store, 0o700)
  const db = await openFolder(store)
  try {
    // A killed node has left it; the port may be another program's by now.
    await rm(adminNote(folder), { force: true })
    return { identity: identity ?? (await readIdentity(folder)) ?? (await writeIdentity(folder)), db }
  } catch (error) {
    await db.close()
    throw error
  }
}

/** Returns the folder's key, or undefined if it has none yet. Throws STORE_CORRUPT if the key cannot be read. */
export async function readIdentity(folder: string): Promise<Identity | undefined> {
  const path = join(folder, 'identity.key')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new CausewayError(
      'STORE_CORRUPT',
      `The key ${path} could not be read (${error.message}): check that it is a file that this user may read.`,
      {
        cause: error,
      },
    )
  })
  if (text === undefined) return undefined
  if (!/^[0-9a-f]{64}\n?$/.test(text))
    throw new CausewayError(
      'STORE_CORRUPT',
      `The key ${path} is not 64 hex digits: restore it from a backup.`,
    )
  return createIdentity(new Uint8Array(Buffer.from(text.trim(), 'hex')))
}

/** Creates a key and renames it into place, so that a crash leaves the whole key or none. */
async function writeIdentity(folder: string): Promise<Identity> {
  const identity = createIdentity(new Uint8Array(randomBytes(32)))
  const temporary = join(folder, `identity.key.${randomBytes(4).toString('hex')}`)
  const file = await open(temporary, 'wx', 0o600)
  try {
    await file.writeFile(`${Buffer.from(identity.seed).toString('hex')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, join(folder, 'identity.key'))
  return identity
}
