/**
 * `npm run demo [-- --repo PATH]`: two nodes in two processes replicate a real Merkle-DAG. Node A imports a git history, B
 * takes all of it by a ticket, both write at the same time, and in the end both have the same entries, each proven
 * again. The exit code is 1 if they have not.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { findHistory, generateHistory, type History, Mistake } from './history.ts'
import { built, causeway, killAll, project, type RunningNode, serve } from './processes.ts'

interface SyncDocument {
  readonly received: number
  readonly sent: number
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly roundTrips: number
  readonly elapsedMs: number
}

const usage = `npm run demo [-- OPTIONS]
  --repo PATH    a git repository to import; this project's own if none is named
  --generated N  N generated commits instead of a repository
  --commits N    how many commits each side then writes (3)`

/** How many where there is no repository. */
const generatedCommits = 2_000

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        repo: { type: 'string' },
        generated: { type: 'string' },
        commits: { type: 'string', default: '3' },
        help: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (error) {
    throw new Mistake(`${(error as Error).message}\n${usage}`)
  }
}

async function run(folder: string, options: ReturnType<typeof readOptions>): Promise<boolean> {
  const history: History =
    options.generated !== undefined
      ? { kind: 'generated', why: 'as asked' }
      : findHistory(project, options.repo)
  const [dataA, dataB] = [join(folder, 'a'), join(folder, 'b')]
  const { tree } = await fill(dataA, history, Number(options.generated ?? generatedCommits))

  const a = await serve(dataA)
  const b = await serve(dataB)
  say(`Node A is process ${a.pid} at ${a.addresses[0]}, node B is process ${b.pid} at ${b.addresses[0]}.`)
  const { ticket } = await causeway<{ ticket: string }>(dataA, ['ticket', tree])
  say(`A hands B a ticket: ${ticket}`)
  tell('B takes the whole tree', await causeway<SyncDocument>(dataB, ['sync', ticket]))

  const each = Number(options.commits)
  await Promise.all([write(a, 'A', tree, each), write(b, 'B', tree, each)])
  const apart = await Promise.all([tips(a, tree), tips(b, tree)])
  say(`A and B write ${each} commits each at the same time, and ${same(...apart) ? 'agree' : 'now differ'}.`)
  tell('B syncs with A', await causeway<SyncDocument>(dataB, ['sync', ticket]))
  tell('A syncs with B', await causeway<SyncDocument>(dataA, ['sync', tree, b.addresses[0]!]))

  const equal = await compare(a, b, tree)
  await Promise.all([a.stop(), b.stop()])
  return equal
}

/** Makes node A's tree. */
async function fill(data: string, history: History, count: number): Promise<{ tree: string }> {
  const started = performance.now()
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`
  if (history.kind === 'generated') {
    const made = await generateHistory(data, count)
    say(`A generated history of ${number(made.entries)} commits stands in (${history.why}): ${seconds()}.`)
    return made
  }
  const args = ['import', 'git', history.path, '--name', basename(history.path), '--public', 'write']
  const made = await causeway<{ tree: string; entries: number }>(data, args)
  say(`Node A imports ${number(made.entries)} commits of ${history.path} in ${seconds()}.`)
  if (history.remark !== undefined) say(history.remark)
  return made
}

/** Writes commits one after the other through a running node. */
async function write(node: RunningNode, name: string, tree: string, count: number): Promise<void> {
  for (let index = 1; index <= count; index++)
    await causeway(node.data, ['commit', tree, '--store', 'notes'], `${name} writes note ${index}\n`)
}

async function tips({ data }: RunningNode, tree: string): Promise<string[]> {
  const { tips } = await causeway<{ tips: string[] }>(data, ['tips', tree])
  return tips
}

/** Proves both sides again and compares them. */
async function compare(a: RunningNode, b: RunningNode, tree: string): Promise<boolean> {
  const sides = await Promise.all(
    [a, b].map(async (node) => {
      const verified = await causeway<{ ok: boolean; checked: number }>(node.data, ['verify', tree])
      return { ...verified, tips: await tips(node, tree) }
    }),
  )
  for (const [index, { ok, checked, tips }] of sides.entries()) {
    const shown = tips.length > 4 ? `${tips.slice(0, 4).join(' ')} … (${tips.length})` : tips.join(' ')
    say(
      `${'AB'[index]} has ${number(checked)} entries, ${ok ? 'all verified' : 'NOT ALL VALID'}, tips ${shown}`,
    )
  }
  const [left, right] = sides as [(typeof sides)[0], (typeof sides)[0]]
  const equal = left.ok && right.ok && left.checked === right.checked && same(left.tips, right.tips)
  say(equal ? 'Both sides have the same entries.' : 'THE TWO SIDES DIFFER.')
  return equal
}

function tell(what: string, sync: SyncDocument): void {
  const { received, sent, roundTrips, elapsedMs } = sync
  const bytes = number(sync.bytesReceived + sync.bytesSent)
  const trips = `${roundTrips} round trip${roundTrips === 1 ? '' : 's'}`
  say(
    `${what}: ${number(received)} entries received, ${number(sent)} sent, ${bytes} bytes, ${trips}, ${(elapsedMs / 1000).toFixed(2)} s.`,
  )
}

const same = (a: readonly string[], b: readonly string[]) => a.join() === b.join()
const number = (value: number) => value.toLocaleString('en')
const say = (text: string) => console.log(text)

const folder = mkdtempSync(join(tmpdir(), 'causeway-demo-'))
const cleanUp = () => {
  killAll()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    cleanUp()
    process.exit(130)
  })
try {
  const options = readOptions()
  if (options.help) say(usage)
  else if (!built()) throw new Mistake('The command is not built: run `npm ci` (or `npm run build`) first.')
  else process.exitCode = (await run(folder, options)) ? 0 : 1
} catch (error) {
  console.error(error instanceof Mistake ? error.message : error)
  process.exitCode = 1
} finally {
  cleanUp()
}
