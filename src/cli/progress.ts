/** A progress bar on stderr, with how fast it goes and how long it will take. It draws only if stderr is a terminal. */

import { io } from './streams.ts'
import { cut } from './view/table.ts'

const widthCells = 30
const intervalMs = 100
/** The speed is that of the last seconds, so that a slow start does not count for ever. */
const speedMs = 5000
/** Nothing is said about the speed before: it would be a guess. */
const guessMs = 1000

/** What the bar counts. */
type Unit = 'items' | 'bytes'

/** How much was done at a moment, in milliseconds. */
interface Mark {
  readonly ms: number
  readonly done: number
}

export class ProgressBar {
  private readonly label: string
  private readonly quiet: boolean
  private readonly unit: Unit
  private marks: readonly Mark[] = []
  private last = Number.NEGATIVE_INFINITY
  private drawn = false

  constructor(label: string, quiet = false, unit: Unit = 'items') {
    this.label = label
    this.quiet = quiet || !io().stderr.isTTY
    this.unit = unit
  }

  /** Redraws the bar. A `total` of 0 means that it is unknown. */
  update(done: number, total: number, note = ''): void {
    const now = performance.now()
    if (this.quiet || (now - this.last < intervalMs && done !== total)) return
    this.last = now
    this.drawn = true
    // The last mark before the period begins it.
    const first = this.marks.findLastIndex(({ ms }) => ms <= now - speedMs)
    this.marks = [...this.marks.slice(Math.max(0, first)), { ms: now, done }]
    const line = progressLine(this.marks, total, this.unit, note)
    io().stderr.write(`\r\x1b[2K${cut(`${this.label} ${line}`, (io().stderr.columns ?? 80) - 1)}`)
  }

  /** Removes the bar from the terminal. */
  end(): void {
    if (this.drawn) io().stderr.write('\r\x1b[2K')
  }
}

/** Returns the bar, the amounts, the speed between the first mark and the last, and the time left. */
export function progressLine(marks: readonly Mark[], total: number, unit: Unit, note = ''): string {
  const [first, last] = [marks[0]!, marks.at(-1)!]
  const { done } = last
  const share = total > 0 ? Math.min(1, done / total) : 0
  const filled = Math.round(share * widthCells)
  const bar = `[${'█'.repeat(filled)}${'░'.repeat(widthCells - filled)}] ${Math.floor(share * 100)}%`
  const elapsed = last.ms - first.ms
  const perSecond = elapsed >= guessMs ? Math.max(0, ((done - first.done) / elapsed) * 1000) : 0
  const left = total > done && perSecond > 0 ? `${durationText((total - done) / perSecond)} left` : ''
  const parts = [
    total > 0 ? `${amountText(done, unit)} of ${amountText(total, unit)}` : amountText(done, unit),
    perSecond > 0 ? `${amountText(perSecond, unit)}/s` : '',
    left,
    note,
  ]
  return [...(total > 0 ? [bar] : []), parts.filter(Boolean).join(', ')].join(' ')
}

function amountText(amount: number, unit: Unit): string {
  if (unit === 'items') return Math.round(amount).toLocaleString('en')
  const units = ['B', 'KiB', 'MiB', 'GiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, amount)) / 10))
  return `${(amount / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

function durationText(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.ceil(whole / 60)} min`
  return `${Math.ceil(whole / 3600)} h`
}
