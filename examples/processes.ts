/**
 * Runs the built `causeway` command in separate processes, as a person would in several terminals: single commands that
 * answer in JSON, and nodes that run until they are stopped.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const project = fileURLToPath(new URL('..', import.meta.url))
const command = join(project, 'dist/causeway.js')

/** Whether `npm ci` has built the command. */
export const built = (): boolean => existsSync(command)

/** Every running process, so that none outlives the demo. */
const running = new Set<ChildProcess>()

function start(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  running.add(child)
  child.once('close', () => running.delete(child))
  return child
}

/** Runs one command on a data folder, with `input` as its standard input, and returns its JSON. */
export async function causeway<Document>(
  data: string,
  args: readonly string[],
  input = '',
): Promise<Document> {
  const child = start([...args, '--data', data, '--json'])
  child.stdin!.on('error', () => {})
  child.stdin!.end(input)
  let text = ''
  child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
  })
  const [code] = (await once(child, 'close')) as [number | null]
  // Some commands answer and exit with 1, such as a verify that finds a problem.
  if (text === '') throw new Error(`causeway ${args[0]} ended with ${code}.`)
  return JSON.parse(text) as Document
}

/** A node in its own process, started by `serve`. */
export interface RunningNode {
  readonly data: string
  readonly peer: string
  readonly addresses: readonly string[]
  readonly pid: number
  stop(): Promise<void>
}

/** Starts a node, which logs what goes wrong, and waits until it listens. */
export async function serve(data: string, args: readonly string[] = []): Promise<RunningNode> {
  const child = start(['serve', '--data', data, '--json', '--log-level', 'warn', ...args])
  const closed = once(child, 'close')
  const lines = createInterface({ input: child.stdout! })
  const first = await Promise.race([once(lines, 'line'), closed.then(() => undefined)])
  if (first === undefined) throw new Error(`The node on ${data} did not start.`)
  lines.resume()
  const { peer, addresses } = JSON.parse(first[0] as string) as { peer: string; addresses: string[] }
  return {
    data,
    peer,
    addresses,
    pid: child.pid!,
    async stop() {
      child.kill('SIGTERM')
      await closed
    },
  }
}

/** Kills all processes that still run. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}
