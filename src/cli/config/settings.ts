/**
 * The settings of `serve`, from four places: an option on the command line, else a variable of the environment, else the
 * configuration file, else the default. Every option has a variable and a key by its name: `--max-disk` is
 * CAUSEWAY_MAX_DISK and `max-disk`. So an option that is added to the command is configurable at once.
 */
import { readFileSync } from 'node:fs'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { parse, TomlError } from 'smol-toml'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { io } from '../streams.ts'

/** Where a value came from, for people: `default`, a variable, a file or an option. */
export interface Setting {
  /** The name without dashes, such as `max-disk`. */
  readonly name: string
  /** Its key in the options of the command, such as `maxDisk`. */
  readonly key: string
  readonly value: unknown
  readonly source: string
}

type Raw = string | number | boolean | readonly unknown[]

/** The options that say how to read settings, and are no settings themselves. */
const notSettings: readonly string[] = ['config', 'json', 'help']

/** Returns the option that names the file. */
export function configOption(): Option {
  return new Option('--config <FILE>', 'read settings from this file (TOML)').env('CAUSEWAY_CONFIG')
}

/**
 * Sets those options of a parsed command that its line does not name, from the environment and the file. Throws
 * INVALID_ARGUMENT if the file cannot be read, or if a name or a value is wrong.
 */
export function applySettings(command: Command, env: NodeJS.ProcessEnv = io().env): void {
  const { config } = command.opts<{ config?: string }>()
  const file = config === undefined ? {} : readSettings(config)
  const known = groupsOf(command)
  const wrong = Object.keys(file).find((name) => !known.some((group) => group.name === name))
  if (wrong !== undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `${config}: there is no setting ${JSON.stringify(wrong)}; there are ${known.map(({ name }) => name).join(', ')}.`,
    )
  for (const group of known) {
    const source = command.getOptionValueSource(group.key)
    if (source === 'cli' || source === 'env') continue
    const text = env[variableOf(group.name)]
    const raw = text !== undefined && text !== '' ? text : file[group.name]
    if (raw === undefined) continue
    const where = raw === text ? variableOf(group.name) : `${config}: ${group.name}`
    command.setOptionValueWithSource(group.key, convert(group, raw, where), raw === text ? 'env' : 'config')
  }
}

/** Returns every setting of a command with its value and where it came from. */
export function settingsOf(command: Command): Setting[] {
  const { config } = command.opts<{ config?: string }>()
  return groupsOf(command).map(({ name, key, positive }) => {
    const from = command.getOptionValueSource(key)
    const source =
      from === 'cli'
        ? `--${name}`
        : from === 'env'
          ? variableOf(name)
          : from === 'config'
            ? config!
            : 'default'
    // A flag, or an option that may stand without a value, is off unless it is given.
    const absent = positive?.isBoolean() || positive?.optional ? false : undefined
    return { name, key, value: command.getOptionValue(key) ?? absent, source }
  })
}

export function variableOf(name: string): string {
  return `CAUSEWAY_${name.replaceAll('-', '_').toUpperCase()}`
}

/** An option, or the two that are `--http` and `--no-http`. */
interface Group {
  readonly name: string
  readonly key: string
  readonly positive: Option | undefined
  readonly isNegatable: boolean
}

function groupsOf(command: Command): Group[] {
  const keys = new Set(command.options.map((option) => option.attributeName()))
  return [...keys].flatMap((key) => {
    const options = command.options.filter((option) => option.attributeName() === key)
    const positive = options.find(({ negate }) => !negate)
    const name = (positive ?? options[0]!).long!.replace(/^--(no-)?/, '')
    const isNegatable = options.some(({ negate }) => negate)
    return notSettings.includes(name) ? [] : [{ name, key, positive, isNegatable }]
  })
}

function readSettings(path: string): Record<string, Raw> {
  try {
    const text = readFileSync(path)
    if (text.length > limits.configBytes)
      throw new Error(`it has ${text.length} bytes, and a configuration has at most ${limits.configBytes}`)
    return parse(text.toString()) as Record<string, Raw>
  } catch (cause) {
    const { message, line } = cause as TomlError
    const reason = cause instanceof TomlError ? `line ${line}: ${message.split('\n')[0]}` : message
    throw new CausewayError('INVALID_ARGUMENT', `The configuration ${path} cannot be read: ${reason}.`, {
      cause,
    })
  }
}

/** Returns a value as the command line would give it. Throws INVALID_ARGUMENT, and says where the value stands. */
function convert({ name, positive, isNegatable }: Group, raw: Raw, where: string): unknown {
  const refuse = (reason: string) => {
    throw new CausewayError('INVALID_ARGUMENT', `${where}: ${reason}`, { data: { setting: name } })
  }
  const isFlag = positive === undefined || positive.isBoolean()
  const truth = truthOf(raw)
  if (isFlag) return truth ?? refuse(`Expected true or false, got ${JSON.stringify(raw)}.`)
  if (truth === false && isNegatable) return false
  // `--quic` may stand without a value, and is off without it.
  if (truth !== undefined && positive.optional) return truth ? true : positive.defaultValue
  try {
    if (!Array.isArray(positive.defaultValue)) {
      if (typeof raw === 'object' || typeof raw === 'boolean')
        return refuse(`Expected one value, got ${JSON.stringify(raw)}.`)
      return one(positive, String(raw), positive.defaultValue)
    }
    const items = Array.isArray(raw) ? raw.map(String) : String(raw).split(',')
    return items.reduce<unknown>((list, item) => one(positive, item.trim(), list), [])
  } catch (error) {
    if (error instanceof InvalidArgumentError) return refuse(error.message)
    if (error instanceof CausewayError && error.data.setting === undefined) return refuse(error.message)
    throw error
  }
}

function one(option: Option, text: string, previous: unknown): unknown {
  return option.parseArg === undefined ? text : option.parseArg(text, previous as never)
}

function truthOf(raw: Raw): boolean | undefined {
  if (typeof raw === 'boolean') return raw
  if (typeof raw !== 'string') return undefined
  const text = raw.toLowerCase()
  return ['true', 'yes', 'on'].includes(text)
    ? true
    : ['false', 'no', 'off'].includes(text)
      ? false
      : undefined
}
