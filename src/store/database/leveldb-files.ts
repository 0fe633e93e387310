/**
 * Looks at the files of a LevelDB database before it is opened. LevelDB makes a new database where CURRENT is missing, and
 * deletes the tables that its MANIFEST does not name: so an opening would destroy what a repair can still save. What is
 * checked: CURRENT is there if there is anything else, and the tables and the log that the MANIFEST names are there and
 * as long as it says. LevelDB checks the rest itself.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { CausewayError } from '../../base/errors.ts'

/** What a MANIFEST says is in use. */
interface Manifest {
  /** The oldest log that is needed; 0 if none is. */
  readonly log: number
  /** The bytes of each table. */
  readonly tables: ReadonlyMap<number, number>
}

/** How often a view of the files is taken again because they changed meanwhile: a process has the database open. */
const turns = 5

/** Throws STORE_CORRUPT, saying what is wrong, if opening the database in a folder would lose data. */
export async function checkFiles(folder: string): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    const before = await signOf(folder)
    const fault = await findFault(folder)
    if (fault === undefined) return
    // If they changed, a process has the database open, and LevelDB's lock will say so.
    if (before === (await signOf(folder)))
      throw new CausewayError(
        'STORE_CORRUPT',
        `The store ${folder} is damaged: ${fault}. Run \`causeway repair\`, or restore the folder from a copy.`,
        { data: { folder, unreadable: true } },
      )
  }
}

/** Returns a text that changes whenever LevelDB takes files into use or out of it. */
async function signOf(folder: string): Promise<string> {
  const current = await readText(join(folder, 'CURRENT'))
  const size = (await stat(join(folder, current?.trim() ?? '')).catch(() => undefined))?.size
  return `${current} ${size}`
}

async function findFault(folder: string): Promise<string | undefined> {
  const names = new Set(await readdir(folder).catch(() => []))
  const current = await readText(join(folder, 'CURRENT'))
  // A process that ended while it made a new database leaves a MANIFEST, but no table and no log.
  if (current === undefined)
    return [...names].some((name) => /^\d+\.(ldb|sst|log)$/.test(name))
      ? 'its file CURRENT is missing'
      : undefined
  const bytes = await readFile(join(folder, current.trim())).catch(() => undefined)
  if (!/^MANIFEST-\d+\n$/.test(current) || bytes === undefined)
    return 'its file CURRENT does not name a file MANIFEST'
  const manifest = readManifest(bytes)
  if (manifest === undefined) return `its file ${current.trim()} is cut or damaged`
  const log = fileName(manifest.log, 'log')
  if (manifest.log > 0 && !names.has(log)) return `its log ${log} is missing, or ${current.trim()} is cut`
  for (const [number, size] of manifest.tables) {
    const name = ['ldb', 'sst'].map((kind) => fileName(number, kind)).find((each) => names.has(each))
    if (name === undefined) return `its table ${fileName(number, 'ldb')} is missing`
    const { size: actual } = await stat(join(folder, name)).catch(() => ({ size: 0 }))
    if (actual < size) return `its table ${name} has ${actual} bytes of ${size}`
  }
  return undefined
}

function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'latin1').catch(() => undefined)
}

function fileName(number: number, kind: string): string {
  return `${String(number).padStart(6, '0')}.${kind}`
}

// LevelDB's log format: blocks of 32 KB with records of checksum(4) length(2) type(1), which may span blocks.
const blockBytes = 32_768
const headerBytes = 7
const [full, first, middle, last] = [1, 2, 3, 4]

/** Returns what a MANIFEST says, up to where it ends or is cut; undefined if that is nothing, or it cannot be read. */
export function readManifest(bytes: Buffer): Manifest | undefined {
  const state = { log: 0, tables: new Map<number, number>(), edits: 0 }
  try {
    for (const edit of recordsOf(bytes)) applyEdit(edit, state)
  } catch {
    return undefined
  }
  return state.edits === 0 ? undefined : state
}

/** Yields the records of a file in LevelDB's log format, up to the first that is cut. */
function* recordsOf(bytes: Buffer): Generator<Buffer> {
  let parts: Buffer[] = []
  let at = 0
  // Ends: each turn moves on, by a header at least or to the next block.
  while (at + headerBytes <= bytes.length) {
    const left = blockBytes - (at % blockBytes)
    if (left < headerBytes) {
      at += left
      continue
    }
    const length = bytes.readUInt16LE(at + 4)
    const type = bytes[at + 6]
    const end = at + headerBytes + length
    if (end > bytes.length || type === 0) return
    if (type === full || type === first) parts = []
    else if (type !== middle && type !== last) throw new Error('A record has an unknown type.')
    parts.push(bytes.subarray(at + headerBytes, end))
    if (type === full || type === last) yield Buffer.concat(parts)
    at = end
  }
}

/** Applies one record of a MANIFEST, a list of tags and their fields (db/version_edit.cc of LevelDB). */
function applyEdit(bytes: Buffer, state: { log: number; tables: Map<number, number>; edits: number }): void {
  let at = 0
  const number = () => {
    let value = 0
    // Ends: a number has at most ten bytes, and the record ends before that.
    for (let factor = 1; at < bytes.length; factor *= 128) {
      const byte = bytes[at++]!
      value += (byte & 127) * factor
      if (byte < 128) return value
    }
    throw new Error('A record is cut.')
  }
  const skip = () => {
    const length = number()
    at += length
    if (at > bytes.length) throw new Error('A record is cut.')
  }
  // Ends: each turn reads a tag, at least a byte.
  while (at < bytes.length) {
    const tag = number()
    if (tag === 1) skip()
    else if (tag === 2) state.log = number()
    else if (tag === 3 || tag === 4 || tag === 9) number()
    else if (tag === 5) {
      number()
      skip()
    } else if (tag === 6) {
      number()
      state.tables.delete(number())
    } else if (tag === 7) {
      number()
      state.tables.set(number(), number())
      skip()
      skip()
    } else throw new Error('A record has an unknown tag.')
  }
  state.edits++
}
