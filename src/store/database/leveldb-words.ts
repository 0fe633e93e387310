/**
 * What LevelDB says of an opening. If a part of its log is damaged, LevelDB drops it, opens all the same, and says so
 * only in its file `LOG`; the binding can neither forbid that nor report it. `LOG` is of the last opening, `LOG.old` of
 * the one before, which is read too: a process may have ended before it read its own.
 */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { limits } from '../../base/limits.ts'
import type { Database } from './database.ts'

const words = /dropping \d+ bytes|ignoring error|Corruption|missing files/i

/** Returns the lines in which LevelDB says that it dropped something; none for a database in memory. */
export async function wordsOfDamage(db: Database): Promise<string[]> {
  const { location } = db as Partial<{ location: string }>
  if (typeof location !== 'string') return []
  const texts = await Promise.all(['LOG.old', 'LOG'].map((name) => readStart(join(location, name))))
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => words.test(line))
    .map((line) => line.slice(0, limits.damageLineLength).trim())
}

/** Returns the start of a file, where LevelDB writes what it finds as it opens; '' if the file cannot be read. */
async function readStart(path: string): Promise<string> {
  try {
    await using file = await open(path)
    const buffer = Buffer.alloc(limits.damageLogBytes)
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } catch {
    return ''
  }
}
