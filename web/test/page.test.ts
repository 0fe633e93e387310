/** The page in a real Chromium, on a node with three peers, one of them away: each view, as a reader has it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { version } from '../../src/base/version.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { axeFaults, missing, openBrowser, openPage, phone, shoot, wide } from './kit/browser.ts'
import { Lab } from './kit/lab.ts'

describe('The page', { skip: missing }, () => {
  let browser: Browser
  let lab: Lab
  before(async () => {
    ;[browser, lab] = await Promise.all([openBrowser(), Lab.start()])
  })
  after(async () => {
    await browser?.close()
    await lab?.[Symbol.asyncDispose]()
  })

  it('opens by a link, and the link works once', async () => {
    const link = await lab.link()
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(link)
    await page.getByRole('heading', { name: 'Home' }).waitFor()
    assert.equal(new URL(page.url()).hash, '#/')
    assert.deepEqual(
      (await context.cookies()).map(({ httpOnly, sameSite }) => ({ httpOnly, sameSite })),
      [{ httpOnly: true, sameSite: 'Strict' }],
    )
    const stranger = await (await browser.newContext()).newPage()
    await stranger.goto(link)
    await stranger.getByText('This link has been used').waitFor()
    await stranger.goto(lab.url)
    await stranger.getByText('causeway ui').waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Home' }).waitFor()
    await context.close()
    await stranger.context().close()
  })

  it('shows which links are equal, and an entry as it arrives', async () => {
    const { page, faults } = await openPage(browser, lab)
    const card = page.locator('.tree-card', { has: page.getByRole('link', { name: 'Notes' }) })
    await card.getByText(lab.entries(31), { exact: true }).waitFor()
    const link = (name: string) => card.locator('.link', { hasText: name })
    await link('Bob').getByText('In sync').waitFor()
    await link('Carol').getByText('In sync').waitFor()
    await link('Dave').getByText('Waiting').waitFor()
    await page.getByText('1 of 4 links not in sync').waitFor()
    await link('Bob')
      .getByText(/^equal \d+ \w+ ago$/)
      .waitFor()
    await link('Dave')
      .getByText(/^waits \d+ \w+ ago$/)
      .waitFor()
    await link('Dave').getByText('the peer lacks up to').waitFor()
    await link('Dave')
      .getByText(/^next attempt /)
      .waitFor()
    assert.match((await link('Dave').locator('.link-reason').textContent())!, /^[A-Z].*\.$/s)
    await lab.write(lab.notes, lab.peers.bob, 1, 'more')
    await card.getByText(lab.entries(32), { exact: true }).waitFor()
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('asks for the name of a peer at once when it is linked', async () => {
    const { page } = await openPage(browser, lab)
    await page.clock.install()
    await page.reload()
    await page.getByText('Live', { exact: true }).waitFor()
    // The clock of the page stands, so it asks for nothing by time.
    await page.clock.pauseAt(Date.now() + 1_000)
    const asks = page.waitForRequest(/\/ListPeers$/)
    const { peer } = createIdentity()
    await lab.node.addPeer(peer, { name: 'Frank', addresses: [] })
    await lab.node.link({ tree: lab.diary, peer })
    const answer = await (await asks).response()
    assert.ok((await answer!.body()).includes('Frank'))
    await lab.node.removePeer(peer)
    await page.context().close()
  })

  it('shows the network: peers, paths, addresses, and what the doctor says', async () => {
    const { page, faults } = await openPage(browser, lab)
    await page.getByRole('link', { name: 'Network' }).click()
    await page.getByRole('heading', { name: '3 peers' }).waitFor()
    const card = (name: string) => page.locator('.card', { has: page.getByRole('heading', { name }) })
    await card('Bob').getByText('Connected', { exact: true }).waitFor()
    await card('Dave').getByText('Not connected').waitFor()
    await card('Dave')
      .getByText(/^failed/)
      .waitFor()
    await card('Bob').getByText(lab.peers.bob.addresses()[0]!, { exact: true }).waitFor()
    await card('Bob').getByText('given', { exact: true }).waitFor()
    await card('Bob').getByText('Direct, on this machine').first().waitFor()
    await page.locator('.findings li').first().waitFor()
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('says when it lost the node, and goes on where it was once the node is back', async () => {
    const { page } = await openPage(browser, lab)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.context().setOffline(true)
    await page.evaluate(() => dispatchEvent(new Event('offline')))
    await page.getByText('Not connected since').waitFor()
    assert.equal(await page.locator('main.stale').count(), 1)
    await lab.write(lab.diary, lab.node, 1, 'meanwhile')
    await page.context().setOffline(false)
    await page.getByText('Not connected since').waitFor({ state: 'detached' })
    await page.getByText('2 entries', { exact: true }).waitFor()
    await page.context().close()
  })

  it('shows the node', async () => {
    const { page, faults } = await openPage(browser, lab)
    await page.getByRole('link', { name: 'Node', exact: true }).click()
    await page.getByText(lab.node.peer).waitFor()
    await page.getByText('The node runs and serves').waitFor()
    await page.getByText(version, { exact: true }).waitFor()
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  for (const colorScheme of ['light', 'dark'] as const)
    for (const viewport of [wide, phone])
      it(`has no fault that axe finds, ${colorScheme}, ${viewport.width} wide`, async () => {
        const { page } = await openPage(browser, lab, { colorScheme, viewport })
        for (const view of ['', 'trees', 'stores', 'network', 'node']) {
          await page.goto(`${lab.url}/#/${view}`)
          await page.locator('main h1').waitFor()
          await page.locator('.loading').first().waitFor({ state: 'detached' })
          assert.deepEqual(await axeFaults(page), [], view)
          const { scrolls } = await page.evaluate(() => ({
            scrolls: document.documentElement.scrollWidth > innerWidth,
          }))
          assert.equal(scrolls, false, `${view} is wider than the screen`)
          await shoot(page, `${view || 'home'}-${colorScheme}-${viewport.width}`)
        }
        await page.context().close()
      })

  it('ends with its session, at once', async () => {
    const { page } = await openPage(browser, lab)
    await lab.calls().endPageSessions({})
    await page.getByText('Your session has ended').waitFor()
    await page.context().close()
  })
})
