/** The log of a running node on stderr, by pino: a JSON object a line for programs, and lines in colour for a terminal. */
import { Option } from 'commander'
import type { Logger } from 'pino'
import { LogRing } from '../../node/log/log-ring.ts'
import { io } from '../streams.ts'

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]
const logFormats = ['json', 'pretty'] as const
type LogFormat = (typeof logFormats)[number]

export interface LogOptions {
  readonly logLevel?: LogLevel
  readonly logFormat?: LogFormat
}

/** Returns the options that choose what is logged and how. */
export function logOptions(): Option[] {
  return [
    new Option('--log-level <LEVEL>', 'least level to log on stderr; by default info, or warn in a terminal')
      .choices(logLevels)
      .default(undefined, 'info; warn in a terminal'),
    new Option('--log-format <json|pretty>', 'how to log; by default json, or pretty in a terminal')
      .choices(logFormats)
      .default(undefined, 'json; pretty in a terminal'),
  ]
}

const formatOf = ({ logFormat }: LogOptions): LogFormat =>
  logFormat ?? (io().stderr.isTTY ? 'pretty' : 'json')

/** Returns the level of these options. In a terminal, what is no warning stands on stdout already. */
function levelOf(options: LogOptions): LogLevel {
  return options.logLevel ?? (formatOf(options) === 'pretty' ? 'warn' : 'info')
}

/** The log of a running node. */
export interface OpenLog {
  readonly log: Logger
  /** Its latest lines, from `info` on whatever stderr gets. */
  readonly ring: LogRing
  /** Writes to stderr what these options say from now on. */
  setLevel(options: LogOptions): void
}

/** Opens the log. It is written at once, so nothing of it is lost when the process ends. */
export async function openLog(options: LogOptions): Promise<OpenLog> {
  // Only a node that serves needs them.
  const { pino } = await import('pino')
  const isJson = formatOf(options) === 'json'
  const ring = new LogRing()
  const target = new Target(isJson ? io().stderr : await prettyLines(), ring)
  const log = pino(
    {
      ...{ level: 'info', base: null, messageKey: 'msg' },
      formatters: { level: (label: string) => ({ level: label }) },
      ...(isJson && { timestamp: pino.stdTimeFunctions.isoTime }),
    },
    target,
  )
  const setLevel = (values: LogOptions) => {
    target.least = pino.levels.values[levelOf(values)] ?? Number.POSITIVE_INFINITY
    log.level = target.least < pino.levels.values.info! ? levelOf(values) : 'info'
  }
  setLevel(options)
  return { log, ring, setLevel }
}

async function prettyLines(): Promise<Pick<NodeJS.WritableStream, 'write'>> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    destination: io().stderr,
    colorize: io().stderr.isTTY === true,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'event',
    singleLine: true,
    sync: true,
  })
}

/** Where pino writes: every line goes to the ring, and those of the level that was asked for to stderr. */
class Target {
  lastLevel = 0
  /** The least level that stderr gets, as pino's number. */
  least = 0
  private readonly out: Pick<NodeJS.WritableStream, 'write'>
  private readonly ring: LogRing

  constructor(out: Pick<NodeJS.WritableStream, 'write'>, ring: LogRing) {
    this.out = out
    this.ring = ring
    // Asks pino to say the level of each line.
    Object.assign(this, { [Symbol.for('pino.metadata')]: true })
  }

  write(line: string): void {
    this.ring.add(this.lastLevel, line)
    if (this.lastLevel >= this.least) this.out.write(line)
  }
}
