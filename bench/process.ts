/**
 * Processes for benchmarks. Compiles the sources once into bench/build and starts `peer.ts` from there, so that a run
 * measures what is shipped. Every process is disposed with the run, whatever goes wrong.
 */
import { type ChildProcess, execFileSync, fork } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { commands } from './peer.ts'
import { projectRoot } from './project.ts'

type Commands = typeof commands
type Options<Name extends keyof Commands> = Parameters<Commands[Name]>
type Result<Name extends keyof Commands> = Awaited<ReturnType<Commands[Name]>>

const build = join(projectRoot, 'bench/build')

/** Compiles everything that the processes run. */
export function compile(): void {
  rmSync(build, { recursive: true, force: true })
  const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc')
  execFileSync(process.execPath, [tsc, '-p', join(projectRoot, 'bench/tsconfig.json')], { stdio: 'inherit' })
}

export class PeerProcess implements AsyncDisposable {
  private readonly child: ChildProcess
  private readonly ended: Promise<void>

  /** `label` names the process's CPU profile if BENCH_PROF asks for one. */
  constructor(label: string) {
    const profile = process.env.BENCH_PROF
    this.child = fork(join(build, 'bench/peer.js'), {
      execArgv: profile
        ? ['--cpu-prof', `--cpu-prof-dir=${profile}`, `--cpu-prof-name=${label}-${Date.now()}.cpuprofile`]
        : [],
    })
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()))
  }

  /** Runs one command in the process and returns its result. */
  call<Name extends keyof Commands>(name: Name, ...options: Options<Name>): Promise<Result<Name>> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null) =>
        reject(new Error(`The process ended with ${code} during ${name}.`))
      this.child.once('exit', onExit)
      this.child.once('message', (answer: { result?: Result<Name>; error?: string }) => {
        this.child.off('exit', onExit)
        if (answer.error === undefined) resolve(answer.result as Result<Name>)
        else reject(new Error(answer.error))
      })
      this.child.send({ name, options: options[0] })
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The process may be stopped, or may not end by itself.
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 10_000)
    if (this.child.exitCode === null && this.child.connected) await this.call('end').catch(() => {})
    await this.ended
    clearTimeout(timer)
  }
}
