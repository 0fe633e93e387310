/**
 * Starts a process that ends with its parent, however that ends: a killed test runner has no time to stop its children.
 * The child notices that the channel to its parent closes; the command that it runs does not know about this.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

// The channel does not keep the child alive.
const leash = `data:text/javascript,process.once('disconnect', () => process.exit(1)); process.channel.unref()`

/** Runs a Node script with these arguments. */
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
