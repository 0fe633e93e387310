/**
 * Says which process has a data folder's store open: a file `node.pid` beside the store. It is only a hint, since a
 * killed process leaves it behind. What really keeps others out is LevelDB's lock.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '../store/database/open.ts'

/** Writes the file now and whenever the database is opened again, and removes it before the database closes. */
export function showHolder(folder: string, db: Database): void {
  const path = join(folder, 'node.pid')
  const show = () =>
    ignoringErrors(() => {
      // A new file: whoever can put a link there must not choose what we write over.
      rmSync(path, { force: true })
      writeFileSync(path, `${process.pid}\n`, { mode: 0o600, flag: 'wx' })
    })
  show()
  db.on('open', show)
  // Before the lock is released, so that this never removes the next holder's file.
  db.on('closing', () => ignoringErrors(() => rmSync(path, { force: true })))
}

/** Returns the id of the process that has the folder's store open, or undefined if none is known to run. */
export function holderOf(folder: string): number | undefined {
  const pid = ignoringErrors(() => Number(readFileSync(join(folder, 'node.pid'), 'latin1')))
  return pid !== undefined && Number.isSafeInteger(pid) && pid > 0 && isRunning(pid) ? pid : undefined
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // A process of another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function ignoringErrors<Result>(step: () => Result): Result | undefined {
  try {
    return step()
  } catch {
    return undefined
  }
}
