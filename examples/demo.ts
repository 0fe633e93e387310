/**
 * `npm run demo [-- --repo PATH]`: two nodes, each a process of its own, replicate the history of a git repository
 * (this one's by default), write at the same time, and sync again. It prints what happened and exits with 1 unless
 * both sides have the same tips and everything verifies.
 */
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { inventRepository } from './invented-repository.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const command = join(root, 'dist/src/cli/main.js')
const run = promisify(execFile)

interface SyncReport {
  received: number
  sent: number
  bytesReceived: number
  bytesSent: number
  roundTrips: number
  elapsedMs: number
  tips: string[]
  equal: boolean
}

/** Runs `causeway … --json` on a data folder and reads its answer. */
async function causeway<Answer>(data: string, ...args: string[]): Promise<Answer> {
  const { stdout } = await run(process.execPath, [command, ...args, '--data', data, '--json'], {
    maxBuffer: 64 * 1024 * 1024,
  })
  return JSON.parse(stdout) as Answer
}

/** Starts `causeway serve` and waits until it is ready. */
async function serve(data: string) {
  const child = spawn(process.execPath, [command, 'serve', '--data', data, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((done) => child.once('exit', done))
  const lines = createInterface({ input: child.stdout })
  const first = await new Promise<string>((done, fail) => {
    lines.once('line', done)
    ended.then((code) => fail(new Error(`The node ended with ${code} before it was ready.`)))
  })
  const { addresses } = JSON.parse(first) as { addresses: string[] }
  return {
    address: addresses[0]!,
    async stop() {
      child.kill('SIGTERM')
      const code = await ended
      if (code !== 0) throw new Error(`The node ended with ${code} instead of 0.`)
    },
  }
}

function say(text: string): void {
  console.log(text)
}

function told({ received, sent, bytesReceived, bytesSent, roundTrips, elapsedMs }: SyncReport): string {
  const kilobytes = (bytes: number) =>
    `${(bytes / 1000).toLocaleString('en', { maximumFractionDigits: 1 })} kB`
  return (
    `received ${received.toLocaleString('en')} and sent ${sent.toLocaleString('en')} entries in ` +
    `${(elapsedMs / 1000).toFixed(2)} s, ${roundTrips} round trip(s), ${kilobytes(bytesReceived)} in, ${kilobytes(bytesSent)} out`
  )
}

/** Writes a few entries through whatever node holds the folder. */
async function write(data: string, tree: string, who: string, count: number): Promise<void> {
  for (let index = 1; index <= count; index++) {
    const done = run(process.execPath, [command, 'commit', tree, '--store', 'notes', '--data', data])
    done.child.stdin!.end(`note ${index} from ${who}`)
    await done
  }
}

async function demo(folder: string, repository: string): Promise<boolean> {
  const alice = join(folder, 'alice')
  const bob = join(folder, 'bob')
  say(`1. Alice imports the history of ${basename(resolve(repository))}.`)
  const imported = await causeway<{ tree: string; entries: number }>(
    alice,
    'import',
    'git',
    repository,
    '--name',
    'demo',
  )
  const { tree } = imported
  say(`   ${imported.entries.toLocaleString('en')} commits are now entries of the tree ${tree}.`)

  say('2. Both start a node, each in a process of its own; Alice hands Bob a ticket.')
  const nodes = await Promise.all([serve(alice), serve(bob)])
  try {
    const { ticket } = await causeway<{ ticket: string }>(alice, 'ticket', tree)
    say(`   ${ticket}`)
    say('3. Bob, who has nothing, syncs.')
    say(`   Bob ${told(await causeway<SyncReport>(bob, 'sync', ticket))}.`)

    say('4. Both write at the same time, and Bob syncs again: only the difference travels, both ways.')
    await Promise.all([write(alice, tree, 'Alice', 3), write(bob, tree, 'Bob', 2)])
    say(`   Bob ${told(await causeway<SyncReport>(bob, 'sync', ticket))}.`)
    say('5. And once more, with nothing new.')
    say(`   Bob ${told(await causeway<SyncReport>(bob, 'sync', ticket))}.`)

    say('6. Both sides read, hash and verify everything again.')
    const [ofAlice, ofBob] = await Promise.all(
      [alice, bob].map(async (data) => ({
        ...(await causeway<{ tips: string[]; count: number }>(data, 'tips', tree)),
        ...(await causeway<{ ok: boolean; checked: number }>(data, 'verify', tree)),
      })),
    )
    const same = ofAlice!.tips.join() === ofBob!.tips.join() && ofAlice!.count === ofBob!.count
    for (const [who, side] of [['Alice', ofAlice!] as const, ['Bob', ofBob!] as const])
      say(
        `   ${who.padEnd(6)}${side.count.toLocaleString('en')} entries, ${side.tips.length} tip(s) ${side.tips[0]}` +
          `${side.tips.length > 1 ? ', …' : ''}, ${side.ok ? 'all verified' : 'NOT in order'}`,
      )
    say(same ? 'Both sides have the same entries.' : 'The sides DIFFER.')
    return same && ofAlice!.ok && ofBob!.ok
  } finally {
    await Promise.all(nodes.map((node) => node.stop()))
  }
}

const { values } = parseArgs({ options: { repo: { type: 'string' } } })
const folder = mkdtempSync(join(tmpdir(), 'causeway-demo-'))
try {
  const repository = values.repo ?? (await inventRepository(root, folder, say))
  process.exitCode = (await demo(folder, repository)) ? 0 : 1
} catch (error) {
  const { stderr, message } = error as Error & { stderr?: string }
  console.error(`The demo failed: ${stderr?.trim() || message}`)
  process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
