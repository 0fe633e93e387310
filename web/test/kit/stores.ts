/** How the tests of the stores' view find their way. */
import type { Locator, Page } from 'playwright-core'
import { formatId, type TreeId } from '../../../src/dag/id.ts'
import type { Lab } from './lab.ts'

/** Opens a store, or a key of it. */
export async function openStore(page: Page, lab: Lab, tree: TreeId, ...parts: string[]): Promise<void> {
  await page.goto(`${lab.url}/#/stores/${[formatId(tree), ...parts].map(encodeURIComponent).join('/')}`)
  await page.locator('.keys-count', { hasText: 'key' }).waitFor({ state: 'attached' })
  if (parts.length > 1) await page.getByRole('heading', { name: parts[1]! }).waitFor()
}

/** Returns the row of a key in the list. */
export const row = (page: Page, key: string): Locator =>
  page.locator('.key-row', { has: page.locator('.key-name').getByText(key, { exact: true }) })
