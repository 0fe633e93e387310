/** The view of a tree in a real Chromium: what is drawn, found and shown, also of a tree that somebody filled with malice. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import type { Browser, Page } from 'playwright-core'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { entryDomain } from '../../src/dag/entry.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { formatId, idFromBytes, idToBytes, type TreeId } from '../../src/dag/id.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { axeFaults, missing, openBrowser, openPage, phone, shoot, wide } from './kit/browser.ts'
import { hostile } from './kit/hostile.ts'
import { Lab } from './kit/lab.ts'

async function openTree(page: Page, lab: Lab, tree: TreeId): Promise<void> {
  await page.goto(`${lab.url}/#/tree/${formatId(tree)}`)
  await page.locator('canvas[data-here="true"]').waitFor()
}

describe('The view of a tree', { skip: missing }, () => {
  let browser: Browser
  let lab: Lab
  before(async () => {
    ;[browser, lab] = await Promise.all([openBrowser(), Lab.start()])
  })
  after(async () => {
    await browser?.close()
    await lab?.[Symbol.asyncDispose]()
  })

  it('shows the entry that the keys choose, its parents and its children', async () => {
    const { page, faults } = await openPage(browser, lab)
    await openTree(page, lab, lab.notes)
    await page.locator('canvas').press('Home')
    await page.locator('canvas').press('ArrowDown')
    await page.getByText('puts note-1').waitFor()
    await page.getByText('Written 1').waitFor()
    await page.getByText('0 children').waitFor()
    await page.getByRole('heading', { name: '1 parent' }).waitFor()
    await page.locator('.others button').first().click()
    await page.getByText('1 child', { exact: true }).waitFor()
    await page.getByText('puts note-0').waitFor()
    await page.getByRole('button', { name: 'Close' }).click()
    assert.equal(await page.locator('.details').count(), 0)
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('chooses what is clicked, pans, zooms, and draws lanes by branch', async () => {
    const { page, faults } = await openPage(browser, lab)
    await openTree(page, lab, lab.notes)
    const canvas = page.locator('canvas')
    const picture = () => canvas.evaluate((element: HTMLCanvasElement) => element.toDataURL())
    const pictures = [await picture()]
    /** Waits until the drawing is another one. */
    const changes = async () => {
      const known = pictures.at(-1)!
      await page.waitForFunction((known) => document.querySelector('canvas')!.toDataURL() !== known, known)
      pictures.push(await picture())
    }
    await page.getByLabel('By branch').check()
    await changes()
    await page.getByRole('button', { name: 'Zoom out' }).click()
    await changes()
    await page.getByRole('button', { name: 'Zoom in' }).click()
    await changes()
    await canvas.hover()
    await page.mouse.wheel(0, 200)
    await changes()
    await page.getByRole('button', { name: 'Newest' }).click()
    await changes()
    // The newest height is a row below the upper edge; a click on a row's text chooses its entry.
    await canvas.click({ position: { x: 400, y: 30 } })
    await page.locator('.details dl').waitFor()
    const { height } = (await lab.node.tree(lab.notes))!
    assert.equal(await page.locator('.details dd').nth(3).textContent(), `${height}`)
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('lists children that stand far above an entry, as far as the reader looks', async () => {
    const tree = await lab.node.createTree('Tall', PublicAccess.NONE)
    const change = { store: 'log', kind: '', payload: new Uint8Array() }
    let tip = tree as string
    for (let n = 0; n < 260; n++) tip = (await lab.node.commit(tree, [change])).id
    const parents = [tree, tip].map((id) => idToBytes(id as TreeId))
    await createClient(TreeService, lab.node.rpc()).commit({
      ...{ tree: idToBytes(tree), changes: [change], parents },
    })
    // The drawing, which begins with the newest, does not come by it.
    for (let n = 0; n < 300; n++) await lab.node.commit(tree, [change])
    const { page } = await openPage(browser, lab)
    await page.goto(`${lab.url}/#/tree/${formatId(tree)}/${formatId(tree)}`)
    await page.locator('.details').getByText('1 child', { exact: true }).waitFor()
    await page.locator('.details').getByText('Up to height 199.').waitFor()
    await page.getByRole('button', { name: 'Look further' }).click()
    await page.locator('.details').getByText('2 children', { exact: true }).waitFor()
    assert.equal(await page.getByText('Up to height').count(), 0)
    await page.context().close()
  })

  it('draws what arrives, and what became void', async () => {
    const { page } = await openPage(browser, lab)
    await openTree(page, lab, lab.diary)
    const mallory = createIdentity()
    await lab.node.grant(lab.diary, mallory.peer, Permission.WRITE, 'Mallory')
    await page.getByText('2 entries').waitFor()
    const entry = await lab.node.commit(lab.diary, [{ store: 'later', kind: '', payload: new Uint8Array() }])
    await page.getByText('3 entries').waitFor()
    await page.getByRole('textbox').fill(formatId(entry.id))
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText('Found at height 2').waitFor()
    await page.locator('.details').getByText('later').waitFor()
    // Mallory signs an entry, is revoked, and sends it then.
    const trees = createClient(TreeService, lab.node.rpc())
    const tree = idToBytes(lab.diary)
    const late = { store: 'too-late', kind: '', payload: new Uint8Array() }
    const { body } = await trees.prepareCommit({ tree, changes: [late], author: hexToBytes(mallory.peer) })
    const signature = mallory.sign(entryDomain, body)
    await lab.node.revoke(lab.diary, mallory.peer)
    const { at } = await trees.submitEntries({ tree, entries: [{ body, signature }] })
    await page.getByText('5 entries').waitFor()
    await page.getByRole('textbox').fill(formatId(idFromBytes(at[0]!)))
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText('Void: under the present policy').waitFor()
    await shoot(page, 'void-light-1280')
    await page.context().close()
  })

  it('finds by author, store and time', async () => {
    const { page } = await openPage(browser, lab)
    await openTree(page, lab, lab.notes)
    const kind = page.getByRole('combobox')
    const search = page.getByRole('button', { name: 'Search' })
    await kind.selectOption('author')
    await page.getByRole('textbox').fill('Carol')
    await search.click()
    await page.getByText('Found at height').waitFor()
    await page.locator('.details').getByText('Carol').waitFor()
    await kind.selectOption('store')
    await page.getByRole('textbox').fill('_policy')
    // Each search looks through some entries, and says how far it came.
    const said = page.locator('.said')
    for (let shown = ''; !shown.startsWith('Found'); shown = (await said.textContent())!) {
      await search.click()
      await said.filter({ hasText: /^(Found|Nothing down to)/ }).waitFor()
    }
    await page.getByText('Found at height 0').waitFor()
    await page.getByText('names the tree Notes').waitFor()
    await search.click()
    await page.getByText('Nothing found').waitFor()
    await kind.selectOption('time')
    await page.getByLabel('What to search').fill('2099-01-01T00:00')
    await search.click()
    await page.getByText(/Found at height [\d,]{2,}/).waitFor()
    await page.context().close()
  })

  it('runs nothing and stays whole on a tree full of malice', async () => {
    const tree = await lab.node.createTree(hostile[0]!.slice(0, 120), PublicAccess.NONE)
    for (const text of hostile) await lab.node.stores.open(tree, 'bad').put(text, text)
    await lab.node.stores.open(tree, text(hostile[2]!)).put('key', hostile[0]!)
    const payload = new TextEncoder().encode(`<script>${'é\u0000\u202e'.repeat(150_000)}`)
    await lab.node.commit(tree, [
      { store: '<b>bold</b>', kind: '<i>', payload: payload.subarray(0, 1_000_000) },
    ])
    await lab.node.addPeer(createIdentity().peer, { name: hostile[1]!, addresses: [] })
    const { page, faults } = await openPage(browser, lab)
    await page.getByText('onerror').first().waitFor()
    await openTree(page, lab, tree)
    await page.locator('canvas').press('Home')
    for (let step = 0; step < 8; step++) {
      await page.locator('canvas').press('ArrowDown')
      await page.locator('.details dl').waitFor()
      assert.equal(await page.locator('main script, main img, main b, main i').count(), 0)
    }
    assert.deepEqual(await axeFaults(page), [])
    await shoot(page, 'hostile-light-1280')
    assert.equal(await page.title(), 'A tree · Causeway')
    const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(width <= 0, `${width}`)
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  for (const colorScheme of ['light', 'dark'] as const)
    for (const viewport of [wide, phone])
      it(`has no fault that axe finds, ${colorScheme}, ${viewport.width} wide`, async () => {
        const { page } = await openPage(browser, lab, { colorScheme, viewport })
        await openTree(page, lab, lab.notes)
        await shoot(page, `tree-${colorScheme}-${viewport.width}`)
        await page.locator('canvas').press('ArrowDown')
        await page.locator('.details dl').waitFor()
        assert.deepEqual(await axeFaults(page), [])
        await shoot(page, `entry-${colorScheme}-${viewport.width}`)
        await page.context().close()
      })
})

/** A name of a store has no control characters. */
function text(name: string): string {
  return name.slice(0, 20)
}
