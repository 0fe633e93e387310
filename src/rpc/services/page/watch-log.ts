/**
 * NodeService's WatchLog: the latest lines of the node's log, then new ones. A caller that reads slowly misses lines that
 * the node no longer keeps, and is told how many; it costs the node no memory.
 */
import type { ServiceImpl } from '@connectrpc/connect'
import { LogLevel, type NodeService } from '../../../../gen/causeway/v1/node_pb.ts'
import { type Clock, sleep } from '../../../base/clock.ts'
import { CausewayError } from '../../../base/errors.ts'
import { limits } from '../../../base/limits.ts'
import { stoppingKey } from '../../caller.ts'

/** A line of the log as it was written. */
export interface WrittenLine {
  /** Lines are numbered from 1. */
  readonly number: number
  readonly atMs: number
  /** 10 for trace, 20 for debug, 30 for info, 40 for warn, 50 for error: pino's numbers. */
  readonly level: number
  /** A JSON object, cut after `limits.logLineCharacters`. */
  readonly json: string
}

export interface LogSource {
  /** Returns the lines after one that are still kept. */
  after(number: number): readonly WrittenLine[]
  /** Calls `listener` after each line. Returns a function that ends this. */
  follow(listener: () => void): () => void
}

export interface LogParts {
  readonly clock: Clock
  /** Absent if the program that runs the node keeps no log here. */
  readonly log?: LogSource | undefined
}

const levels = [LogLevel.TRACE, LogLevel.DEBUG, LogLevel.INFO, LogLevel.WARN, LogLevel.ERROR] as const

export function createLogHandlers({
  clock,
  log,
}: LogParts): Pick<ServiceImpl<typeof NodeService>, 'watchLog'> {
  return {
    async *watchLog({ level, follow }, context) {
      if (LogLevel[level] === undefined)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `\`level\` must be trace, debug, info, warn or error, got ${level}.`,
        )
      const least = level || LogLevel.INFO
      const signal = AbortSignal.any([context.signal, context.values.get(stoppingKey)])
      let wake = new AbortController()
      const stop = log?.follow(() => wake.abort())
      try {
        let number = 0
        let isFirst = true
        // Ends with the call. Each turn yields, or waits for a line or for the next sign of life.
        while (!signal.aborted) {
          wake = new AbortController()
          const lines = log?.after(number) ?? []
          const missed = number === 0 || lines.length === 0 ? 0 : lines[0]!.number - number - 1
          const shown = lines.filter((line) => levelOf(line) >= least)
          for (let start = 0; start < shown.length; start += limits.logPage)
            yield {
              lines: shown.slice(start, start + limits.logPage).map(readLine),
              missed: BigInt(start === 0 ? missed : 0),
            }
          number = lines.at(-1)?.number ?? number
          if (!follow) return
          // Says at once that there are none yet.
          if (isFirst && shown.length === 0) yield {}
          isFirst = false
          // Lines that came while these were sent.
          if (wake.signal.aborted) continue
          const isSilent = await sleep(
            clock,
            limits.signOfLifeMs,
            AbortSignal.any([signal, wake.signal]),
          ).then(
            () => true,
            () => false,
          )
          if (isSilent) yield {}
        }
      } finally {
        stop?.()
      }
    },
  }
}

function levelOf({ level }: WrittenLine): LogLevel {
  return levels[Math.min(Math.max(Math.floor(level / 10), 1), levels.length) - 1]!
}

/** What of a line has a place of its own in the message, or says nothing. */
const placed: ReadonlySet<string> = new Set(['level', 'time', 'msg'])

function readLine(line: WrittenLine) {
  const { message, fields } = readJson(line.json)
  return { atMs: BigInt(line.atMs), level: levelOf(line), message, fields }
}

/** Reads what a line says. One that was cut is its own message. */
function readJson(json: string): { message: string; fields: Record<string, string> } {
  const fields: Record<string, string> = {}
  try {
    const { msg = '', ...rest } = JSON.parse(json) as { msg?: unknown } & Record<string, unknown>
    let room = limits.logFieldCharacters
    for (const [name, value] of Object.entries(rest)) {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      if (placed.has(name) || room <= 0) continue
      fields[name] = text.slice(0, room)
      room -= name.length + text.length
    }
    return { message: String(msg).slice(0, limits.logMessageCharacters), fields }
  } catch {
    return { message: json.slice(0, limits.logMessageCharacters), fields }
  }
}
