/**
 * A node takes another key: what its data folder says of that, and the change itself. The note `rotation.json` names both
 * keys from the beginning to the end, so that whoever is cut in between can go on. The old key stays beside the new one
 * until the operator removes it.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../../base/errors.ts'
import { type Identity, type PeerId, parsePeerId } from '../../dag/identity.ts'
import {
  folderError,
  keyFiles,
  newIdentity,
  readIdentity,
  setOwner,
  takeFile,
  writeIdentity,
  writeWhole,
} from '../data-folder.ts'

/** A rotation that has begun and has not ended. */
export interface Rotation {
  readonly from: PeerId
  readonly to: PeerId
  /** Whether the trees revoke the old key at the end. */
  readonly revokeOld: boolean
  /** Whether the trees grant the new key what the old one has, and peers know it: then the keys may change places. */
  readonly ready: boolean
}

const noteFile = 'rotation.json'

/** Returns the rotation that is under way in a folder. Throws STORE_CORRUPT if its note is damaged, STORE_DENIED. */
export async function readRotation(folder: string): Promise<Rotation | undefined> {
  const path = join(folder, noteFile)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw folderError(error, folder)
  })
  if (text === undefined) return undefined
  try {
    const { from, to, revokeOld, ready } = JSON.parse(text) as Record<keyof Rotation, unknown>
    if (typeof revokeOld !== 'boolean' || typeof ready !== 'boolean')
      throw new Error('`revokeOld` and `ready` are true or false')
    return { from: parsePeerId(String(from)), to: parsePeerId(String(to)), revokeOld, ready }
  } catch (error) {
    throw noteError(path, (error as Error).message, error)
  }
}

/**
 * Begins a rotation of the node with the key `from`, or changes what is noted of the one under way. Makes the new key,
 * unless an attempt before has made it.
 */
export async function noteRotation(
  folder: string,
  from: PeerId,
  what: Pick<Rotation, 'revokeOld' | 'ready'>,
): Promise<Rotation> {
  const made = await readIdentity(folder, keyFiles.next)
  const { peer: to } = made ?? (await writeIdentity(folder, newIdentity(), keyFiles.next))
  const rotation = { from, to, ...what }
  await writeWhole(folder, noteFile, `${JSON.stringify(rotation)}\n`)
  return rotation
}

/** Ends a rotation: forgets its note. */
export async function endRotation(folder: string): Promise<void> {
  await rm(join(folder, noteFile), { force: true })
}

/**
 * Lets the keys of a folder change places, in steps of which each leaves a folder that can be opened: the old key is kept
 * in a file of its own, the store names the new one, the new one is the node's. If it is cut before the last, the next
 * opening does that. Throws STORE_LOCKED if a process has the folder open, and STORE_CORRUPT if a key is missing.
 */
export async function changePlaces(folder: string, { from, to }: Rotation): Promise<void> {
  const own = await expectKey(folder, keyFiles.own)
  if (own.peer === to) return
  const next = await expectKey(folder, keyFiles.next)
  if (own.peer !== from || next.peer !== to)
    throw new CausewayError(
      'STORE_CORRUPT',
      `The keys in ${folder} are not those of the rotation that its ${noteFile} names: put ${keyFiles.own} and ${keyFiles.next} back.`,
      { data: { folder, from, to } },
    )
  await writeIdentity(folder, own, keptKeyFile(from))
  await setOwner(folder, to)
  await takeFile(folder, keyFiles.next, keyFiles.own)
}

/** Returns the name of the file that keeps a key which a node had before. */
export function keptKeyFile(peer: PeerId): string {
  return `identity.old-${peer.slice(0, 8)}.key`
}

async function expectKey(folder: string, name: string): Promise<Identity> {
  const identity = await readIdentity(folder, name)
  if (identity !== undefined) return identity
  throw new CausewayError(
    'STORE_CORRUPT',
    `The key ${join(folder, name)} is gone while the node takes another one: put it back, or remove ${noteFile} to leave the node with the key that it has.`,
    { data: { folder } },
  )
}

function noteError(path: string, why: string, cause: unknown): CausewayError {
  return new CausewayError(
    'STORE_CORRUPT',
    `The note ${path} of a change of the key cannot be read: ${why}. Remove it, and run \`causeway key rotate\` again.`,
    { cause, data: { path } },
  )
}
