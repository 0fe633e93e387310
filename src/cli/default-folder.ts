/**
 * The data folder of a command without --data: $CAUSEWAY_DATA, else the platform's folder for application data. Nothing
 * here fails if this user has no home: `--version`, `--help` and `--data` work without one.
 */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { CausewayError } from '../base/errors.ts'
import { io } from './streams.ts'

/** Returns the folder, or undefined if this user has no home folder. */
export function defaultDataFolder(
  env: NodeJS.ProcessEnv = io().env,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (env.CAUSEWAY_DATA) return env.CAUSEWAY_DATA
  if (platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'causeway', 'Data')
  if (platform !== 'win32' && platform !== 'darwin' && env.XDG_DATA_HOME)
    return join(env.XDG_DATA_HOME, 'causeway')
  const home = homeFolder()
  if (home === undefined) return undefined
  if (platform === 'win32') return join(home, 'AppData', 'Local', 'causeway', 'Data')
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'causeway')
  return join(home, '.local', 'share', 'causeway')
}

/** Node throws if HOME is not set and the user has no entry in the list of users, as in many containers. */
function homeFolder(): string | undefined {
  try {
    return homedir() || undefined
  } catch {
    return undefined
  }
}

export function dataFolder({ data }: { readonly data?: string }): string {
  const folder = data ?? defaultDataFolder()
  if (folder === undefined || folder === '')
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'There is no data folder: this user has no home folder. Give --data DIR, or set CAUSEWAY_DATA.',
    )
  return folder
}
