/**
 * What all benchmarks share: cases that return rows, a table for people, a JSON file for programs, and a description
 * of the machine. Absolute numbers mean little on a busy machine, so a row has a baseline from the same run where
 * possible.
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
  /** Prepared trees on disk, and folders that are removed with the run. */
  readonly stores: Stores
  /** True in a smoke test: everything runs, and the numbers mean nothing. */
  readonly small: boolean
  /** Prints a line about the progress. */
  note(text: string): void
}

/** One line of the table. Absent values stay blank. Memory is the growth since the process had settled. */
export interface Row {
  readonly name: string
  readonly entries?: number
  readonly seconds?: number
  readonly perSecond?: number
  /** All bytes on the connection, both ways. */
  readonly bytes?: number
  /** All of these except bodies and signatures. */
  readonly bytesBeside?: number
  readonly roundTrips?: number
  /** The time from a commit until it is visible. */
  readonly p50Ms?: number
  readonly p99Ms?: number
  /** The rate of commits that was asked for; `perSecond` is the rate at which they became visible. */
  readonly askedPerSecond?: number
  /** The median of the last quarter divided by that of the quarter before. */
  readonly drift?: number
  /** The time divided by that of the bare work (a stream, an append, a read) in the same run, and the processor time. */
  readonly ofBare?: number
  readonly cpuOfBare?: number
  /** The 99th percentile divided by that of the same run without the load beside it. */
  readonly p99OfAlone?: number
  /** Undelivered changes in the outbox, and the sessions that delivered them. */
  readonly marks?: number
  readonly sessions?: number
  /** Single records read from the store, at the asking side and at the answering side. */
  readonly reads?: readonly [number, number]
  /** The growth of the resident set, and of its anonymous part (see memory.ts). */
  readonly servingGrowthMB?: number
  readonly syncingGrowthMB?: number
  readonly servingAnonymousMB?: number | undefined
  readonly syncingAnonymousMB?: number | undefined
  /** The growth in each repetition: the anonymous part, or the resident set if the system does not report it. */
  readonly servingEachMB?: readonly number[]
  readonly syncingEachMB?: readonly number[]
  /** The resident set at the start plus the peak of the own growth, for the serving and the syncing process. */
  readonly heldMB?: readonly [number, number]
  /** Bytes that had arrived and were not stored, for each kill. */
  readonly lostBytes?: readonly number[]
  /** At rest: the resident set, the part of it that is the process's own, and what is alive in the heap. */
  readonly rssMB?: number
  readonly ownMB?: number
  readonly heapMB?: number
  readonly dialsPerSecond?: number
  readonly servingCpuSeconds?: number
  readonly syncingCpuSeconds?: number
  /** Processor time of the main thread for each entry, in microseconds; undefined if the system does not report it. */
  readonly servingMainUs?: number | undefined
  readonly syncingMainUs?: number | undefined
  /** The speed divided by that of the baseline; 1 is as fast. */
  readonly ofFloor?: number
  /** The floor's processor time divided by that of both processes: steadier than `ofFloor` on a busy machine. */
  readonly cpuOfFloor?: number
  readonly floorPerSecond?: number
  /** Over QUIC: the speed of all bytes divided by that of a bare stream of the binding with as many bytes. */
  readonly ofRaw?: number
  /** The same for the entries' own bytes, which cross compressed. */
  readonly entriesOfRaw?: number
  readonly rawBytesPerSecond?: number
  /** What one entry costs, in verifications of a signature: with storing it, and its policy alone. */
  readonly verifications?: number
  readonly bareVerifications?: number
  /** The longest turn of the event loop, and opening the tree, in processor time. */
  readonly turnMs?: number
  readonly openMs?: number
  /** In `peers`: the time, and the bytes or the memory, divided by ours. */
  readonly ofOurs?: number
  readonly spaceOfOurs?: number
  /** The ratio of each repetition, to show the spread. */
  readonly ratios?: readonly number[]
}

/** What rows of a run must keep: in words, what was measured, and whether it holds. */
export interface Bound {
  readonly what: string
  readonly measured: string
  readonly holds: boolean
}

export interface Case {
  readonly name: string
  readonly summary: string
  /** Runs only if it is named, because it takes long. */
  readonly onDemand?: boolean
  run(context: Context): Promise<Row[]>
}

/** Returns the row with the median ratio to the floor, with the ratios of all rows. */
export function medianRow(rows: readonly Row[]): Row {
  const ratios = rows.map((row) => row.ofFloor ?? 0)
  const middle = rows.find((row) => row.ofFloor === median(ratios))!
  // Memory has a bound, so the worst repetition counts.
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
  ['in verifications', (row) => row.verifications?.toFixed(1)],
  ['bare', (row) => row.bareVerifications?.toFixed(1)],
  ['longest turn', (row) => duration(row.turnMs && row.turnMs / 1000)],
  ['opening', (row) => duration(row.openMs && row.openMs / 1000)],
  ['of ours', (row) => row.ofOurs?.toFixed(2)],
  ['bytes of ours', (row) => row.spaceOfOurs?.toFixed(2)],
  ['drift', (row) => row.drift?.toFixed(2)],
  ['of bare', (row) => row.ofBare?.toFixed(2)],
  ['cpu of bare', (row) => row.cpuOfBare?.toFixed(2)],
  ['of alone', (row) => row.p99OfAlone?.toFixed(2)],
  ['bytes', (row) => size(row.bytes)],
  // Compressed bytes may be fewer than those of the entries; the column then stays blank.
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
  [
    'main µs',
    (row) =>
      row.servingMainUs === undefined || row.syncingMainUs === undefined
        ? undefined
        : `${row.servingMainUs.toFixed(0)} / ${row.syncingMainUs.toFixed(0)}`,
  ],
]

/** Formats the rows as text. Leaves out columns that no row fills. */
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

/** Describes the machine and the commit that the numbers were measured on. */
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

/** Writes the run to bench/results and returns the file's path. */
export function writeResults(result: object, at: string): string {
  const folder = join(projectRoot, 'bench/results')
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${at.replaceAll(/[:.]/g, '-')}.json`)
  writeFileSync(file, `${JSON.stringify(result, undefined, 2)}\n`)
  return file
}
