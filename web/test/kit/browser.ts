/** A Chromium without a window, in which tests open the page. `.ci/page` installs it if it is missing. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { missingTool } from '../../../test/kit/project.ts'
import type { Lab } from './lab.ts'

const command = process.env.CHROMIUM ?? 'chromium'

/** Why these tests cannot run; false if they can. CI names the browser, so there they must. */
export const missing = process.env.CHROMIUM === undefined && missingTool(command)

export const wide = { width: 1280, height: 860 }
export const phone = { width: 390, height: 844 }

export async function openBrowser(): Promise<Browser> {
  const { CHROMIUM_PATH = `/usr/bin/${command}` } = process.env
  return chromium.launch({
    executablePath: command.includes('/') ? command : CHROMIUM_PATH,
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  })
}

/** What a page did that it must not. */
export interface Faults {
  /** Errors of scripts, and what the console warned of or the policy of contents refused. */
  readonly said: string[]
  /** Requests to any origin but the node's. */
  readonly foreign: string[]
}

/** Returns what axe finds wrong for readers with a screen reader or a keyboard, as rule and place. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'))
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import('axe-core') }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id} ${target.join(' ')}`))
  })
}

/** Opens the page of a lab, by a new link. */
export async function openPage(
  browser: Browser,
  lab: Pick<Lab, 'url' | 'link'>,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; faults: Faults }> {
  const context = await browser.newContext({ viewport: wide, ...options })
  // Patient, since a test may run on a machine that does much else.
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  const faults: Faults = { said: [], foreign: [] }
  page.on('pageerror', (error) => faults.said.push(String(error)))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.said.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(`${lab.url}/`) && !request.url().startsWith('blob:'))
      faults.foreign.push(request.url())
  })
  await page.goto(await lab.link())
  await page.getByRole('heading', { level: 1 }).waitFor()
  return { page, faults }
}

/** Takes a picture, of the screen or of all that is to be scrolled to, if PAGE_SHOTS names a folder for it. */
export async function shoot(page: Page, name: string, isWhole = false): Promise<void> {
  const { PAGE_SHOTS } = process.env
  if (PAGE_SHOTS === undefined) return
  const before = page.viewportSize()!
  if (isWhole) {
    const height = await page.evaluate(() => document.documentElement.scrollHeight)
    await page.setViewportSize({ width: before.width, height: Math.max(before.height, height) })
  }
  await page.screenshot({ path: join(PAGE_SHOTS, `${name}.png`) })
  await page.setViewportSize(before)
}

/** Reports whether the page is wider than the screen. */
export function scrollsSideways(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
}
