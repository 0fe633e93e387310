/** Home in a real Chromium while things happen to the node: a first sync that takes a while, and a restart under the page. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { formatId, type TreeId } from '../../src/dag/id.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { TcpProxy } from '../../test/kit/tcp-proxy.ts'
import { axeFaults, missing, openBrowser, openPage, phone, scrollsSideways, shoot } from './kit/browser.ts'
import { Restarting } from './kit/restarting.ts'

const change = { store: 'log', kind: '', payload: new Uint8Array(400) }

interface Seen {
  readonly share: number
  readonly text: string
}

/** Notes what Home says of a first sync, each time that it changes. */
function follow(page: Page): Promise<void> {
  return page.evaluate(() => {
    const seen: { share: number; text: string }[] = []
    Object.assign(globalThis, { seen })
    new MutationObserver(() => {
      const bar = document.querySelector('.fetching [role=progressbar]')
      if (bar === null) return
      const share = Number(bar.getAttribute('aria-valuenow'))
      const text = document.querySelector('.fetching')!.textContent
      if (seen.at(-1)?.text !== text) seen.push({ share, text })
    }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
  })
}

/** Writes entries, many at once. */
async function fill(node: Node, count: number): Promise<TreeId> {
  const tree = await node.createTree('Library', PublicAccess.READ)
  for (let written = 1; written < count; written += 200)
    await Promise.all(Array.from({ length: 200 }, () => node.commit(tree, [change])))
  return tree
}

describe('Home', { skip: missing }, () => {
  let browser: Browser
  let folder: string
  before(async () => {
    ;[browser, folder] = await Promise.all([openBrowser(), mkdtemp(join(tmpdir(), 'causeway-page-'))])
  })
  after(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('shows how far a first sync is, how fast, and how long it takes', async () => {
    await using restarting = await Restarting.open(join(folder, 'first'))
    await using bob = await createNode({ http: { host: '127.0.0.1', port: 0 } })
    await bob.listen()
    const { hostname: host, port } = new URL(bob.addresses()[0]!)
    // Slow enough that a reader sees it, on whatever machine.
    await using line = await TcpProxy.start({ host, port: Number(port) }, { bytesPerSecond: 300_000 })
    const tree = await fill(bob, 4_000)
    const { page, faults } = await openPage(browser, restarting, { viewport: phone })
    await follow(page)
    await restarting.node.addPeer(bob.peer, { name: 'Bob', addresses: [line.address] })
    await restarting.node.link({ tree, peer: bob.peer })
    await page.getByText(/entries\/s, .* left$/).waitFor({ timeout: 60_000 })
    assert.deepEqual(await axeFaults(page), [])
    assert.equal(await scrollsSideways(page), false)
    await shoot(page, 'home-first-sync-light-390')
    await page.locator('.fetching').waitFor({ state: 'detached', timeout: 60_000 })
    await page.getByText('All links are in sync').waitFor({ timeout: 60_000 })
    await page.getByText('4,001 entries', { exact: true }).waitFor()
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: Seen[] }).seen)
    const shares = seen.map(({ share }) => share)
    assert.ok(new Set(shares).size >= 3, `${shares}`)
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    )
    for (const { text } of seen) assert.match(text, /^[\d,]+ of 4,001 entries/)
    assert.ok(seen.some(({ text }) => /[\d,]+ entries\/s, [\d.]+ [KM]?B\/sabout \d+ \w+ left$/.test(text)))
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('never shows an old state as the present one when the node restarts under it', async () => {
    await using restarting = await Restarting.open(join(folder, 'restarting'))
    const tree = await restarting.node.createTree('Diary', PublicAccess.NONE)
    const { peer } = createIdentity()
    await restarting.node.grant(tree, peer, Permission.WRITE, 'Erin')
    const { page } = await openPage(browser, restarting)
    for (const [place, old, now] of [
      ['/', '2 entries', '3 entries'],
      [`/people/${formatId(tree)}`, 'May write', 'Admin'],
    ] as const) {
      await page.goto(`${restarting.url}/#${place}`)
      const shown = page.locator(place === '/' ? '.tree-card' : '.member:has-text("Erin")')
      await shown.getByText(old, { exact: true }).waitFor()
      await restarting.stop()
      await page.getByText('Not connected since').waitFor()
      assert.equal(await page.locator('main.stale').getByText(old, { exact: true }).count(), 1)
      await restarting.start()
      // What was so before the restart is so no more before the page is back.
      if (place === '/') await restarting.node.commit(tree, [change])
      else await restarting.node.grant(tree, peer, Permission.ADMIN, 'Erin')
      await page.evaluate((text) => {
        const faults: string[] = []
        Object.assign(globalThis, { faults })
        new MutationObserver(() => {
          const main = document.querySelector('main')!
          if (!main.classList.contains('stale') && main.textContent.includes(text))
            faults.push(main.textContent)
        }).observe(document.body, {
          ...{ subtree: true, childList: true, attributes: true, characterData: true },
        })
      }, old)
      await restarting.serve()
      await page.locator('main:not(.stale)').waitFor({ timeout: 30_000 })
      await shown.getByText(now, { exact: true }).waitFor()
      await page.getByText('Not connected since').waitFor({ state: 'detached' })
      assert.deepEqual(await page.evaluate(() => (globalThis as unknown as { faults: string[] }).faults), [])
    }
    await page.context().close()
  })
})
