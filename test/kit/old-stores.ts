/** Stores of older formats, as earlier versions wrote them: their rows lie in `fixtures`. */
import { readFileSync } from 'node:fs'
import { ClassicLevel } from 'classic-level'
import { createIdentity, type Identity } from '../../src/dag/identity.ts'
import { projectFile } from './project.ts'

export const oldFormats = [1, 2] as const

/** The key of the node that wrote them. */
export const oldIdentity: Identity = createIdentity(new Uint8Array(32).fill(1))

export const oldSeedText = `${'01'.repeat(32)}\n`

type Row = [Buffer, Buffer]

function rowsOf(format: number): Row[] {
  return readFileSync(projectFile(`test/kit/fixtures/store-format-${format}.txt`), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line): Row => {
      const [key = '', value = ''] = line.split(' ')
      return [Buffer.from(key, 'hex'), Buffer.from(value, 'base64')]
    })
}

/** Opens a database of a folder without a look at its format. */
export async function openRows(folder: string): Promise<ClassicLevel<Buffer, Buffer>> {
  const db = new ClassicLevel<Buffer, Buffer>(folder, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  await db.open()
  return db
}

/** Writes a store of an older format into a folder. */
export async function writeOldStore(folder: string, format: number): Promise<void> {
  const db = await openRows(folder)
  await db.batch(rowsOf(format).map(([key, value]) => ({ type: 'put', key, value })))
  await db.close()
}

/** Returns all rows of a store, in hex. */
export async function readRows(folder: string): Promise<Map<string, string>> {
  const db = await openRows(folder)
  const rows = await db.iterator().all()
  await db.close()
  return new Map(rows.map(([key, value]) => [key.toString('hex'), value.toString('hex')]))
}
