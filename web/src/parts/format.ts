/** Numbers, sizes and times as people read them, in the reader's own zone. */
const whole = new Intl.NumberFormat('en')
const one = new Intl.NumberFormat('en', { maximumFractionDigits: 1 })
const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const units = ['B', 'KB', 'MB', 'GB', 'TB']
/** The last moment that JavaScript can format; an entry may claim a later one. */
const lastMs = 8.64e15

export function count(value: number | bigint): string {
  return whole.format(value)
}

/** Returns a number with at most one decimal. */
export function decimal(value: number): string {
  return one.format(value)
}

export function bytes(value: number | bigint): string {
  let size = Number(value)
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1000
    unit++
  }
  return `${one.format(size)} ${units[unit]}`
}

/** Returns a moment in full. */
export function moment(ms: number): string {
  return date.format(Math.min(ms, lastMs))
}

/** Returns the time of day. */
export function timeOfDay(ms: number): string {
  return clock.format(Math.min(ms, lastMs))
}

/** Returns a duration in its largest unit, such as "3 min". */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.round(seconds / 3600)} h`
  const days = Math.round(seconds / 86_400)
  return `${days} ${days === 1 ? 'day' : 'days'}`
}
