/**
 * What it costs to find the difference, for every shape of DAG and size of difference: bytes on the wire besides the
 * missing entries, exchanges, and reads of each store, each against its bound. MATRIX_N=1000000 measures the two
 * shapes that make sense at that size, and compares the time for a small difference with that in a tree of 10,000.
 */
import { constants, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClassicLevel } from 'classic-level'
import { openFolder } from '../src/store/database/open.ts'
import { storeFormat } from '../src/store/formats/format-record.ts'
import { DagStore } from '../src/store/store.ts'
import { Forge, type Forged } from './forge.ts'
import type { Case, Row } from './harness.ts'
import { type Grow, growers } from './matrix-shapes.ts'
import { median } from './median.ts'
import { projectRoot } from './project.ts'
import { boundsOf, exceeded, lineOf, type Measured, measureSession, Side } from './sides.ts'

type Sizes = readonly (readonly [left: number, right: number])[]

const smallSizes: Sizes = [
  [1, 1],
  [15, 15],
]
const sizes: Sizes = [...smallSizes, [500, 500], [5_000, 5_000]]
const oneSided: Sizes = [
  [5, 10_000],
  [10_000, 5],
  [5, 20_000],
]
/** A tree of this size or more is made once and kept for later runs, and only the shapes of `large` are measured. */
const keptEntries = 500_000
const large = ['linear', 'git history']
const cache = join(projectRoot, 'bench/cache')

/** Two stores with the same common part of a shape, and the function that grows it further. */
class Pair implements AsyncDisposable {
  readonly forge: Forge
  private readonly folder: string
  private readonly asker: Side
  private readonly answerer: Side
  private readonly grow: ReturnType<Grow>

  private constructor(forge: Forge, folder: string, sides: Side[], grow: ReturnType<Grow>) {
    this.forge = forge
    this.folder = folder
    this.asker = sides[0]!
    this.answerer = sides[1]!
    this.grow = grow
  }

  static async open(name: string, grow: Grow, entries: number): Promise<Pair> {
    const folder = mkdtempSync(join(tmpdir(), 'causeway-matrix-'))
    const forge = new Forge()
    const shape = grow(forge, entries)
    const common = [...forge.entries]
    const kept = join(cache, `${name.replaceAll(' ', '-')}-${entries}-format-${storeFormat}`)
    if (entries < keptEntries) await fillStore(join(folder, 'a'), forge, common)
    else {
      if (!existsSync(kept)) {
        const making = `${kept}.making`
        rmSync(making, { recursive: true, force: true })
        mkdirSync(cache, { recursive: true })
        await fillStore(making, forge, common)
        renameSync(making, kept)
      }
      copyStore(kept, join(folder, 'a'))
    }
    copyStore(join(folder, 'a'), join(folder, 'b'))
    const sides = await Promise.all(
      ['a', 'b'].map(
        async (side) => new Side(await DagStore.open(await openFolder(join(folder, side))), forge),
      ),
    )
    return new Pair(forge, folder, sides, shape)
  }

  /** Lets both sides write, then syncs them. */
  async sync(left: number, right: number): Promise<Measured> {
    const start = this.forge.entries.length
    await this.asker.fill(this.grow(left, 0))
    await this.answerer.fill(this.grow(right, 1))
    return measureSession(this.asker, this.answerer, this.forge, this.forge.entries.slice(start))
  }

  get count(): number {
    return this.asker.store.tree(this.forge.tree)!.count
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.asker.store.close(), this.answerer.store.close()])
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function fillStore(folder: string, forge: Forge, entries: readonly Forged[]): Promise<void> {
  const side = new Side(await DagStore.open(await openFolder(folder)), forge)
  await side.fill(entries)
  // Leaves the store as if it had not just been written: no compaction runs during the measurement.
  await (side.store.db as unknown as ClassicLevel<Buffer>).compactRange(Buffer.of(0), Buffer.of(255))
  await side.store.close()
}

function copyStore(from: string, to: string): void {
  cpSync(from, to, { recursive: true, mode: constants.COPYFILE_FICLONE })
}

/** Measures all differences of one shape in the same two stores: each session makes them equal again. */
async function measureShape(
  name: string,
  grow: Grow,
  entries: number,
  differences: Sizes,
  note: (text: string) => void,
): Promise<Row[]> {
  await using pair = await Pair.open(name, grow, entries)
  const rows: Row[] = []
  for (const [left, right] of differences) {
    const measured = await pair.sync(left, right)
    rows.push(rowOf(name, pair.count, measured))
    note(lineOf(`${name} ${left}+${right}`, measured))
  }
  return rows
}

/** Measures a difference of 30 in a large and in a small tree alternately, so that other load affects both. */
async function compareTimes(name: string, entries: number, note: (text: string) => void): Promise<Row> {
  const rounds = 31
  const grow = growers[name]!
  await using smaller = await Pair.open(name, grow, 10_000)
  await using larger = await Pair.open(name, grow, entries)
  const seconds: [number[], number[]] = [[], []]
  let last: Measured | undefined
  for (let round = 0; round < rounds; round++) {
    for (const [index, pair] of [smaller, larger].entries()) {
      last = await pair.sync(15, 15)
      seconds[index]!.push(last.seconds)
    }
  }
  const [few, many] = seconds.map(median) as [number, number]
  const ratio = many / few
  note(
    `${name} d=30: ${(few * 1000).toFixed(1)} ms at 10,000, ${(many * 1000).toFixed(1)} ms at ${entries.toLocaleString('en')} entries, ratio ${ratio.toFixed(2)} of 1.5${ratio > 1.5 ? ' (!)' : ''}`,
  )
  return { name: `${name} d=30, by its time at 10,000`, entries: larger.count, seconds: many, ofFloor: ratio }
}

function rowOf(name: string, entries: number, measured: Measured): Row {
  const { result, seconds, beside, reads, difference } = measured
  const broken = exceeded(measured)
  return {
    name: `${name} d=${difference}${broken.length > 0 ? ` (! ${broken.join(', ')})` : ''}`,
    entries,
    seconds,
    bytesBeside: beside,
    roundTrips: result.roundTrips,
    reads,
    ofFloor: beside / boundsOf(measured).bytes,
  }
}

export const matrix: Case = {
  name: 'matrix',
  summary:
    'the cost of finding the difference, by shape and size (ratio: bytes divided by their bound; below 1 holds)',
  async run({ small, note }) {
    const entries = Number(process.env.MATRIX_N ?? (small ? 4_000 : 100_000))
    const rows: Row[] = []
    if (entries >= keptEntries) {
      for (const name of large) {
        rows.push(...(await measureShape(name, growers[name]!, entries, sizes, note)))
        rows.push(await compareTimes(name, entries, note))
      }
      return rows
    }
    for (const [name, grow] of Object.entries(growers))
      rows.push(...(await measureShape(name, grow, entries, small ? smallSizes : sizes, note)))
    if (!small)
      rows.push(...(await measureShape('one-sided', growers['scattered forks']!, entries, oneSided, note)))
    return rows
  },
}
