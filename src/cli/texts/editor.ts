/** Lets a person change a text in an editor of their own, as $VISUAL or $EDITOR names it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CausewayError } from '../../base/errors.ts'
import { textOf } from '../stores/item-view.ts'
import { io } from '../streams.ts'

export interface Edited extends AsyncDisposable {
  readonly text: string
  /** Where the text is until this is disposed of. */
  readonly file: string
  /** Keeps the file. */
  keep(): void
}

/**
 * Opens the editor on a file that nobody else may read, and returns what it left there. Throws CANCELLED if the editor
 * fails, or leaves something else than UTF-8; the file is kept then. Throws INVALID_ARGUMENT if no editor is named and
 * there is no terminal for the usual one.
 */
export async function editText(text: string): Promise<Edited> {
  const { VISUAL, EDITOR } = io().env
  const named = VISUAL || EDITOR
  const editor = named || (process.platform === 'win32' ? 'notepad' : 'vi')
  if (!named && !io().stdin.isTTY)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `Expected a terminal for the editor \`${editor}\`, and there is none: name an editor that needs none in VISUAL, or use \`causeway text insert\`.`,
    )
  const folder = await mkdtemp(join(tmpdir(), 'causeway-text-'))
  const file = join(folder, 'text.txt')
  await writeFile(file, text, { mode: 0o600 })
  // A shell, since an editor may be named with options.
  const child = spawn(`${editor} "${file}"`, { shell: true, stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  const edited = code === 0 ? textOf(await readFile(file)) : undefined
  if (edited === undefined)
    throw new CausewayError(
      'CANCELLED',
      code === 0
        ? `The editor left something else than UTF-8 in ${file}: nothing is written.`
        : `The editor \`${editor}\` has failed: nothing is written. What you typed may be in ${file}.`,
    )
  let isKept = false
  return {
    ...{ text: edited, file },
    keep() {
      isKept = true
    },
    async [Symbol.asyncDispose]() {
      if (!isKept) await rm(folder, { recursive: true, force: true })
    },
  }
}
