/**
 * Starts a process that ends with the one that started it, however that ends: a killed test runner has no time to end
 * what it has begun. The child sees the channel to its parent close; the command that it runs knows nothing of it.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

// It does not keep the child alive by itself.
const leash = `data:text/javascript,process.once('disconnect', () => process.exit(1)); process.channel.unref()`

/** Runs a script of Node's with these arguments. */
export function spawnLeashed(
  script: string,
  args: readonly string[],
  options: SpawnOptions & { stdio: ('pipe' | 'ignore' | 'inherit')[] },
): ChildProcess {
  return spawn(process.execPath, ['--import', leash, script, ...args], {
    ...options,
    stdio: [...options.stdio, 'ipc'],
  })
}
