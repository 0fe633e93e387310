/**
 * The views in a real Chromium under a tree of many entries: 2,000, or PAGE_ENTRIES, as before a release:
 * `PAGE_ENTRIES=100000 CHROMIUM=chromium node --import tsx --test web/test/large.test.ts`. Three authors write by turns,
 * each entry puts a key, and a peer is away.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { formatId, type TreeId } from '../../src/dag/id.ts'
import { missing, openBrowser, openPage, phone, scrollsSideways, shoot, wide } from './kit/browser.ts'
import { Lab } from './kit/lab.ts'
import { openStore, row } from './kit/stores.ts'

const entries = Number(process.env.PAGE_ENTRIES ?? 2_000)
/** Commits that are under way at a time. */
const together = 500
const shown = entries.toLocaleString('en')
const keyOf = (n: number) => `key-${`${n}`.padStart(7, '0')}`

/** Fills a tree with `entries` entries in all: the one that makes it, and one for each key. */
async function fill({ node, peers: { bob, carol } }: Lab): Promise<TreeId> {
  const tree = await node.createTree('Large', PublicAccess.WRITE)
  const authors = [node, bob, carol]
  const meet = async () => {
    for (const peer of [bob, carol, bob]) await peer.sync(tree, node.addresses()[0]!)
  }
  await meet()
  for (let from = 1, turn = 0; from < entries; from += together, turn++) {
    const author = authors[turn % authors.length]!
    const store = author.stores.open(tree, 'many')
    const count = Math.min(together, entries - from)
    await Promise.all(
      Array.from({ length: count }, (_, n) => store.put(keyOf(from + n), `Value ${from + n}`)),
    )
    if (turn % 10 === 9) await meet()
  }
  await meet()
  return tree
}

describe(`The views under a tree of ${shown} entries`, { skip: missing }, () => {
  let browser: Browser
  let lab: Lab
  let tree: TreeId
  before(async () => {
    ;[browser, lab] = await Promise.all([openBrowser(), Lab.start()])
    tree = await fill(lab)
  })
  after(async () => {
    await browser?.close()
    await lab?.[Symbol.asyncDispose]()
  })

  /** How many elements the view has: it must not grow with the tree. */
  const elements = (page: Page) => page.locator('main *').count()

  it('shows on Home and in the list how many there are, and counts on', async () => {
    const { page, faults } = await openPage(browser, lab)
    await page.getByText(`${shown} entries`, { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Trees' }).click()
    await page.getByRole('row', { name: /Large/ }).getByText(shown, { exact: true }).waitFor()
    const before = (await lab.node.tree(tree))!.count
    assert.equal(before, entries)
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('draws the newest, the oldest and what is between, and finds an entry among all', async () => {
    const { page, faults } = await openPage(browser, lab)
    await page.goto(`${lab.url}/#/tree/${formatId(tree)}`)
    const here = page.locator('canvas[data-here="true"]')
    await here.waitFor()
    await shoot(page, `large-tree-newest-${wide.width}`)
    const { height } = (await lab.node.tree(tree))!
    for (const at of [0, Math.floor(height / 2), height]) {
      await page.getByRole('slider').fill(`${at}`)
      await here.waitFor()
      await shoot(page, `large-tree-at-${at}-${wide.width}`)
    }
    const { version } = (await lab.node.stores.open(tree, 'many').get(keyOf(Math.floor(entries / 3))))!
    assert.ok(version !== undefined)
    await page.getByRole('textbox').fill(formatId(version))
    await page.getByRole('button', { name: 'Search' }).click()
    await page
      .locator('.details')
      .getByText(keyOf(Math.floor(entries / 3)))
      .waitFor()
    assert.ok((await elements(page)) < 300)
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('finds a key of the store by what it begins with, and shows a new one', async () => {
    const { page, faults } = await openPage(browser, lab)
    await openStore(page, lab, tree, 'many')
    await row(page, keyOf(1)).waitFor()
    const last = keyOf(entries - 1)
    await page.getByLabel('Keys that begin with').fill(last)
    await row(page, last).click()
    await page.locator('.lines', { hasText: `Value ${entries - 1}` }).waitFor()
    await lab.node.stores.open(tree, 'many').put(`${last}-new`, 'New')
    await row(page, `${last}-new`).waitFor()
    assert.ok((await elements(page)) < 2_000)
    await shoot(page, `large-stores-${wide.width}`)
    await page.setViewportSize(phone)
    assert.equal(await scrollsSideways(page), false)
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })
})
