/** Random damages of a data folder: of a file, or of a record by its value. All follow from a seed. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { below } from '../kit/entries.ts'

/** The kinds of files and records that are damaged. */
export const kinds = [
  ...['log', 'table', 'MANIFEST', 'CURRENT', 'identity.key'],
  ...['peers', 'links', 'outbox', 'quota', 'sketch', 'index', 'tree', 'arrival', 'tip', 'policy'],
] as const
export type Kind = (typeof kinds)[number]

const files: Partial<Record<Kind, RegExp>> = {
  log: /^store\/\d+\.log$/,
  table: /^store\/\d+\.ldb$/,
  MANIFEST: /^store\/MANIFEST-\d+$/,
  CURRENT: /^store\/CURRENT$/,
  'identity.key': /^identity\.key$/,
}

/** The first byte of the keys of records that lie beside no sublevel. */
const letters: Partial<Record<Kind, string>> = { index: 'I', tree: 'T', arrival: 'A', tip: 'P', policy: 'O' }

const changes = ['flip', 'cut', 'remove', 'empty'] as const

/** Damages one file or record of a kind. Returns what it did, for people. */
export async function damage(folder: string, kind: Kind, random: () => number): Promise<string> {
  const change = changes[below(random, changes.length)]!
  return files[kind] === undefined
    ? damageRecord(join(folder, 'store'), kind, change, random)
    : damageFile(folder, files[kind], change, random)
}

/** Returns the bytes as a change leaves them, undefined for none. */
function changed(bytes: Buffer, change: (typeof changes)[number], random: () => number): Buffer | undefined {
  if (change === 'remove') return undefined
  if (change === 'empty' || bytes.length === 0) return Buffer.alloc(0)
  if (change === 'cut') return bytes.subarray(0, below(random, bytes.length))
  const copy = Buffer.from(bytes)
  for (let count = 1 + below(random, 3); count > 0; count--)
    copy[below(random, copy.length)]! ^= 1 << below(random, 8)
  return copy
}

async function damageFile(
  folder: string,
  pattern: RegExp,
  change: (typeof changes)[number],
  random: () => number,
): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => pattern.test(name)).sort()
  const name = names[below(random, names.length)]!
  const path = join(folder, name)
  const after = changed(await readFile(path), change, random)
  if (after === undefined) await rm(path)
  else await writeFile(path, after)
  return `${change} ${name}`
}

async function damageRecord(
  store: string,
  kind: Kind,
  change: (typeof changes)[number],
  random: () => number,
): Promise<string> {
  const db = new ClassicLevel<Buffer, Buffer>(store, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  await db.open()
  const prefix = Buffer.from(letters[kind] ?? `!${kind}!`)
  const end = Buffer.from(prefix)
  end[end.length - 1]!++
  const rows = await db.iterator({ gte: prefix, lt: end }).all()
  const [key, value] = rows[below(random, rows.length)]!
  const after = changed(value, change, random)
  if (after === undefined) await db.del(key)
  else await db.put(key, after)
  await db.close()
  return `${change} ${key
    .toString('latin1')
    .slice(0, 40)
    .replace(/[^\x21-\x7e]/g, '.')}`
}
