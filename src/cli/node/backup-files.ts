/** Backups as files: which of a folder are backups, on which of them a later one builds, and which make a chain. */
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { readHead } from '../../node/backup/read.ts'
import { nameOf } from '../../node/backup/since.ts'
import { asCausewayError, plainText } from '../output.ts'
import { io } from '../streams.ts'

/** Yields the bytes of a file, or of stdin. */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* path === '-' ? io().stdin : createReadStream(path)
  } catch (cause) {
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The file ${path} cannot be read: ${(cause as Error).message}`,
      { cause },
    )
  }
}

interface Listed {
  readonly path: string
  readonly name: string
  readonly node: string
  readonly since: string | undefined
  readonly createdAtMs: number
}

/** Returns the path of the last backup of a node in a folder, or undefined if it has none. */
export async function lastBackup(folder: string, node: string): Promise<string | undefined> {
  return (await backupsIn(folder)).findLast((each) => each.node === node)?.path
}

/**
 * Returns the paths of the last backup in a folder and of those on which it builds, the whole one first. Throws
 * INVALID_ARGUMENT if there is none, or one of them is not in the folder.
 */
export async function lastChain(folder: string): Promise<string[]> {
  const backups = await backupsIn(folder)
  let last = backups.at(-1)
  if (last === undefined)
    throw new CausewayError('INVALID_ARGUMENT', `The folder ${folder} has no backups: name another one.`)
  const chain = [last.path]
  while (last.since !== undefined) {
    const { since, path }: Listed = last
    last = backups.find(({ name }) => name === since)
    if (last === undefined || chain.length >= limits.backupChain)
      throw new CausewayError(
        'INVALID_ARGUMENT',
        `The backup on which ${path} builds is not in ${folder}: put it there, or name another folder.`,
      )
    chain.unshift(last.path)
  }
  return chain
}

/** Returns the backups in a folder, the oldest first, and says on stderr which files cannot be read. */
async function backupsIn(folder: string): Promise<Listed[]> {
  const found: Listed[] = []
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.car')).sort()) {
    const path = join(folder, file)
    try {
      const head = await readHead(fileBytes(path))
      if (head === undefined) continue
      const { node, since, createdAtMs } = head
      found.push({ path, name: nameOf(head), node, since, createdAtMs })
    } catch (error) {
      io().stderr.write(`not read: ${path}: ${plainText(asCausewayError(error).message, 1000)}\n`)
    }
  }
  return found.sort((a, b) => a.createdAtMs - b.createdAtMs)
}
