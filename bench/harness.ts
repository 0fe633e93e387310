/**
 * What every benchmark shares: cases that yield rows, a table for people, a JSON file for machines, and a line about the
 * machine. Absolute numbers mean little on a busy machine, so each row names the baseline of the same run where it has one.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { median } from './median.ts'
import type { TransportName } from './peer.ts'
import { projectRoot } from './project.ts'
import type { Stores } from './stores.ts'

export interface Context {
  readonly transport: TransportName
  /** Prepared trees on the disk, and folders that vanish with the run. */
  readonly stores: Stores
  /** A smoke test: everything runs, the numbers mean nothing. */
  readonly small: boolean
  /** Says what is under way. */
  note(text: string): void
}

/** One line of the table; absent values stay blank. Memory is growth over the process's steady start. */
export interface Row {
  readonly name: string
  readonly entries?: number
  readonly seconds?: number
  readonly perSecond?: number
  /** All bytes on the connection, both ways. */
  readonly bytes?: number
  /** Of these, what is not bodies and signatures. */
  readonly bytesBeside?: number
  readonly roundTrips?: number
  /** From a commit to where it is visible. */
  readonly p50Ms?: number
  readonly p99Ms?: number
  /** Commits a second that were asked for; `perSecond` are those that came. */
  readonly askedPerSecond?: number
  /** The median of the last quarter by that of the quarter before. */
  readonly drift?: number
  /** The median by that of a bare stream in the same run. */
  readonly ofBare?: number
  /** The 99th percentile by that of the same run without what it is measured beside. */
  readonly p99OfAlone?: number
  /** Undelivered changes in the outbox, and the sessions that delivered them. */
  readonly marks?: number
  readonly sessions?: number
  /** Single records read from the store: at the asking side, at the answering side. */
  readonly reads?: readonly [number, number]
  /** The whole resident set, and of it the anonymous part (see memory.ts). */
  readonly servingGrowthMB?: number
  readonly syncingGrowthMB?: number
  readonly servingAnonymousMB?: number | undefined
  readonly syncingAnonymousMB?: number | undefined
  /** Each repetition's own growth: the anonymous part, or the resident set where the system does not tell it. */
  readonly servingEachMB?: readonly number[]
  readonly syncingEachMB?: readonly number[]
  /** The resident set at the start and the peak of the own growth over it, of the serving and the syncing process. */
  readonly heldMB?: readonly [number, number]
  /** Bytes that came and were not stored, of each kill. */
  readonly lostBytes?: readonly number[]
  /** At rest: the resident set, the process's own part of it, and what is alive in the heap. */
  readonly rssMB?: number
  readonly ownMB?: number
  readonly heapMB?: number
  readonly dialsPerSecond?: number
  readonly servingCpuSeconds?: number
  readonly syncingCpuSeconds?: number
  /** Of the baseline's speed, 1 is as fast. */
  readonly ofFloor?: number
  /** The floor's processor time by that of both processes: steadier than `ofFloor` where the machine is busy. */
  readonly cpuOfFloor?: number
  readonly floorPerSecond?: number
  /** Over QUIC: the speed at which all bytes crossed, by that of a bare stream of the binding that carries as many. */
  readonly ofRaw?: number
  /** The same of the entries' own bytes, which cross compressed. */
  readonly entriesOfRaw?: number
  readonly rawBytesPerSecond?: number
  /** Each repetition's ratio, to show the spread. */
  readonly ratios?: readonly number[]
}

export interface Case {
  readonly name: string
  readonly summary: string
  /** Runs only where it is named: it takes long. */
  readonly onDemand?: boolean
  run(context: Context): Promise<Row[]>
}

/** The row whose ratio to the floor is in the middle, with all ratios. */
export function medianRow(rows: readonly Row[]): Row {
  const ratios = rows.map((row) => row.ofFloor ?? 0)
  const middle = rows.find((row) => row.ofFloor === median(ratios))!
  // Memory is a bound: its worst repetition counts.
  const memory = Object.fromEntries(
    (['servingGrowthMB', 'syncingGrowthMB', 'servingAnonymousMB', 'syncingAnonymousMB'] as const)
      .filter((column) => middle[column] !== undefined)
      .map((column) => [column, Math.max(...rows.map((row) => row[column] ?? 0))]),
  )
  if (middle.servingGrowthMB === undefined) return { ...middle, ...memory, ratios }
  const servingEachMB = rows.map((row) => row.servingAnonymousMB ?? row.servingGrowthMB!)
  const syncingEachMB = rows.map((row) => row.syncingAnonymousMB ?? row.syncingGrowthMB!)
  return { ...middle, ...memory, ratios, servingEachMB, syncingEachMB }
}

const columns: readonly [title: string, cell: (row: Row) => string | undefined][] = [
  ['case', (row) => row.name],
  ['entries', (row) => whole(row.entries)],
  ['time', (row) => duration(row.seconds)],
  ['per s', (row) => whole(row.perSecond)],
  ['of floor', (row) => row.ofFloor?.toFixed(2)],
  ['by cpu', (row) => row.cpuOfFloor?.toFixed(2)],
  ['of raw', (row) => row.ofRaw?.toFixed(2)],
  ['entries of raw', (row) => row.entriesOfRaw?.toFixed(2)],
  ['p50', (row) => duration(row.p50Ms && row.p50Ms / 1000)],
  ['p99', (row) => duration(row.p99Ms && row.p99Ms / 1000)],
  ['drift', (row) => row.drift?.toFixed(2)],
  ['of bare', (row) => row.ofBare?.toFixed(2)],
  ['of alone', (row) => row.p99OfAlone?.toFixed(2)],
  ['bytes', (row) => size(row.bytes)],
  // Compressed bytes are fewer than those of the entries, and nothing is beside them.
  [
    'beside',
    (row) => size(row.bytesBeside !== undefined && row.bytesBeside >= 0 ? row.bytesBeside : undefined),
  ],
  ['trips', (row) => whole(row.roundTrips)],
  ['marks', (row) => whole(row.marks)],
  ['sessions', (row) => whole(row.sessions)],
  ['reads', (row) => row.reads?.map((count) => count.toLocaleString('en')).join(' / ')],
  ['rss', (row) => atRest(row.rssMB)],
  ['own', (row) => atRest(row.ownMB)],
  ['heap', (row) => atRest(row.heapMB)],
  ['dials/s', (row) => row.dialsPerSecond?.toFixed(1)],
  ['serving', (row) => megabytes(row.servingGrowthMB, row.servingAnonymousMB)],
  ['syncing', (row) => megabytes(row.syncingGrowthMB, row.syncingAnonymousMB)],
  [
    'cpu s',
    (row) =>
      row.servingCpuSeconds === undefined
        ? undefined
        : `${row.servingCpuSeconds.toFixed(2)} / ${row.syncingCpuSeconds!.toFixed(2)}`,
  ],
]

/** The rows as text; columns that no row fills are left out. */
export function formatTable(rows: readonly Row[]): string {
  const used = columns.filter(([, cell]) => rows.some((row) => cell(row) !== undefined))
  const table = [used.map(([title]) => title), ...rows.map((row) => used.map(([, cell]) => cell(row) ?? ''))]
  const widths = used.map((_, column) => Math.max(...table.map((line) => line[column]!.length)))
  return table
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  '),
    )
    .join('\n')
}

function whole(value: number | undefined): string | undefined {
  return value === undefined ? undefined : Math.round(value).toLocaleString('en')
}

function duration(seconds: number | undefined): string | undefined {
  if (seconds === undefined) return undefined
  return seconds < 1 ? `${(seconds * 1000).toFixed(1)} ms` : `${seconds.toFixed(2)} s`
}

function size(bytes: number | undefined): string | undefined {
  if (bytes === undefined) return undefined
  return bytes < 100_000 ? `${whole(bytes)} B` : `${(bytes / 1e6).toFixed(1)} MB`
}

function atRest(value: number | undefined): string | undefined {
  return value === undefined ? undefined : `${value.toFixed(1)} MB`
}

function megabytes(value: number | undefined, anonymous: number | undefined): string | undefined {
  if (value === undefined) return undefined
  return `+${value.toFixed(0)} MB${anonymous === undefined ? '' : ` (${anonymous.toFixed(0)})`}`
}

/** What the numbers were measured on. */
export function environment(shape: string) {
  const git = (...args: string[]) => {
    try {
      return execFileSync('git', args, {
        cwd: projectRoot,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }).trim()
    } catch {
      return 'unknown'
    }
  }
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    commit: git('rev-parse', '--short', 'HEAD'),
    changed: git('status', '--porcelain', '--', 'src', 'gen') !== '',
    shape,
    at: new Date().toISOString(),
  }
}

/** Writes the run to bench/results; gives the file's path. */
export function writeResults(result: object, at: string): string {
  const folder = join(projectRoot, 'bench/results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${at.replaceAll(/[:.]/g, '-')}.json`)
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
  return file
}
