/** Asks a person before a command does what cannot be undone. */
import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { CausewayError } from '../../base/errors.ts'
import { io } from '../streams.ts'

/** Where a question is asked: by default the terminal, on stderr, since stdout is for the result. */
interface Terminal {
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: Writable
}

/**
 * Asks a question on the terminal and returns whether the answer is yes. Throws INVALID_ARGUMENT if there is no terminal
 * to ask on.
 */
export async function confirm(
  question: string,
  { input, output }: Terminal = { input: io().stdin, output: io().stderr },
): Promise<boolean> {
  if (!input.isTTY)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'Expected a terminal to ask for confirmation on, and there is none: give `--yes`.',
    )
  return askYes(`${question} [y/N] `, { input, output })
}

/**
 * Reads a line, from a terminal or from a program, and returns whether it is yes. The end of the input is a no, and so is
 * the signal.
 */
export async function askYes(
  prompt: string,
  { input, output }: Terminal = { input: io().stdin, output: io().stderr },
  signal?: AbortSignal,
): Promise<boolean> {
  const lines = createInterface({ input, output, terminal: input.isTTY === true })
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
  const onAbort = () => lines.close()
  signal?.addEventListener('abort', onAbort)
  try {
    const answer = await Promise.race([lines.question(prompt), ended])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    signal?.removeEventListener('abort', onAbort)
    lines.close()
  }
}
