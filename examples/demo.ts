/**
 * `npm run demo [-- --repo PATH]`: three nodes, each in its own process, replicate a Merkle-DAG over HTTP and QUIC.
 * Node A imports a git history, B syncs it over HTTP and C over QUIC. Then all three write at the same time, sync, and
 * verify that they have the same entries. A and B put one key at the same time, and B resolves the conflict. Finally A
 * grants B access to a private tree. The exit code is 1 if any step fails.
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

interface JoinDocument {
  readonly status: string
  readonly request: string | null
  readonly sync?: { readonly equal: boolean }
}

interface KeyDocument {
  readonly version: string
  readonly value: string
  readonly conflicts: readonly { readonly version: string; readonly value: string }[]
}

interface RequestDocument {
  readonly id: string
  readonly message: string
  readonly permission: string
}

const usage = `npm run demo [-- OPTIONS]
  --repo PATH    a git repository to import; this project's own if none is named
  --generated N  N generated commits instead of a repository
  --commits N    how many commits each side then writes (3)`

/** QUIC on this machine only, so that the demo needs no network. */
const quic = ['--quic', '127.0.0.1:0', '--relay', 'off']

/** How many commits to generate if there is no repository. */
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
  const [dataA, dataB, dataC] = ['a', 'b', 'c'].map((name) => join(folder, name)) as [string, string, string]
  const { tree } = await fill(dataA, history, Number(options.generated ?? generatedCommits))

  const a = await serve(dataA, quic)
  const b = await serve(dataB, ['--relay', 'off'])
  const [http, iroh] = ['http:', 'iroh:'].map((scheme) => a.addresses.find((each) => each.startsWith(scheme)))
  // Without the optional package for QUIC, everything else works.
  const c = iroh === undefined ? undefined : await serve(dataC, ['--no-http', ...quic])
  say(`Node A is process ${a.pid} at ${http} and ${brief(iroh) ?? 'not on QUIC'}.`)
  say(`Node B is process ${b.pid} at ${b.addresses[0]}.`)
  if (c !== undefined) say(`Node C is process ${c.pid} at ${brief(c.addresses[0])}, on QUIC alone.`)
  const { ticket } = await causeway<{ ticket: string }>(dataA, ['ticket', tree])
  say(`A's ticket, with all its addresses: ${ticket}`)
  const syncB = () => causeway<SyncDocument>(dataB, ['sync', tree, http!])
  const syncC = () => causeway<SyncDocument>(dataC, ['sync', tree, iroh!])
  tell('B takes the whole tree over HTTP', await syncB())
  if (c !== undefined) tell('C takes the whole tree over QUIC', await syncC())

  const each = Number(options.commits)
  const nodes = c === undefined ? [a, b] : [a, b, c]
  await Promise.all(nodes.map((node, index) => write(node, 'ABC'[index]!, tree, each)))
  const apart = await Promise.all(nodes.map((node) => tips(node, tree)))
  const agree = apart.every((tips) => same(tips, apart[0]!))
  say(`All write ${each} commits each at the same time, and ${agree ? 'agree' : 'now differ'}.`)
  tell('B syncs with A over HTTP', await syncB())
  if (c !== undefined) tell('C syncs with A over QUIC', await syncC())
  tell('A syncs with B over HTTP', await causeway<SyncDocument>(dataA, ['sync', tree, b.addresses[0]!]))

  const equal = await compare(nodes, tree)
  const agreed = await putOneKey(a, b, tree, ticket)
  const joined = await joinPrivateTree(a, b)
  await Promise.all(nodes.map((node) => node.stop()))
  return equal && agreed && joined
}

/** A and B put one key at the same time. Both then show the same value and the conflict, which B resolves. */
async function putOneKey(a: RunningNode, b: RunningNode, tree: string, ticket: string): Promise<boolean> {
  const key = [tree, 'pages', 'title']
  const get = ({ data }: RunningNode, ...tokens: readonly string[]) =>
    causeway<KeyDocument>(data, ['get', ...key, ...tokens.flatMap((token) => ['--at', token])])
  const put = async ({ data }: RunningNode, value: string) =>
    (await causeway<{ entry: string }>(data, ['put', ...key, value])).entry
  const [left, right] = await Promise.all([put(a, 'by A'), put(b, 'by B')])
  say('A and B put the key "title" at the same time. Then B links the tree with A.')
  await causeway(b.data, ['link', ticket])
  // The ids that the writes printed: each node waits until it has both.
  const [atA, atB] = await Promise.all([get(a, left, right), get(b, left, right)])
  const told = ({ value, conflicts }: KeyDocument) =>
    `"${value}", in conflict with ${conflicts.map((other) => `"${other.value}"`).join(' and ') || 'nothing'}`
  say(`A shows ${told(atA)}. B shows ${told(atB)}.`)
  const agreed = atA.version === atB.version && atA.conflicts.length === 1 && atB.conflicts.length === 1
  const { entry } = await causeway<{ entry: string }>(b.data, ['resolve', ...key, 'by A and B'])
  say(`B resolves the conflict by entry ${entry}. A waits for that entry, and reads the key.`)
  const end = await get(a, entry)
  const done = agreed && end.version === entry && end.conflicts.length === 0
  say(done ? `A shows ${told(end)}.` : `THE KEY IS NOT THE SAME: A shows ${told(end)}.`)
  return done
}

/** B requests access to a private tree of A's, and gets the tree once A has approved. */
async function joinPrivateTree(a: RunningNode, b: RunningNode): Promise<boolean> {
  const { tree } = await causeway<{ tree: string }>(a.data, ['tree', 'create', 'diary'])
  await write(a, 'A', tree, 1)
  const { ticket } = await causeway<{ ticket: string }>(a.data, ['ticket', tree])
  const join = ['join', ticket, '--permission', 'write', '--message', 'It is B']
  const asked = await causeway<JoinDocument>(b.data, join)
  say(`A has a private tree too. B asks to be let in: ${asked.status}, as request ${asked.request}.`)
  const { requests } = await causeway<{ requests: RequestDocument[] }>(a.data, ['requests'])
  for (const { id, message, permission } of requests) {
    await causeway(a.data, ['approve', id])
    say(`A reads "${message}" and approves: B may ${permission}.`)
  }
  const { status, sync } = await causeway<JoinDocument>(b.data, [...join, '--wait'])
  await write(b, 'B', tree, 1)
  await causeway(b.data, ['flush'])
  const [left, right] = await Promise.all([tips(a, tree), tips(b, tree)])
  const done = status === 'granted' && sync?.equal === true && same(left!, right!)
  say(done ? 'B has the private tree, and writes to it.' : 'B WAS NOT LET IN.')
  return done
}

/** Fills node A with a tree: an imported git history or a generated one. */
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

/** Writes commits through a running node, one after the other. */
async function write(node: RunningNode, name: string, tree: string, count: number): Promise<void> {
  for (let index = 1; index <= count; index++)
    await causeway(node.data, ['commit', tree, '--store', 'notes'], `${name} writes note ${index}\n`)
}

async function tips({ data }: RunningNode, tree: string): Promise<string[]> {
  const { tips } = await causeway<{ tips: string[] }>(data, ['tips', tree])
  return tips
}

/** Verifies the tree at all nodes and compares them. */
async function compare(nodes: readonly RunningNode[], tree: string): Promise<boolean> {
  const sides = await Promise.all(
    nodes.map(async (node) => {
      const verified = await causeway<{ ok: boolean; checked: number }>(node.data, ['verify', tree])
      return { ...verified, tips: await tips(node, tree) }
    }),
  )
  for (const [index, { ok, checked, tips }] of sides.entries()) {
    const shown = tips.length > 4 ? `${tips.slice(0, 4).join(' ')} … (${tips.length})` : tips.join(' ')
    say(
      `${'ABC'[index]} has ${number(checked)} entries, ${ok ? 'all verified' : 'NOT ALL VALID'}, tips ${shown}`,
    )
  }
  const first = sides[0]!
  const equal = sides.every(
    ({ ok, checked, tips }) => ok && checked === first.checked && same(tips, first.tips),
  )
  say(equal ? 'All sides have the same entries.' : 'THE SIDES DIFFER.')
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

/** Shortens an address: an endpoint ticket is long, and nobody reads it. */
const brief = (address: string | undefined) => address && `${address.slice(0, 24)}…`
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
