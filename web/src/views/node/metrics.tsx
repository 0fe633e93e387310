/** Metrics of the last minutes as small lines. The numbers beside them say the same, so the drawings are only a help. */
import { type MetricName, type Sample, samples } from '../../api/metrics.ts'
import { useCell } from '../../parts/cell.ts'
import { bytes, count } from '../../parts/format.ts'
import { Card } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'

const words = texts.node

interface Line {
  readonly name: string
  readonly metric: MetricName
  /** For a counter: the growth in so many seconds is shown. */
  readonly per?: number
  readonly scale?: number
  readonly say: (value: number) => string
}

const lines: readonly Line[] = [
  { name: words.lines.entries, metric: 'causeway_entries', per: 1, say: words.perSecond },
  { name: words.lines.calls, metric: 'causeway_call_seconds_count', per: 1, say: words.perSecond },
  { name: words.lines.refusals, metric: 'causeway_refusals_total', per: 60, say: words.perMinute },
  { name: words.lines.outbox, metric: 'causeway_outbox_entries', say: count },
  { name: words.lines.connections, metric: 'causeway_connections', say: count },
  { name: words.lines.cpu, metric: 'process_cpu_seconds_total', per: 1, scale: 100, say: words.percent },
  { name: words.lines.memory, metric: 'process_resident_memory_bytes', say: bytes },
  { name: words.lines.lag, metric: 'nodejs_eventloop_lag_p99_seconds', scale: 1000, say: words.ms },
]

interface Dot {
  readonly atMs: number
  readonly value: number
}

/** Returns the values of a line over time: as they are, or how fast a counter grew between two samples. */
function dotsOf({ metric, per, scale = 1 }: Line, all: readonly Sample[]): Dot[] {
  const dots: Dot[] = []
  for (const [index, { atMs, values }] of all.entries()) {
    const value = values[metric]
    if (value === undefined && per === undefined) continue
    if (per === undefined) dots.push({ atMs, value: value! * scale })
    else if (index > 0) {
      const before = all[index - 1]!
      const grown = Math.max(0, (value ?? 0) - (before.values[metric] ?? 0))
      dots.push({ atMs, value: (grown * per * scale * 1000) / Math.max(1, atMs - before.atMs) })
    }
  }
  return dots
}

export function Metrics() {
  const all = useCell(samples)
  return (
    <Card title={words.metrics}>
      <ul class="metrics">
        {lines.map((line) => (
          <MetricLine key={line.name} line={line} dots={dotsOf(line, all)} />
        ))}
      </ul>
      <p class="muted">{words.sampling}</p>
    </Card>
  )
}

const [width, height] = [160, 36]
/** The time that a drawing spans: from the first point on, but no more than what is kept, and not a mere moment. */
const [leastSpanMs, mostSpanMs] = [60_000, 600_000]

function MetricLine({ line, dots }: { readonly line: Line; readonly dots: readonly Dot[] }) {
  const last = dots.at(-1)
  const values = dots.map(({ value }) => value)
  const most = Math.max(0, ...values)
  const name =
    last === undefined
      ? line.name
      : words.lineName(line.name, line.say(last.value), line.say(Math.min(...values)), line.say(most))
  const spanMs = Math.min(mostSpanMs, Math.max(leastSpanMs, (last?.atMs ?? 0) - (dots[0]?.atMs ?? 0)))
  const points = dots.map(({ atMs, value }) => {
    const x = width - ((last!.atMs - atMs) / spanMs) * width
    return `${x.toFixed(1)},${(height - 2 - (most === 0 ? 0 : value / most) * (height - 4)).toFixed(1)}`
  })
  return (
    <li>
      <span>{line.name}</span>
      <svg
        class="metric"
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={name}
      >
        <line x1="0" x2={width} y1={height - 1} y2={height - 1} />
        {points.length > 0 && <polyline points={points.join(' ')} />}
      </svg>
      <strong class="number">{last === undefined ? '–' : line.say(last.value)}</strong>
    </li>
  )
}
