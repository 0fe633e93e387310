/** The file of an application's key: its secret seed in 64 hex digits, as in a node's `identity.key`. */
import { open, readFile } from 'node:fs/promises'
import { CausewayError } from '../../base/errors.ts'
import { createIdentity, type Identity } from '../../dag/identity.ts'

/** Reads a key. Throws INVALID_ARGUMENT if the file is there and has none, STORE_DENIED if it cannot be read. */
export async function readKeyFile(path: string): Promise<Identity | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw unusable('read', path, error)
  })
  if (text === undefined) return undefined
  if (!/^[0-9a-f]{64}\n?$/.test(text))
    throw new CausewayError('INVALID_ARGUMENT', `The file ${path} is no key: expected 64 hex digits.`)
  return createIdentity(new Uint8Array(Buffer.from(text.trim(), 'hex')))
}

/** Reads a key. Throws INVALID_ARGUMENT if there is none. */
export async function expectKeyFile(path: string): Promise<Identity> {
  const identity = await readKeyFile(path)
  if (identity !== undefined) return identity
  throw new CausewayError('INVALID_ARGUMENT', `There is no key ${path}: \`causeway app add\` makes one.`)
}

/** Writes a key to a new file that only its owner may read. Throws STORE_DENIED if it cannot be written. */
export async function writeKeyFile(path: string, identity: Identity): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${seedText(identity)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    throw unusable('written', path, error as Error)
  }
}

export function seedText({ seed }: Identity): string {
  return Buffer.from(seed).toString('hex')
}

function unusable(what: string, path: string, cause: Error): CausewayError {
  return new CausewayError('STORE_DENIED', `The key ${path} could not be ${what}: ${cause.message}.`, {
    cause,
  })
}
