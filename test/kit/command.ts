/**
 * Commands as a user runs them. `run` and `json` run them in this process, which takes a tenth of the time that a process
 * takes to start. `spawn` and `serve` start the built command: `npm test` builds it first, and a single suite needs
 * `npm run build`.
 */
import { strict as assert } from 'node:assert'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { Readable, Writable } from 'node:stream'
import { runCommand } from '../../src/cli/program.ts'
import { type Io, withIo } from '../../src/cli/streams.ts'
import { spawnLeashed } from './leashed.ts'
import { builtCommand } from './project.ts'

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A folder for the data of one test, removed at its end. */
export class Sandbox implements AsyncDisposable {
  readonly path: string
  /** Variables of the environment for all commands. */
  env: Readonly<Record<string, string>> = {}
  private readonly children = new Set<ChildProcess>()
  private readonly processes: boolean

  private constructor(path: string, processes: boolean) {
    this.path = path
    this.processes = processes
  }

  /** `processes`: each command is a process of its own. */
  static async create({ processes = false } = {}): Promise<Sandbox> {
    return new Sandbox(await mkdtemp(join(tmpdir(), 'causeway-')), processes)
  }

  folder(name: string): string {
    return join(this.path, name)
  }

  spawn(data: string, args: readonly string[]): ChildProcess {
    const child = spawnLeashed(builtCommand, args, {
      env: this.variables(data),
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.children.add(child)
    child.once('close', () => this.children.delete(child))
    return child
  }

  /**
   * Runs a command on the data folder of that name until it ends. It gets a process of its own if it hears signals, or if
   * the sandbox has variables for it that others read than our own code.
   */
  async run(data: string, args: readonly string[], input: string | Buffer = ''): Promise<Ran> {
    const isOurs = (name: string) => /^CAUSEWAY_(?!CONFIG$|RELAY$)/.test(name)
    if (!this.processes && !hearSignals.has(args[0]!) && Object.keys(this.env).every(isOurs))
      return runHere(args, this.variables(data), input)
    const child = this.spawn(data, args)
    let [stdout, stderr] = ['', '']
    child.stdout!.on('data', (chunk) => (stdout += chunk))
    child.stderr!.on('data', (chunk) => (stderr += chunk))
    child.stdin!.on('error', () => {})
    child.stdin!.end(input)
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, stdout, stderr }
  }

  private variables(data: string): NodeJS.ProcessEnv {
    return { ...process.env, CAUSEWAY_DATA: this.folder(data), CAUSEWAY_LAN: 'false', ...this.env }
  }

  /** Runs a command with --json that must succeed. Returns its document. */
  async json<Document>(data: string, args: readonly string[], input?: string | Buffer): Promise<Document> {
    const { code, stdout, stderr } = await this.run(data, [...args, '--json'], input)
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
    assert.equal(stderr, '')
    assert.equal(stdout.split('\n').length, 2, 'one document on one line')
    return JSON.parse(stdout) as Document
  }

  /** Starts `serve --json`, on a free port unless `args` name one, and waits for its first line. */
  async serve(data: string, ...args: string[]): Promise<Served> {
    const http = args.some((arg) => /^--(no-)?http$/.test(arg)) ? [] : ['--http', '127.0.0.1:0']
    return ready(this.spawn(data, ['serve', '--json', ...http, ...args]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      [...this.children].map((child) => {
        child.kill('SIGKILL')
        return once(child, 'close')
      }),
    )
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 })
  }
}

const hearSignals: ReadonlySet<string> = new Set(['serve', 'tunnel'])

/** Keeps what a command prints. */
class Printed extends Writable {
  readonly isTTY = false
  private readonly chunks: Buffer[] = []

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.chunks.push(chunk)
    done()
  }

  get text(): string {
    return Buffer.concat(this.chunks).toString()
  }
}

/** Runs a command in this process. */
async function runHere(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input: string | Buffer,
): Promise<Ran> {
  const [stdout, stderr] = [new Printed(), new Printed()]
  const stdin = Object.assign(Readable.from(input.length > 0 ? [Buffer.from(input)] : []), { isTTY: false })
  const own: Io = { stdin, stdout, stderr, env, exitCode: undefined }
  await withIo(own, () => runCommand(args))
  return { code: Number(own.exitCode ?? 0), stdout: stdout.text, stderr: stderr.text }
}

/** Waits for the first line of `serve --json`. */
export async function ready(child: ChildProcess): Promise<Served> {
  const lines = createInterface({ input: child.stdout! })
  let stderr = ''
  child.stderr!.on('data', (chunk) => (stderr += chunk))
  const closed = once(child, 'close') as Promise<[number | null, string | null]>
  const first = await Promise.race([
    once(lines, 'line').then(([line]) => line as string),
    closed.then(([code]) => assert.fail(`serve ended with ${code}: ${stderr}`)),
  ])
  return { child, lines, closed, ready: JSON.parse(first) }
}

export interface Served {
  readonly child: ChildProcess
  readonly lines: Interface
  readonly closed: Promise<[number | null, string | null]>
  readonly ready: { event: string; peer: string; addresses: string[]; admin: string | null }
}
