/**
 * The bounds that the rows of a run must keep: each in words, with what was measured and whether it holds. Sizes differ
 * between runs, so a bound that compares two sizes uses the smallest and the largest of the run. `matrix` has bounds of
 * its own (see sides.ts).
 */
import { limits } from '../src/base/limits.ts'
import { blobBounds } from './blobs.ts'
import type { Bound, Row } from './harness.ts'
import { median } from './median.ts'
import { pageBounds } from './page.ts'
import { stateBounds } from './state.ts'

const ofFloor = 0.6
const growthMB = 200
const millionMB = 256
const withChecks = 0.95
/** The memory that a large tree may take, divided by that of a small one. */
const largerBy = 1.2
const equalBytes = 2_048
const oneEntryBytes = 4_096
const oneEntryReads = 64
const besideBadPeers = 1.5
const besideFlood = 5
const floodMB = 512
/** With five seconds of commits, this allows the last to become visible a quarter of a second late. */
const sustainedShare = 0.95
const awayMB = 20
/** The share of one core beyond what an idle node takes: about seventeen dials a second. */
const awayCpu = 0.01

/** Returns all bounds of a run. In a `small` run, times mean nothing and have no bounds. */
export function boundsOf(rows: readonly Row[], small: boolean): Bound[] {
  const byName = new Map<string, Row[]>()
  for (const row of rows) byName.set(row.name, [...(byName.get(row.name) ?? []), row])
  const bounds = [...byName].flatMap(([name, same]) => {
    const sorted = same.sort((a, b) => (a.entries ?? 0) - (b.entries ?? 0))
    if (name === 'bootstrap http') return [...(small ? [] : speed(sorted)), ...memory(sorted)]
    if (name === 'access checks' && !small)
      return sorted.map(({ ofFloor: ratio }) => ({
        what: `${name}: at least ${withChecks} of the speed without checks`,
        measured: ratio!.toFixed(2),
        holds: ratio! >= withChecks,
      }))
    if (name.startsWith('… beside') && same[0]!.p99OfAlone !== undefined && !small)
      return besideStrangers(same)
    if (name.startsWith('resume ')) return sorted.flatMap(resumed)
    if (name.startsWith('equal ')) return equality(name, sorted, small)
    if (name.startsWith('incremental ')) return increment(name, sorted)
    return []
  })
  return [
    ...bounds,
    ...dispatch(rows, small),
    ...stateBounds(rows, small),
    ...blobBounds(rows),
    ...pageBounds(rows, small),
  ]
}

function speed(rows: readonly Row[]): Bound[] {
  return rows.map(({ name, entries, ofFloor: ratio }) => ({
    what: `${name}, ${entries}: at least ${ofFloor} of the floor`,
    measured: ratio!.toFixed(2),
    holds: ratio! >= ofFloor,
  }))
}

function besideStrangers(rows: readonly Row[]): Bound[] {
  return rows.flatMap(({ name, p99OfAlone, servingGrowthMB }) => [
    {
      what: `${name}: a known peer's p99 within ${besideFlood} times its value without the flood`,
      measured: p99OfAlone!.toFixed(2),
      holds: p99OfAlone! <= besideFlood,
    },
    ...(servingGrowthMB === undefined
      ? []
      : [
          {
            what: `${name}: the serving process grows by less than ${floodMB} MB`,
            measured: `${servingGrowthMB.toFixed(0)} MB`,
            holds: servingGrowthMB < floodMB,
          },
        ]),
  ])
}

/** The process's own memory: the worst repetition has a bound, and the medians must not grow much with the tree. */
function memory(rows: readonly Row[]): Bound[] {
  const sides = {
    serving: (row: Row) => row.servingEachMB!,
    syncing: (row: Row) => row.syncingEachMB!,
  }
  return Object.entries(sides).flatMap(([side, each]) => {
    const [small, large] = [rows[0]!, rows.at(-1)!]
    const worst = (row: Row) => Math.max(...each(row))
    const bounds = rows.map((row) => ({
      what: `${row.name}, ${row.entries}: the ${side} process grows by less than ${growthMB} MB`,
      measured: `${worst(row).toFixed(0)} MB`,
      holds: worst(row) < growthMB,
    }))
    if (small === large) return bounds
    const [middleOfSmall, middleOfLarge] = [median(each(small)), median(each(large))]
    return [
      ...bounds,
      {
        what: `${small.name}, ${large.entries}: the ${side} process grows by at most ${largerBy} times as much as with ${small.entries}`,
        measured: `${(middleOfLarge / middleOfSmall).toFixed(2)} (medians ${middleOfSmall.toFixed(1)} and ${middleOfLarge.toFixed(1)} MB; ratio of the worst ${(worst(large) / worst(small)).toFixed(2)})`,
        holds: middleOfLarge <= largerBy * middleOfSmall,
      },
    ]
  })
}

function resumed({ name, entries, heldMB, lostBytes = [] }: Row): Bound[] {
  return [
    {
      what: `${name}, ${entries}: each process has less than ${millionMB} MB (its start and its own growth)`,
      measured: heldMB!.map((held) => `${held.toFixed(0)} MB`).join(' and '),
      holds: Math.max(...heldMB!) < millionMB,
    },
    ...(lostBytes.length === 0
      ? []
      : [
          {
            what: `${name}, ${entries}: after each kill at most a page crosses twice, ${limits.pageBytes / 1024} KiB`,
            measured: lostBytes.map((bytes) => Math.round(bytes / 1024)).join(', '),
            holds: Math.max(...lostBytes) <= limits.pageBytes,
          },
        ]),
  ]
}

function equality(name: string, rows: readonly Row[], untimed: boolean): Bound[] {
  const [small, large] = [rows[0]!, rows.at(-1)!]
  const bounds = rows.map((row) => ({
    what: `${name}, ${row.entries}: one round trip, under ${equalBytes} B in total`,
    measured: `${row.roundTrips}, ${row.bytes} B`,
    holds: row.roundTrips === 1 && row.bytes! < equalBytes,
  }))
  if (small === large || untimed) return bounds
  return [
    ...bounds,
    {
      what: `${name}: no slower in a large tree (at most 1.5 times)`,
      measured: `${(large.seconds! / small.seconds!).toFixed(2)}`,
      holds: large.seconds! <= 1.5 * small.seconds!,
    },
  ]
}

function increment(name: string, rows: readonly Row[]): Bound[] {
  return rows
    .filter((row) => row.entries === 1)
    .map((row) => ({
      what: `${name}, one entry: under ${oneEntryBytes} B besides the entry, at most ${oneEntryReads} reads on each side`,
      measured: `${row.bytesBeside} B, ${row.reads!.join(' and ')} reads`,
      holds: row.bytesBeside! < oneEntryBytes && Math.max(...row.reads!) <= oneEntryReads,
    }))
}

function dispatch(rows: readonly Row[], untimed: boolean): Bound[] {
  const [alone, beside] = rows.filter(({ name }) => name.startsWith('a fourth peer, '))
  const back = rows.filter(({ marks }) => marks !== undefined)
  const away = rows.filter(({ name }) => name.includes('peers that stay away'))
  const idle = rows.find(({ name }) => name === 'an idle node')
  return [
    ...(alone === undefined || beside === undefined || untimed
      ? []
      : [
          {
            what: `a fourth peer: its p50 beside bad peers at most ${besideBadPeers} times that without them`,
            measured: (beside.p50Ms! / alone.p50Ms!).toFixed(2),
            holds: beside.p50Ms! <= besideBadPeers * alone.p50Ms!,
          },
        ]),
    ...back.map(({ name, marks, sessions }) => ({
      what: `${name}: one of each`,
      measured: `${marks} and ${sessions}`,
      holds: marks === 1 && sessions === 1,
    })),
    ...(untimed ? [] : rows.filter((row) => row.askedPerSecond !== undefined).map(sustained)),
    ...(idle === undefined ? [] : away.map((row) => restBeside(idle, row, untimed))),
  ]
}

/** Whether commits became visible at the rate at which they were made: otherwise the backlog grows every second. */
function sustained({ name, askedPerSecond, perSecond, drift, entries }: Row): Bound {
  // There is one gap fewer than there are commits.
  const wanted = sustainedShare * askedPerSecond! * (entries! / (entries! - 1))
  return {
    what: `${name}: sustained, at least ${100 * sustainedShare} % of the rate until the last is visible`,
    measured: `${perSecond!.toFixed(1)}/s, the last quarter's p50 ${drift!.toFixed(2)} times that of the quarter before`,
    holds: perSecond! >= wanted,
  }
}

/** What absent peers cost a node at rest. Uses the resident set if the process's own memory is not known. */
function restBeside(idle: Row, away: Row, untimed: boolean): Bound {
  const grown = (column: 'rssMB' | 'ownMB' | 'heapMB') => away[column]! - idle[column]!
  const growth = Number.isNaN(grown('ownMB')) ? grown('rssMB') : grown('ownMB')
  const cpu = (away.servingCpuSeconds! - idle.servingCpuSeconds!) / away.seconds!
  return {
    what: `${away.name}: under ${awayMB} MB and ${100 * awayCpu} % of a core more than an idle node, at rest`,
    measured: `${growth.toFixed(1)} MB (${grown('heapMB').toFixed(1)} MB of it alive) and ${(100 * cpu).toFixed(2)} % (idle: ${((100 * idle.servingCpuSeconds!) / idle.seconds!).toFixed(2)} %)`,
    holds: growth < awayMB && (untimed || cpu < awayCpu),
  }
}

export function formatBounds(bounds: readonly Bound[]): string {
  return bounds
    .map(({ what, measured, holds }) => `${holds ? 'holds ' : 'BROKEN'}  ${what}: ${measured}`)
    .join('\n')
}
