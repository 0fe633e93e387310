/**
 * The page in a real Chromium while the node is away: it restarts, goes silent, or is killed. An old state is never shown as
 * the present one.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { formatId, idToBytes } from '../../src/dag/id.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { createNode } from '../../src/node/node.ts'
import { ServeProcess } from '../../test/kit/serve-process.ts'
import { missing, openBrowser, openPage } from './kit/browser.ts'
import { Restarting } from './kit/restarting.ts'

/** A place of the page, and a text in it that changes. */
interface Place {
  readonly hash: string
  /** The elements that have the text. */
  readonly selector: string
  readonly old: string
  readonly now: string
}

/** Notes each time that an element shows the old text as the present one. */
function noteFaults(page: Page, { selector, old }: Place): Promise<void> {
  return page.evaluate(
    ([selector, old]) => {
      const faults: string[] = []
      Object.assign(globalThis, { faults })
      new MutationObserver(() => {
        const main = document.querySelector('main')!
        if (main.classList.contains('stale')) return
        for (const element of main.querySelectorAll(selector))
          if (element.textContent === old) faults.push(main.textContent)
      }).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true })
    },
    [selector, old] as const,
  )
}

describe('While the node is away, the page', { skip: missing }, () => {
  let browser: Browser
  let folder: string
  before(async () => {
    ;[browser, folder] = await Promise.all([openBrowser(), mkdtemp(join(tmpdir(), 'causeway-page-'))])
  })
  after(async () => {
    await browser?.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('shows nothing old as present when the node restarts under it, in any view', async () => {
    const warnings: string[] = []
    const onWarning = ({ message }: Error) => void warnings.push(message)
    process.on('warning', onWarning)
    await using restarting = await Restarting.open(join(folder, 'restarting'))
    const tree = await restarting.node.createTree('Diary', PublicAccess.NONE)
    const { peer } = createIdentity()
    await restarting.node.grant(tree, peer, Permission.WRITE, 'Erin')
    const put = async (value: string) =>
      (await restarting.node.stores.open(tree, 'notes').put('day', value))[0]!
    const entry = await put('Old')
    const id = formatId(tree)
    const places: readonly Place[] = [
      { hash: '', selector: '.counts strong', old: '3 entries', now: '5 entries' },
      { hash: 'trees', selector: 'td.number', old: '3', now: '5' },
      { hash: `people/${id}`, selector: '.member .state', old: 'May write', now: 'May read' },
      { hash: `tree/${id}/${formatId(entry)}`, selector: '.details h3', old: '0 children', now: '1 child' },
      { hash: `stores/${id}/notes`, selector: '.key-preview', old: 'Old', now: 'New' },
      { hash: `stores/${id}/notes/day`, selector: '.version .lines', old: 'Old', now: 'New' },
    ]
    const shows = (page: Page, { selector }: Place, text: string) =>
      page.locator(selector, { hasText: text }).first()
    // Each in a browser of its own, which has connections of its own.
    const opened: { readonly page: Page; readonly place: Place }[] = []
    for (const place of places) {
      const { page } = await openPage(browser, restarting)
      await page.goto(`${restarting.url}/#/${place.hash}`)
      await shows(page, place, place.old).waitFor()
      opened.push({ page, place })
    }
    await restarting.stop()
    for (const { page, place } of opened) {
      await page.getByText('Not connected since').waitFor()
      const old = page.locator('main.stale').locator(place.selector, { hasText: place.old })
      assert.notEqual(await old.count(), 0, place.hash)
    }
    await restarting.start()
    // What was so before the restart is so no more before the page is back.
    await restarting.node.grant(tree, peer, Permission.READ, 'Erin')
    await put('New')
    for (const { page, place } of opened) await noteFaults(page, place)
    await restarting.serve()
    for (const { page, place } of opened) {
      await page.locator('main:not(.stale)').waitFor()
      await shows(page, place, place.now).waitFor()
      await page.getByText('Not connected since').waitFor({ state: 'detached' })
      assert.equal(await page.locator('main.stale').count(), 0, place.hash)
      const faults = await page.evaluate(() => (globalThis as unknown as { faults: string[] }).faults)
      assert.deepEqual(faults, [], place.hash)
      await page.context().close()
    }
    // So many pages at once are nothing unusual to the node.
    process.off('warning', onWarning)
    assert.deepEqual(warnings, [])
  })

  it('says so when the node goes silent or is killed while all is in sync', async () => {
    await using bob = await createNode({ http: { host: '127.0.0.1', port: 0 } })
    await bob.listen()
    await using serve = await ServeProcess.start(join(folder, 'killed'))
    const tree = idToBytes(await bob.createTree('Shared', PublicAccess.WRITE))
    const peer = hexToBytes(bob.peer)
    await serve.node.addPeer({ peer, addresses: bob.addresses() })
    await serve.node.linkTree({ tree, peer })
    const link = async () => (await serve.node.createPageLink({})).url
    const { page } = await openPage(browser, { url: serve.admin, link })
    await page.clock.install()
    await page.reload()
    const inSync = page.locator('.link').getByText('In sync')
    await inSync.waitFor()
    await page.getByText('Live', { exact: true }).waitFor()
    serve.signal('SIGSTOP')
    // The page gives up a node that gives no sign of life; its clock alone goes on.
    await page.clock.fastForward(60_000)
    const lost = page.getByText('Not connected since')
    await lost.waitFor()
    assert.equal(await page.locator('main.stale .link').getByText('In sync').count(), 1)
    const said = (await lost.textContent())!
    const minuteAgo = await page.evaluate(() =>
      Array.from({ length: 45 }, (_, seconds) =>
        new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' }).format(Date.now() - 1000 * seconds),
      ),
    )
    // From when the state is, not when the page noticed.
    assert.ok(!minuteAgo.some((time) => said.includes(time)), said)
    serve.signal('SIGCONT')
    await page.locator('main:not(.stale)').waitFor()
    await inSync.waitFor()
    await serve.end('SIGKILL')
    await lost.waitFor()
    assert.equal(await page.locator('main.stale').count(), 1)
    await page.context().close()
  })
})
