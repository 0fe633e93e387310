/**
 * The latest lines of a node's log, in memory, for operators who look from elsewhere. Bounded in lines and characters. A
 * line is kept as it was written and read only when somebody asks, so keeping it costs next to nothing.
 */
import { type Clock, systemClock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { LogSource, WrittenLine } from '../../rpc/services/page/watch-log.ts'

export class LogRing implements LogSource {
  private readonly clock: Pick<Clock, 'now'>
  private readonly lines: WrittenLine[] = []
  private readonly listeners = new Set<() => void>()
  private characters = 0
  private last = 0

  constructor(clock: Pick<Clock, 'now'> = systemClock) {
    this.clock = clock
  }

  /** Keeps a line: a JSON object as pino writes it. `level` is pino's number. */
  add(level: number, json: string): void {
    this.last++
    const text = json.slice(0, limits.logLineCharacters)
    this.lines.push({ number: this.last, atMs: this.clock.now(), level, json: text })
    this.characters += text.length
    // Ends: each turn drops a line, and an empty ring is within its bounds.
    while (this.lines.length > limits.logLines || this.characters > limits.logCharacters)
      this.characters -= this.lines.shift()!.json.length
    for (const listener of [...this.listeners]) listener()
  }

  after(number: number): readonly WrittenLine[] {
    const first = this.lines[0]?.number ?? 0
    return this.lines.slice(Math.max(0, number + 1 - first))
  }

  follow(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
