/**
 * A node's data folder: `identity.key` (the secret seed in hex, mode 0600), `store/` (LevelDB), and, while a process has
 * it open, `node.pid`, the control socket (transport/local.ts) and a note of where operators' tools reach it. The store
 * names the node that it belongs to.
 */
import { randomBytes } from 'node:crypto'
import { existsSync, type Stats, statSync } from 'node:fs'
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type Clock, systemClock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { createIdentity, type Identity, type PeerId } from '../dag/identity.ts'
import { DamageNotes } from '../store/damage/damage-notes.ts'
import { storeError } from '../store/database/errors.ts'
import { repairDatabase } from '../store/database/leveldb-repair.ts'
import { checkTables } from '../store/database/leveldb-tables.ts'
import { wordsOfDamage } from '../store/database/leveldb-words.ts'
import {
  type Database,
  type OpenOptions,
  openFolder,
  openMemory,
  type StoreSurvey,
  surveyFolder,
} from '../store/database/open.ts'
import { ownDatabase } from '../store/database/ownership.ts'
import { Records } from '../store/database/records.ts'
import { holderOf, showHolder } from './holder.ts'

/**
 * Opens the key and the store of a node: those of the folder, the database given, or new ones in memory. Migrates a store
 * of an older format. Throws STORE_LOCKED, STORE_FORMAT, STORE_DENIED, STORE_FULL, INVALID_ARGUMENT if the folder cannot
 * be used, and STORE_CORRUPT also if the key is lost or is not the one that the store belongs to.
 */
export async function openStore(
  folder: string | undefined,
  identity: Identity | undefined,
  database: Database | undefined,
  options: OpenOptions & { readonly clock?: Clock | undefined } = {},
): Promise<{ identity: Identity; db: Database }> {
  if (database !== undefined) await ownDatabase(database, options.clock ?? systemClock)
  const db = database ?? (folder === undefined ? await openMemory() : await openData(folder, options))
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

/**
 * Returns the format of the store in a data folder, and what its migration to that of this version would do. Throws
 * STORE_LOCKED if a process has the folder open, STORE_FORMAT for a newer format, and STORE_CORRUPT.
 */
export function surveyData(folder: string): Promise<StoreSurvey> {
  return surveyFolder(join(folder, 'store')).catch(naming(folder))
}

/**
 * Migrates the store in a data folder to the format of this version; does nothing if it has it. Throws as `surveyData`,
 * and STORE_FULL.
 */
export async function migrateData(folder: string, options: OpenOptions): Promise<void> {
  const db = await openFolder(join(folder, 'store'), options).catch(naming(folder))
  try {
    // LevelDB says it only once or twice, and the node's own opening may come later.
    await (await DamageNotes.of(db)).addLog(await wordsOfDamage(db))
  } finally {
    await db.close()
  }
}

/** Names the data folder, and the process that has it open, in the error of an opening. */
function naming(folder: string): (error: CausewayError) => never {
  return (error) => {
    throw error.code === 'STORE_LOCKED' ? lockedError(folder, error) : error
  }
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
async function openData(folder: string, options: OpenOptions): Promise<Database> {
  const store = join(folder, 'store')
  try {
    await makeFolder(folder)
    await makeFolder(store)
    // LevelDB makes its files readable for everyone; in a folder that existed before, this keeps others out.
    await chmod(store, 0o700)
  } catch (error) {
    throw folderError(error, folder)
  }
  const db = await openFolder(store, options).catch(naming(folder))
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

/** Returns why a data folder, or a file in it, cannot be used. */
export function folderError(error: unknown, folder: string): CausewayError {
  const { code = '', message } = error as NodeJS.ErrnoException
  const known = storeError(error, `The data folder ${folder} cannot be used`)
  if (known.code === 'STORE_FULL') return known
  const options = { data: { folder }, cause: error }
  const owner = statsOf(folder)?.uid
  if (known.code === 'STORE_DENIED' && owner !== undefined && owner !== process.geteuid?.())
    return new CausewayError(
      'STORE_DENIED',
      `${folder} belongs to another user: run as that user, or name a folder of your own.`,
      options,
    )
  if (known.code === 'STORE_DENIED') return known
  const file = code === 'EEXIST' || code === 'ENOTDIR' ? fileOn(folder) : undefined
  const reason =
    file === undefined ? `The data folder ${folder} cannot be used: ${message}` : `${file} is a file`
  return new CausewayError(
    'INVALID_ARGUMENT',
    `${reason}: name a folder that exists or can be created.`,
    options,
  )
}

/** Returns the first part of the path of a store that is no folder. */
function fileOn(folder: string): string | undefined {
  const path = resolve(folder)
  const above = dirname(path) === path ? undefined : fileOn(dirname(path))
  return above ?? [path, join(path, 'store')].find(isFile)
}

const isFile = (path: string): boolean => statsOf(path)?.isDirectory() === false

function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
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
  else if (owner !== undefined) {
    const next = given === undefined && folder !== undefined ? await takeNextKey(folder, owner) : undefined
    if (next !== undefined) return next
    throw otherKeyError(owner, identity.peer, folder)
  }
  const own =
    identity ?? (folder === undefined ? createIdentity() : await writeIdentity(folder, newIdentity()))
  await owners.set('self', { peer: own.peer }, { sync: true })
  return own
}

/**
 * Writes into the store of a folder that it belongs to another key from now on. Throws STORE_LOCKED if a process has the
 * folder open, and what opening it throws.
 */
export async function setOwner(folder: string, peer: PeerId): Promise<void> {
  const db = await openData(folder, {})
  try {
    await (await Records.open<{ readonly peer: PeerId }>(db, 'owner')).set('self', { peer }, { sync: true })
  } finally {
    await db.close()
  }
}

/** Does the last step of a change of the key that was cut: the store names the next key, so that one takes its place. */
async function takeNextKey(folder: string, owner: PeerId): Promise<Identity | undefined> {
  const next = await readIdentity(folder, keyFiles.next)
  if (next?.peer !== owner) return undefined
  await takeFile(folder, keyFiles.next, keyFiles.own)
  return next
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

/** The files of keys in a data folder: the node's own, and the one that takes its place in a rotation. */
export const keyFiles = { own: 'identity.key', next: 'identity.next.key' } as const

/**
 * Returns the folder's key, or undefined if it has none yet. Throws STORE_DENIED if this user may not read it, and
 * STORE_CORRUPT if it is damaged.
 */
export async function readIdentity(
  folder: string,
  name: string = keyFiles.own,
): Promise<Identity | undefined> {
  const path = join(folder, name)
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

/** Returns a new key. */
export function newIdentity(): Identity {
  return createIdentity(new Uint8Array(randomBytes(32)))
}

/** Writes a key into a folder, where only this user can read it. */
export async function writeIdentity(
  folder: string,
  identity: Identity,
  name: string = keyFiles.own,
): Promise<Identity> {
  await writeWhole(folder, name, `${Buffer.from(identity.seed).toString('hex')}\n`)
  return identity
}

/** Writes a private file and renames it into place, so that a crash leaves the whole file or none. */
export async function writeWhole(folder: string, name: string, text: string): Promise<void> {
  const temporary = `${name}.${randomBytes(4).toString('hex')}`
  try {
    const file = await open(join(folder, temporary), 'wx', 0o600)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await takeFile(folder, temporary, name)
  } catch (error) {
    await rm(join(folder, temporary), { force: true }).catch(() => {})
    throw folderError(error, folder)
  }
}

/** Gives a file of a folder another name, so that it has that name after a loss of power too. */
export async function takeFile(folder: string, from: string, to: string): Promise<void> {
  await rename(join(folder, from), join(folder, to))
  // Windows cannot flush a folder.
  if (process.platform === 'win32') return
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
