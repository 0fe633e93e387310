/** Home in a real Chromium while a first sync takes a while: how far it is, how fast, and how long it still takes. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import type { TreeId } from '../../src/dag/id.ts'
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
})
