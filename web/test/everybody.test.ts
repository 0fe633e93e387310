/** The page in a real Chromium for everybody: by keyboard alone, on a slow line, in another zone, and among hostile names. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import type { Browser, Page } from 'playwright-core'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { EntryView, TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { formatId, idToBytes } from '../../src/dag/id.ts'
import { createIdentity } from '../../src/dag/identity.ts'
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

/** Tabs on until an element has the focus. */
async function tabTo(
  page: Page,
  role: 'button' | 'link' | 'combobox' | 'checkbox' | 'application',
  name: string,
) {
  const wanted = page.getByRole(role, { name, exact: true })
  // Ends with the element, or after more stops than the page has.
  for (let stops = 0; stops < 100; stops++) {
    await page.keyboard.press('Tab')
    if (await wanted.evaluate((element) => element === document.activeElement)) return
  }
  assert.fail(`${role} ${name} is not reached`)
}

const placesOf = (lab: Lab) => [
  '',
  'trees',
  `tree/${formatId(lab.notes)}`,
  `stores/${formatId(lab.notes)}/notes`,
  `stores/${formatId(lab.notes)}/notes/note-1`,
  `people/${formatId(lab.notes)}`,
  'people',
  'network',
  'node',
]

/** Opens a place, and waits until nothing more is to come. */
async function settle(page: Page): Promise<void> {
  await page.locator('main h1').waitFor()
  await page.locator('.loading').first().waitFor({ state: 'detached' })
}

describe('The page for everybody', { skip: missing }, () => {
  let browser: Browser
  let lab: Lab
  before(async () => {
    ;[browser, lab] = await Promise.all([openBrowser(), Lab.start()])
  })
  after(async () => {
    await browser?.close()
    await lab?.[Symbol.asyncDispose]()
  })

  it('is used by keyboard alone, from view to view and within them', async () => {
    const { page, faults } = await openPage(browser, lab)
    await tabTo(page, 'button', 'Skip to the content')
    await page.keyboard.press('Enter')
    await tabTo(page, 'link', 'Notes')
    await page.keyboard.press('Enter')
    await page.locator('canvas[data-here="true"]').waitFor()
    await page.keyboard.press('Tab')
    await page.locator('canvas').waitFor()
    while (!(await page.locator('canvas').evaluate((element) => element === document.activeElement)))
      await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    await page.locator('.details dl').waitFor()
    await tabTo(page, 'button', 'Close')
    await page.keyboard.press('Enter')
    await page.locator('.details').waitFor({ state: 'detached' })
    await tabTo(page, 'link', 'Network')
    await page.keyboard.press('Enter')
    await tabTo(page, 'button', 'Examine again')
    const examines = page.waitForRequest(/\/Diagnose$/)
    await page.keyboard.press('Enter')
    await examines
    await tabTo(page, 'link', 'Node')
    await page.keyboard.press('Enter')
    await tabTo(page, 'combobox', 'Least level')
    await page.keyboard.press('e')
    assert.equal(await page.getByLabel('Least level').inputValue(), '5')
    await tabTo(page, 'button', 'Colours: as the system')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Colours: light' }).waitFor()
    assert.equal(await page.evaluate(() => document.documentElement.style.colorScheme), 'light')
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('moves nothing that a reader already sees while it loads, on a line that is slow', async (test) => {
    const { page, faults } = await openPage(browser, lab)
    const session = await page.context().newCDPSession(page)
    const moves: string[] = []
    const line = { latency: 150, downloadThroughput: 100_000, uploadThroughput: 50_000, offline: false }
    await session.send('Network.enable')
    await session.send('Network.emulateNetworkConditions', line)
    for (const place of placesOf(lab)) {
      await page.goto('about:blank')
      await page.goto(`${lab.url}/#/${place}`)
      await settle(page)
      const moved = await page.evaluate(
        () =>
          new Promise<number>((resolve) => {
            const all = new PerformanceObserver((list) =>
              resolve(
                (list.getEntries() as (PerformanceEntry & { value: number })[]).reduce(
                  (sum, { value }) => sum + value,
                  0,
                ),
              ),
            )
            all.observe({ type: 'layout-shift', buffered: true })
            // Without any the observer stays silent.
            requestAnimationFrame(() => requestAnimationFrame(() => resolve(0)))
          }),
      )
      moves.push(`${place || 'home'}: ${moved.toFixed(4)}`)
    }
    test.diagnostic(moves.join(', '))
    assert.deepEqual(
      moves.filter((move) => !/: 0\.0[01]/.test(move)),
      [],
    )
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it("says times in the reader's zone", async () => {
    const { page } = await openPage(browser, lab, { timezoneId: 'Asia/Tokyo', locale: 'en-GB' })
    await page.goto(`${lab.url}/#/tree/${formatId(lab.notes)}/${formatId(lab.notes)}`)
    const shown = (await page.locator('.details dd').nth(2).textContent())!
    const { entries } = await createClient(TreeService, lab.node.rpc()).getEntries({
      ...{ ids: [idToBytes(lab.notes)], view: EntryView.BODY },
    })
    const inTokyo = new Intl.DateTimeFormat('en-GB', {
      ...{ dateStyle: 'medium', timeStyle: 'medium', timeZone: 'Asia/Tokyo' },
    }).format(Number(entries[0]!.body!.createdAtMs))
    assert.equal(shown.replace(/\s/g, ' '), inTokyo.replace(/\s/g, ' '))
    await page.context().close()
  })

  it('runs nothing and stays whole among hostile names, in all views that name trees and peers', async () => {
    for (const name of hostile) {
      const tree = await lab.node.createTree(name.slice(0, 120), PublicAccess.NONE)
      const { peer } = createIdentity()
      await lab.node.addPeer(peer, { name, addresses: ['http://127.0.0.1:9'] })
      await lab.node.link({ tree, peer })
    }
    const { page, faults } = await openPage(browser, lab)
    for (const viewport of [wide, phone]) {
      await page.setViewportSize(viewport)
      for (const place of ['', 'trees', 'stores', 'people', 'network']) {
        await page.goto(`${lab.url}/#/${place}`)
        await settle(page)
        if (place !== 'stores') await page.locator('main').getByText('onerror').first().waitFor()
        assert.equal(await page.locator('main script, main img, main b, main i').count(), 0, place)
        assert.equal(await scrollsSideways(page), false, place)
        assert.deepEqual(await axeFaults(page), [], place)
        await shoot(page, `names-hostile-${place || 'home'}-${viewport.width}`, true)
      }
    }
    assert.equal(await page.title(), 'Network · Causeway')
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })
})
