/** Reads the files that say what a program has, and which cases it is known to fail. */
import { readFileSync } from 'node:fs'
import { CausewayError } from '../../base/errors.ts'
import { type Level, levels, type TransportName, transportNames } from './case.ts'

export interface Features {
  readonly levels: readonly Level[]
  /** How the program may be called as a server. */
  readonly transports: readonly TransportName[]
}

/** Reads `{"levels": […], "transports": […]}`. Throws INVALID_ARGUMENT. */
export function readFeatures(file: string): Features {
  let value: unknown
  const text = readText(file)
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new CausewayError('INVALID_ARGUMENT', `The file ${file} is not JSON: ${(error as Error).message}`)
  }
  const { levels: levelList, transports = ['connect'], ...rest } = value as Record<string, unknown>
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined)
    throw new CausewayError('INVALID_ARGUMENT', `The features have levels and transports, got "${unknown}".`)
  return {
    levels: namesOf(levelList, levels, 'levels'),
    transports: namesOf(transports, transportNames, 'transports'),
  }
}

function namesOf<Name extends string>(value: unknown, names: readonly Name[], what: string): Name[] {
  const list = Array.isArray(value) ? value : [value]
  const wrong = list.find((name) => !(names as readonly unknown[]).includes(name))
  if (wrong !== undefined || value === undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The features' ${what} are some of ${names.join(', ')}, got ${JSON.stringify(wrong)}.`,
    )
  return list as Name[]
}

/** Reads names of cases, one a line; what follows # is a comment. Throws INVALID_ARGUMENT. */
export function readKnownFailing(file: string): ReadonlySet<string> {
  const lines = readText(file).split('\n')
  return new Set(lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== ''))
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The file ${file} cannot be read: ${(error as Error).message}`,
    )
  }
}
