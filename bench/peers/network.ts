/**
 * A network namespace for one run, with nothing but a loopback interface of its own, whose counters give the bytes of
 * what crosses between the processes in it, headers of TCP and IP included. It takes root and iproute2.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'

export class Network implements Disposable {
  readonly name = `causeway-bench-${process.pid}`

  constructor() {
    ip('netns', 'add', this.name)
    ip('-n', this.name, 'link', 'set', 'lo', 'mtu', '1500', 'up')
  }

  /** The bytes that have crossed so far. */
  get bytes(): number {
    const shown = ip('-n', this.name, '-j', '-s', 'link', 'show', 'lo')
    return (JSON.parse(shown) as [{ stats64: { tx: { bytes: number } } }])[0].stats64.tx.bytes
  }

  /** Starts a module of Node in it, with a channel to it. */
  start(module: string, env: NodeJS.ProcessEnv): ChildProcess {
    return spawn('ip', ['netns', 'exec', this.name, process.execPath, '--expose-gc', module], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
  }

  [Symbol.dispose](): void {
    ip('netns', 'del', this.name)
  }
}

function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' })
}
