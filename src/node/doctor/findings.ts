/** Makes findings, and the words for amounts in them. */
import type { Finding } from '../../rpc/services/doctor-service.ts'

/** Returns a finding that all is as it should be. */
export const fine = (topic: string, message: string): Finding => ({
  topic,
  severity: 'fine',
  message,
  advice: '',
})

/** Returns a finding that is worth knowing and may be as the operator wants it. */
export const notice = (topic: string, message: string, advice = ''): Finding => ({
  topic,
  severity: 'notice',
  message,
  advice,
})

/** Returns a finding that something is wrong, or soon will be. */
export const problem = (topic: string, message: string, advice: string): Finding => ({
  topic,
  severity: 'problem',
  message,
  advice,
})

/** Returns a duration in its largest unit, such as "90 s", "4 min" or "3 days". */
export function durationText(ms: number): string {
  const seconds = Math.round(Math.abs(ms) / 1_000)
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`
}

/** Returns a size in its largest unit, such as "1.5 GiB". */
export function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const amount = bytes / 1_024 ** power
  return `${amount < 10 && power > 0 ? amount.toFixed(1) : Math.round(amount)} ${units[power]}`
}
