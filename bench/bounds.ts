/**
 * What the rows of a run must keep to, in words: each bound with what was measured and whether it holds. Sizes differ by
 * run, so a bound that compares two sizes takes the smallest and the largest that there are. The bounds of `matrix` are
 * its own (see sides.ts).
 */
import { limits } from '../src/base/limits.ts'
import type { Row } from './harness.ts'
import { median } from './median.ts'

export interface Bound {
  readonly what: string
  readonly measured: string
  readonly holds: boolean
}

const ofFloor = 0.6
const growthMB = 200
const millionMB = 256
const withChecks = 0.95
/** How much more a large tree may take than a small one. */
const largerBy = 1.2
const equalBytes = 2_048
const oneEntryBytes = 4_096
const oneEntryReads = 64
const besideBadPeers = 1.5
const besideFlood = 5
const floodMB = 512
/** Of five seconds, what is heard up to a quarter of a second after its commit. */
const sustainedShare = 0.95
const awayMB = 20
/** Of one core, beside what an idle node takes: some seventeen dials a second. */
const awayCpu = 0.01

/** `small`: times of small runs mean nothing. */
export function boundsOf(rows: readonly Row[], small: boolean): Bound[] {
  const byName = new Map<string, Row[]>()
  for (const row of rows) byName.set(row.name, [...(byName.get(row.name) ?? []), row])
  const bounds = [...byName].flatMap(([name, same]) => {
    const sorted = same.sort((a, b) => (a.entries ?? 0) - (b.entries ?? 0))
    if (name === 'bootstrap http') return [...(small ? [] : speed(sorted)), ...memory(sorted)]
    if (name === 'access checks' && !small)
      return sorted.map(({ ofFloor: ratio }) => ({
        what: `${name}: at least ${withChecks} of the speed without`,
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
  return [...bounds, ...dispatch(rows, small)]
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
      what: `${name}: a known peer's p99 within ${besideFlood} times its own without`,
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

/** The process's own memory: the worst repetition below the bound, and no more for the larger tree by the medians. */
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
        what: `${small.name}, ${large.entries}: the ${side} process grows by at most ${largerBy} of what it grows by with ${small.entries}`,
        measured: `${(middleOfLarge / middleOfSmall).toFixed(2)} (medians of ${middleOfSmall.toFixed(1)} and ${middleOfLarge.toFixed(1)} MB; of the worst ${(worst(large) / worst(small)).toFixed(2)})`,
        holds: middleOfLarge <= largerBy * middleOfSmall,
      },
    ]
  })
}

function resumed({ name, entries, heldMB, lostBytes = [] }: Row): Bound[] {
  return [
    {
      what: `${name}, ${entries}: either process holds less than ${millionMB} MB (at its start, and its own growth)`,
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
    what: `${name}, ${row.entries}: one round trip, under ${equalBytes} B in all`,
    measured: `${row.roundTrips}, ${row.bytes} B`,
    holds: row.roundTrips === 1 && row.bytes! < equalBytes,
  }))
  if (small === large || untimed) return bounds
  return [
    ...bounds,
    {
      what: `${name}: no longer in a large tree (within half)`,
      measured: `${(large.seconds! / small.seconds!).toFixed(2)}`,
      holds: large.seconds! <= 1.5 * small.seconds!,
    },
  ]
}

function increment(name: string, rows: readonly Row[]): Bound[] {
  return rows
    .filter((row) => row.entries === 1)
    .map((row) => ({
      what: `${name}, one entry: under ${oneEntryBytes} B beside it, at most ${oneEntryReads} reads a side`,
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
            what: `a fourth peer: its p50 beside bad peers at most ${besideBadPeers} of that without them`,
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

/** Whether all that was committed came at the rate at which it was: what is left behind grows with every second. */
function sustained({ name, askedPerSecond, perSecond, drift, entries }: Row): Bound {
  // The pace has one gap less than commits.
  const wanted = sustainedShare * askedPerSecond! * (entries! / (entries! - 1))
  return {
    what: `${name}: sustained, at least ${100 * sustainedShare} % of the rate until the last is visible`,
    measured: `${perSecond!.toFixed(1)}/s, the last quarter's p50 ${drift!.toFixed(2)} of that before`,
    holds: perSecond! >= wanted,
  }
}

/** What peers that are away cost a node at rest; the system may not tell what memory is the process's own. */
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
