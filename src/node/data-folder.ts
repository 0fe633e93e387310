/**
/**
 * A node's data folder: `identity.key` (the secret seed in hex, mode 0600), `store/` (LevelDB), and, while a process has
 * it open, `node.pid`, the control socket (transport/local.ts) and a note of where operators' tools reach it. The store
 * names the node that it belongs to.
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { CausewayError } from '../base/errors.ts'
import { createIdentity, type Identity, type PeerId } from '../dag/identity.ts'
import { storeError } from '../store/database/errors.ts'
import { repairDatabase } from '../store/database/leveldb-repair.ts'
import { checkTables } from '../store/database/leveldb-tables.ts'
import { type Database, openFolder, openMemory } from '../store/database/open.ts'
import { Records } from '../store/database/records.ts'
import { holderOf, showHolder } from './holder.ts'

/**
 * Opens the key and the store of a node: those of the folder, the database given, or new ones in memory. Throws
 * STORE_LOCKED, STORE_FORMAT, STORE_DENIED, STORE_FULL, INVALID_ARGUMENT if the folder cannot be used, and STORE_CORRUPT
 * also if the key is lost or is not the one that the store belongs to.
 */
export async function openStore(
  folder: string | undefined,
  identity: Identity | undefined,
  database: Database | undefined,
): Promise<{ identity: Identity; db: Database }> {
  const db = database ?? (folder === undefined ? await openMemory() : await openData(folder))
  try {
    return { identity: await ownIdentity(db, database === undefined ? folder : undefined, identity), db }
  } catch (error) {
    await db.close()
    throw error
  }
}

/**
 * Repairs the store of a data folder that cannot be opened, as LevelDB can: call it only after `createNode` has failed
 * with STORE_CORRUPT and `data.unreadable`. Then open the node and let it repair every tree. Throws STORE_LOCKED if a
 * process has the folder open, STORE_CORRUPT if LevelDB cannot repair it, STORE_FULL and STORE_DENIED.
 */
export async function repairData(folder: string): Promise<void> {
  expectFree(folder)
  await repairDatabase(join(folder, 'store'))
}

/**
 * Returns the tables in the store of a data folder with blocks that do not match their checksums: while LevelDB reads them,
 * it may end the process. Reads the whole store. Throws STORE_LOCKED if a process has the folder open.
 */
export async function damagedTables(folder: string): Promise<string[]> {
  expectFree(folder)
  return existsSync(join(folder, 'store')) ? checkTables(join(folder, 'store')) : []
}

function expectFree(folder: string): void {
  if (holderOf(folder) !== undefined)
    throw lockedError(folder, new CausewayError('STORE_LOCKED', 'A running process has the folder open.'))
}

/** Returns the path of the file that says where a running node serves operators' tools. */
export const adminNote = (folder: string): string => join(folder, 'admin.url')

/** Returns whether a folder holds a node: a key or a store. */
export function hasNode(folder: string): boolean {
  return ['identity.key', 'store'].some((name) => existsSync(join(folder, name)))
}

/** Opens the store of a folder, and creates the folders that are missing. */
async function openData(folder: string): Promise<Database> {
  const store = join(folder, 'store')
  try {
    await makeFolder(folder)
    await makeFolder(store)
    // LevelDB makes its files readable for everyone; in a folder that existed before, this keeps others out.
    await chmod(store, 0o700)
  } catch (error) {
    throw folderError(error, folder)
  }
  const db = await openFolder(store).catch((error: CausewayError) => {
    throw error.code === 'STORE_LOCKED' ? lockedError(folder, error) : error
  })
  showHolder(folder, db)
  // A killed node has left it; the port may be another program's by now.
  await rm(adminNote(folder), { force: true }).catch(() => {})
  return db
}

/**
 * Creates a folder and its parents. Node's own `recursive` never returns for a path such as /proc/x, where the parent
 * exists and yet nothing can be created.
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if ((code === 'EEXIST' || code === 'EROFS' || code === 'EACCES') && (await isFolder(path))) return
    const parent = dirname(resolve(path))
    if (code !== 'ENOENT' || parent === resolve(path)) throw error
    await makeFolder(parent)
    await mkdir(path, { mode: 0o700 })
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

function folderError(error: unknown, folder: string): CausewayError {
  const known = storeError(error, `The data folder ${folder} cannot be used`)
  if (known.code !== 'STORE_CORRUPT') return known
  return new CausewayError(
    'INVALID_ARGUMENT',
    `${known.message}: name a folder that exists or can be created.`,
    { data: { folder }, cause: error },
  )
}

function lockedError(folder: string, cause: CausewayError): CausewayError {
  const pid = holderOf(folder)
  const who =
    pid === undefined ? 'Another process' : pid === process.pid ? 'This process' : `The process ${pid}`
  return new CausewayError(
    'STORE_LOCKED',
    `${who} has the data folder ${folder} open: wait until it ends or stop it. While \`causeway serve\` runs on a folder, other commands go through it.`,
    { data: { folder, ...(pid !== undefined && { pid }) }, cause },
  )
}

/**
 * Returns the identity that a store belongs to, and writes into a new store whose it is. Without that, a lost key would
 * be replaced silently, and the node would be a stranger to its own trees.
 */
async function ownIdentity(
  db: Database,
  folder: string | undefined,
  given: Identity | undefined,
): Promise<Identity> {
  const owners = await Records.open<{ readonly peer: PeerId }>(db, 'owner')
  const owner = owners.get('self')?.peer
  const identity = given ?? (folder === undefined ? undefined : await readIdentity(folder))
  if (identity === undefined) {
    if (owner !== undefined || (folder !== undefined && (await hasEntries(db))))
      throw lostKeyError(owner, folder)
  } else if (owner === identity.peer) return identity
  else if (owner !== undefined) throw otherKeyError(owner, identity.peer, folder)
  const own = identity ?? (folder === undefined ? createIdentity() : await writeIdentity(folder))
  await owners.set('self', { peer: own.peer }, { sync: true })
  return own
}

/** Returns whether a store holds more than its format. Stores of early versions do not say whose they are. */
async function hasEntries(db: Database): Promise<boolean> {
  return (await db.keys({ limit: 2 }).all()).length > 1
}

function lostKeyError(owner: PeerId | undefined, folder: string | undefined): CausewayError {
  const whose = owner === undefined ? 'has trees, but no key' : `belongs to the node ${owner}, but has no key`
  const [what, remedy] =
    folder === undefined
      ? ['The database', 'pass the `identity` of that node.']
      : [`The data folder ${folder}`, startOver('restore identity.key from a backup', folder)]
  return new CausewayError('STORE_CORRUPT', `${what} ${whose}: ${remedy}`, {
    data: { ...(owner !== undefined && { owner }), ...(folder !== undefined && { folder }) },
  })
}

function otherKeyError(owner: PeerId, peer: PeerId, folder: string | undefined): CausewayError {
  const [what, remedy] =
    folder === undefined
      ? ['The database', 'pass the `identity` of that node.']
      : [`The data folder ${folder}`, startOver('restore the key of that node', folder)]
  return new CausewayError(
    'STORE_CORRUPT',
    `${what} belongs to the node ${owner}, but its key is that of ${peer}: ${remedy}`,
    { data: { owner, peer, ...(folder !== undefined && { folder }) } },
  )
}

function startOver(restore: string, folder: string): string {
  return `${restore}. If it is lost, move ${join(folder, 'store')} away; the node then begins anew and can sync its trees from peers.`
}

/**
 * Returns the folder's key, or undefined if it has none yet. Throws STORE_DENIED if this user may not read it, and
 * STORE_CORRUPT if it is damaged.
 */
export async function readIdentity(folder: string): Promise<Identity | undefined> {
  const path = join(folder, 'identity.key')
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw storeError(error, `The key ${path} could not be read`)
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
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${Buffer.from(identity.seed).toString('hex')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, join(folder, 'identity.key'))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw folderError(error, folder)
  }
  return identity
}
