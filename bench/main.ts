/**
 * `npm run bench -- [names…]` runs the named cases, or all of them, prints a table and writes bench/results/*.json.
 * BENCH_SIZE=small uses small sizes, for CI. BENCH_PROF=FOLDER keeps a CPU profile of every process.
 */
import { relative } from 'node:path'
import { access } from './access.ts'
import { blobs } from './blobs.ts'
import { bootstrap } from './bootstrap.ts'
import { boundsOf, formatBounds } from './bounds.ts'
import { commits } from './commits.ts'
import { dispatcher } from './dispatcher.ts'
import { equal } from './equal.ts'
import { flood } from './flood.ts'
import { type Case, environment, formatTable, type Row, writeResults } from './harness.ts'
import { incremental } from './incremental.ts'
import { matrix } from './matrix.ts'
import { page } from './page.ts'
import type { TransportName } from './peer.ts'
import { peers } from './peers.ts'
import { policy } from './policy.ts'
import { compile } from './process.ts'
import { resume } from './resume.ts'
import { several } from './several.ts'
import { loadShape } from './shape.ts'
import { state } from './state.ts'
import { Stores } from './stores.ts'
import { traces } from './traces.ts'
import { upkeep } from './upkeep.ts'

const cases: readonly Case[] = [
  bootstrap,
  access,
  incremental,
  equal,
  commits,
  matrix,
  upkeep,
  several,
  resume,
  dispatcher,
  flood,
  policy,
  state,
  blobs,
  page,
  traces,
  peers,
]
/** The transports for cases in which the network matters. */
const transports: readonly TransportName[] = ['http', 'quic']

const sideBySide: ReadonlySet<Case> = new Set([bootstrap, incremental, equal])

const names = process.argv.slice(2)
const unknown = names.filter((name) => !cases.some((each) => each.name === name))
if (unknown.length > 0) {
  console.error(`There is no case ${unknown.join(', ')}. The cases are:`)
  for (const { name, summary } of cases) console.error(`  ${name.padEnd(12)} ${summary}`)
  process.exit(2)
}

const small = process.env.BENCH_SIZE === 'small'
const machine = environment(loadShape(1).source)
console.error(
  `Node ${machine.node}, ${machine.platform}, ${machine.cores} × ${machine.cpu}, commit ${machine.commit}${machine.changed ? ' (changed)' : ''}; shape: ${machine.shape}`,
)
compile()
const rows: Row[] = []
{
  using stores = new Stores()
  const note = (text: string) => console.error(`  ${text}`)
  for (const each of cases) {
    if (names.length > 0 ? !names.includes(each.name) : each.onDemand) continue
    console.error(`${each.name}: ${each.summary}`)
    for (const transport of sideBySide.has(each) ? transports : transports.slice(0, 1))
      rows.push(...(await each.run({ transport, stores, small, note })))
  }
}
console.log(formatTable(rows))
const bounds = boundsOf(rows, small)
if (bounds.length > 0) console.log(`\n${formatBounds(bounds)}`)
const file = writeResults({ environment: machine, small, rows, bounds }, machine.at)
console.error(`Written to ${relative(process.cwd(), file)}.`)
