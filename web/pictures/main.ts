/**
 * Makes the pictures of the page that docs/page has, from nodes that it runs: every view as it is, and two pages side by
 * side while both write and meet. `npm run pictures`, or `npm run pictures -- two-pages` for one of them. It needs
 * Chromium, pngquant and img2webp (Debian: `apt-get install chromium pngquant webp`).
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readDocument } from '../../test/kit/markdown.ts'
import { projectFile } from '../../test/kit/project.ts'
import { openBrowser } from '../test/kit/browser.ts'
import { takeStills } from './stills.ts'
import { filmTwoPages } from './two-pages.ts'

const target = projectFile('docs/page')
const parts = { stills, 'two-pages': twoPages }
const [only] = process.argv.slice(2)
if (only !== undefined && !(only in parts))
  throw new TypeError(`Expected ${Object.keys(parts).join(' or ')}; got ${only}`)
const chosen = only === undefined ? Object.values(parts) : [parts[only as keyof typeof parts]]
const folder = await mkdtemp(join(tmpdir(), 'causeway-pictures-'))
const browser = await openBrowser()
try {
  for (const part of chosen) await part()
} finally {
  await browser.close()
  await rm(folder, { recursive: true })
}

/**
 * Takes every view, and keeps what the document shows, with at most 128 colours each: text stays as sharp as it was, and
 * files take a third.
 */
async function stills(): Promise<void> {
  await takeStills(browser, folder)
  const document = readDocument('docs/page.md')
  for (const name of (await readdir(folder)).filter((each) => document.includes(`page/${each}`)))
    await report(name, 'pngquant', [
      ...['--force', '--speed=1', '--strip', '--nofs', '128'],
      ...['--output', join(target, name), join(folder, name)],
    ])
}

async function twoPages(): Promise<void> {
  const frames = await filmTwoPages(browser, folder)
  const name = 'two-pages.webp'
  const shown = frames.flatMap(({ file, ms }) => ['-d', `${ms}`, file])
  await report(name, 'img2webp', ['-loop', '0', '-min_size', '-lossless', ...shown, '-o', join(target, name)])
}

async function report(name: string, tool: string, args: readonly string[]): Promise<void> {
  execFileSync(tool, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  console.log(`docs/page/${name}: ${Math.round((await stat(join(target, name))).size / 1000)} KB`)
}
