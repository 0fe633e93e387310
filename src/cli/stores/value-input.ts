/** The value that a command puts: an argument, or standard input. The type says how it reads. */
import { fstatSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { readStdin } from '../streams.ts'
import { isJsonType, isTextType, textOf } from './item-view.ts'

/** Adds the argument VALUE and the option `--type`. */
export function addValue(command: Command): Command {
  return command
    .argument('[VALUE]', 'the value; - is standard input, and so is nothing if that is a pipe or a file')
    .addOption(
      new Option(
        '--type <TYPE>',
        'media type of the value (default: text/plain, or none for what is not UTF-8)',
      ),
    )
}

/**
 * Returns the value and its type. Throws INVALID_ARGUMENT without a value, and for one that is not what its type says;
 * LIMIT_EXCEEDED for standard input past `limits.stateValueBytes`.
 */
export async function readValue(
  argument: string | undefined,
  type: string | undefined,
): Promise<{ value: Uint8Array; type: string }> {
  if (argument === undefined && !isRedirected())
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'Expected a VALUE, or one on standard input from a pipe or a file.',
    )
  const value =
    argument === undefined || argument === '-'
      ? await readStdin(limits.stateValueBytes, tooLarge)
      : Buffer.from(argument)
  const text = textOf(value)
  const of = type ?? (text === undefined ? '' : 'text/plain')
  if (isTextType(of) && text === undefined)
    throw new CausewayError('INVALID_ARGUMENT', `A value of the type ${of} is UTF-8, and this one is not.`)
  if (isJsonType(of)) checkJson(text!)
  return { value, type: of }
}

function tooLarge(): CausewayError {
  return new CausewayError('LIMIT_EXCEEDED', `A value has at most ${limits.stateValueBytes} bytes.`)
}

function checkJson(text: string): void {
  try {
    JSON.parse(text)
  } catch (cause) {
    throw new CausewayError('INVALID_ARGUMENT', `The value is not JSON: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** Reports whether somebody gives standard input: a terminal or /dev/null would be no value. */
function isRedirected(): boolean {
  try {
    const stdin = fstatSync(0)
    return stdin.isFIFO() || stdin.isFile() || stdin.isSocket()
  } catch {
    return false
  }
}
