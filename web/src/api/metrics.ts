/** What the node measured in the last minutes: some of its metrics, asked for with what else the page asks now and then. */
import { cell } from '../parts/cell.ts'
import { nodeCalls } from './clients.ts'

/** The metrics of which the page keeps the last minutes. Samples of one name are added up. */
const names = [
  ...['causeway_entries', 'causeway_connections', 'causeway_outbox_entries', 'causeway_call_seconds_count'],
  ...['causeway_refusals_total', 'process_resident_memory_bytes', 'process_cpu_seconds_total'],
  ...['nodejs_eventloop_lag_p99_seconds', 'process_start_time_seconds'],
] as const
export type MetricName = (typeof names)[number]

export interface Sample {
  readonly atMs: number
  readonly values: Readonly<Partial<Record<MetricName, number>>>
}

/** Ten minutes, at one sample each ten seconds. */
const mostSamples = 60

/** Oldest first. */
export const samples = cell<readonly Sample[]>([])

/** Asks for the metrics as they are now. */
export async function sampleMetrics(): Promise<void> {
  const answer = await nodeCalls.getMetrics({ names: [...names] })
  const values: Partial<Record<MetricName, number>> = {}
  for (const { name, value } of answer.samples) {
    const key = name as MetricName
    values[key] = (values[key] ?? 0) + value
  }
  const before = samples.get()
  // Counters begin anew with the process, so what was before it is no part of the same line.
  const isSameProcess = before.at(-1)?.values.process_start_time_seconds === values.process_start_time_seconds
  samples.set([...(isSameProcess ? before : []), { atMs: Date.now(), values }].slice(-mostSamples))
}
