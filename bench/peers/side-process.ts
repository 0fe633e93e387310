/** One side of a system in a process of its own, in the network of the run. */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from '../project.ts'
import type { Network } from './network.ts'

export type System = 'ours' | 'hypercore' | 'automerge' | 'hocuspocus' | 'git'

/** How long one step may take: a system that does worse is left out of the row, and the run says so. */
const stepMs = 300_000

export class SideProcess implements AsyncDisposable {
  private readonly child: ChildProcess
  private readonly ended: Promise<void>

  constructor(network: Network, module: string) {
    this.child = network.start(module, { BENCH_BUILD: join(projectRoot, 'bench/build') })
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()))
  }

  /** Runs one command of side.mjs, and returns its result. */
  call<Result = void>(name: string, options?: unknown): Promise<Result> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => () => reject(new Error(`${name} ${why}`))
      const onExit = fail('ended the process')
      const timer = setTimeout(fail(`took more than ${stepMs / 1000} s`), stepMs)
      this.child.once('exit', onExit)
      this.child.once('message', ({ result, error }: { result: Result; error?: string }) => {
        clearTimeout(timer)
        this.child.off('exit', onExit)
        if (error === undefined) resolve(result)
        else reject(new Error(error))
      })
      this.child.send({ name, options })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // It ends by itself, and what it has started with it, unless it hangs.
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5_000)
    if (this.child.connected) this.child.disconnect()
    await this.ended
    clearTimeout(timer)
  }
}
