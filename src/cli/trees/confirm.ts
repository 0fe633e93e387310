/** Asks a person before a command does what cannot be undone. */
import { createInterface } from 'node:readline/promises'
import type { Readable, Writable } from 'node:stream'
import { CausewayError } from '../../base/errors.ts'

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
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<boolean> {
  if (!input.isTTY)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'Expected a terminal to ask for confirmation on, and there is none: give `--yes`.',
    )
  const lines = createInterface({ input, output })
  const ended = new Promise<string>((resolve) => lines.once('close', () => resolve('')))
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `), ended])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
