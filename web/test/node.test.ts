/** The view of a node in a real Chromium: its storage by author, its settings, its log as it is written, and its metrics. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { LogRing } from '../../src/node/log/log-ring.ts'
import {
  axeFaults,
  missing,
  openBrowser,
  openPage,
  phone,
  scrollsSideways,
  shoot,
  wide,
} from './kit/browser.ts'
import { hostile } from './kit/hostile.ts'
import { Lab } from './kit/lab.ts'

const card = (page: Page, name: string) =>
  page.locator('.card', { has: page.getByRole('heading', { name, exact: true }) })

const ring = new LogRing()
const say = (level: 'info' | 'warn' | 'error', msg: string, more: object = {}) =>
  ring.add({ info: 30, warn: 40, error: 50 }[level], JSON.stringify({ ...more, msg }))
const settings = [
  { name: 'http', value: '127.0.0.1:29292', source: 'default' },
  { name: 'max-disk', value: '200G', source: '--max-disk' },
  { name: 'max-tree', value: '50G', source: 'CAUSEWAY_MAX_TREE' },
  { name: 'seed', value: 'file:/etc/causeway/peers', source: '/etc/causeway.toml' },
  { name: 'relay-token', value: '(hidden)', source: '/etc/causeway.toml' },
  { name: 'tls-cert', value: null, source: 'default' },
]

async function openNode(page: Page, lab: Lab): Promise<void> {
  await page.goto(`${lab.url}/#/node`)
  await page.getByText('The node runs and serves').waitFor()
  await card(page, 'Settings in force').getByText('max-disk', { exact: true }).waitFor()
}

describe('The view of a node', { skip: missing }, () => {
  let browser: Browser
  let lab: Lab
  before(async () => {
    ;[browser, lab] = await Promise.all([openBrowser(), Lab.start({ log: ring, settings: () => settings })])
    say('info', 'node started', { event: 'started', data: '/var/lib/causeway' })
    say('warn', 'link fails: nobody answers', { event: 'link-failing', code: 'UNREACHABLE' })
    say('info', 'link works again', { event: 'link-recovered' })
  })
  after(async () => {
    await browser?.close()
    await lab?.[Symbol.asyncDispose]()
  })

  it('shows the settings in force and where each came from', async () => {
    const { page, faults } = await openPage(browser, lab)
    await openNode(page, lab)
    const rows = card(page, 'Settings in force').locator('tbody tr')
    const cells = (row: number) => rows.nth(row).locator('td').allTextContents()
    assert.equal(await rows.count(), settings.length)
    assert.deepEqual(await cells(1), ['max-disk', '200G', '--max-disk'])
    assert.deepEqual(await cells(5), ['tls-cert', 'none', 'default'])
    await page.getByLabel('Only those that somebody set').press('Space')
    assert.equal(await rows.count(), 4)
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('shows the log as it is written, newest first, from the chosen level on', async () => {
    const { page, faults } = await openPage(browser, lab)
    await openNode(page, lab)
    const lines = card(page, 'Log').locator('.log-line')
    await lines.first().getByText('link works again').waitFor()
    const before = await lines.count()
    say('info', 'a new line', { event: 'news', tree: 'bafkrei' })
    await lines.first().getByText('a new line').waitFor()
    await lines.first().getByText('event=news').waitFor()
    assert.equal(await lines.count(), before + 1)
    await page.getByLabel('Least level').selectOption('warn')
    await lines.first().getByText('link fails: nobody answers').waitFor()
    assert.equal(await lines.count(), 1)
    say('info', 'not shown')
    say('error', 'shown')
    await lines.first().getByText('shown', { exact: true }).waitFor()
    assert.equal(await lines.count(), 2)
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('shows who takes how much of a tree', async () => {
    const { page } = await openPage(browser, lab)
    await openNode(page, lab)
    const storage = card(page, 'Storage')
    await storage.locator('summary', { hasText: 'Notes' }).press('Enter')
    const authors = storage.getByRole('list', { name: 'By author' })
    await authors.getByText('this node').waitFor()
    await authors.getByText('Bob').waitFor()
    await authors.getByText('All that the policy does not name, together').waitFor()
    await page.context().close()
  })

  it('shows the metrics of the last minutes', async () => {
    const { page } = await openPage(browser, lab)
    await openNode(page, lab)
    const line = (name: string) => card(page, 'The last minutes').locator('li', { hasText: name })
    await line('Memory')
      .getByText(/^\d+(\.\d)? MB$/)
      .waitFor()
    await line('Calls')
      .getByText(/^[\d.]+\/s$/)
      .waitFor()
    await page.getByRole('img', { name: /^Connections: now \d+, between \d+ and \d+$/ }).waitFor()
    await page.context().close()
  })

  it('runs nothing and stays whole on names, settings and lines full of malice', async () => {
    const tree = await lab.node.createTree(hostile[0]!.slice(0, 120), PublicAccess.NONE)
    for (const name of hostile) {
      const { peer } = createIdentity()
      await lab.node.addPeer(peer, { name, addresses: [] })
      await lab.node.grant(tree, peer, Permission.WRITE, name)
      say('error', name.repeat(20), { [name]: name.repeat(20) })
    }
    settings.push(...hostile.map((text) => ({ name: 'seed', value: text.repeat(3), source: text })))
    const { page, faults } = await openPage(browser, lab)
    for (const viewport of [wide, phone]) {
      await page.setViewportSize(viewport)
      await openNode(page, lab)
      await page.reload()
      await openNode(page, lab)
      await card(page, 'Log').getByText('onerror').first().waitFor()
      await card(page, 'Storage').getByText('onerror').click()
      await card(page, 'Storage').getByRole('list', { name: 'By author' }).waitFor()
      assert.equal(await page.locator('main script, main img, main b, main i').count(), 0)
      assert.equal(await scrollsSideways(page), false)
      assert.deepEqual(await axeFaults(page), [])
      await shoot(page, `node-hostile-light-${viewport.width}`, true)
    }
    assert.equal(await page.title(), 'Node · Causeway')
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
    settings.splice(6)
  })

  for (const colorScheme of ['light', 'dark'] as const)
    for (const viewport of [wide, phone])
      it(`has no fault that axe finds, ${colorScheme}, ${viewport.width} wide`, async () => {
        const { page } = await openPage(browser, lab, { colorScheme, viewport })
        await openNode(page, lab)
        await card(page, 'Storage').getByText('Notes').click()
        await card(page, 'Storage').getByRole('list', { name: 'By author' }).waitFor()
        assert.deepEqual(await axeFaults(page), [])
        assert.equal(await scrollsSideways(page), false)
        await shoot(page, `node-whole-${colorScheme}-${viewport.width}`, true)
        await page.context().close()
      })
})
