/** The file of a key: its seed in 64 hex digits, as the command writes it. Browsers have none: see `key-file.web.ts`. */
import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CausewayError } from '../../../src/base/errors.ts'
import { bytesToHex, hexToBytes } from '../../../src/dag/hex.ts'

/**
 * Returns the seed in a file. If there is none, writes this one, readable only by this user: beside it and linked, so that
 * the file is whole, and of two programs at once both use the first key.
 */
export async function seedIn(path: string, created: Uint8Array): Promise<Uint8Array> {
  const known = await readSeed(path)
  if (known !== undefined) return known
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${bytesToHex(crypto.getRandomValues(new Uint8Array(4)))}`
  try {
    await using file = await open(draft, 'wx', 0o600)
    await file.writeFile(`${bytesToHex(created)}\n`)
    await file.sync()
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(draft, { force: true })
  }
  return (await readSeed(path))!
}

async function readSeed(path: string): Promise<Uint8Array | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  if (/^[0-9a-f]{64}$/.test(text.trim())) return hexToBytes(text.trim())
  throw new CausewayError(
    'INVALID_ARGUMENT',
    `The file ${path} has a key of 64 hex digits, got something else.`,
  )
}
