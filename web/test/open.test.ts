/**
 * A page that somebody leaves open on a busy node, and that looks into every view by turns: its memory stays flat, and it
 * finds the node again after a restart. Two minutes, or PAGE_OPEN_MINUTES:
 * `PAGE_OPEN_MINUTES=60 CHROMIUM=chromium node --import tsx --test web/test/open.test.ts`. That prints figures as it goes.
 * With PAGE_OPEN_HEAP=folder it leaves five snapshots of the heap there, to find what grows.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { formatId, type TreeId } from '../../src/dag/id.ts'
import { missing, openBrowser, openPage } from './kit/browser.ts'
import { least, type Use, useOf, writeSnapshot } from './kit/heap.ts'
import { Restarting } from './kit/restarting.ts'

const { PAGE_OPEN_MINUTES = '2', PAGE_OPEN_HEAP } = process.env
const minutes = Number(PAGE_OPEN_MINUTES)
const lastsMs = minutes * 60_000
/** Figures of a long run are printed so often, and no figures of a short one. */
const printMs = 120_000
/** Entries that are written between two looks. */
const entriesAtOnce = 40

/** Every view, and what opens within some: an entry of a tree, a key, a question. */
const placesOf = (
  tree: TreeId,
): readonly (readonly [place: string, use?: (page: Page) => Promise<void>])[] => [
  [''],
  ['trees'],
  [`tree/${formatId(tree)}`, chooseEntry],
  [`stores/${formatId(tree)}/notes`],
  [`stores/${formatId(tree)}/notes/note-1`],
  [`people/${formatId(tree)}`, askAndCancel],
  ['people'],
  ['network'],
  ['node'],
]

async function chooseEntry(page: Page): Promise<void> {
  await page.locator('canvas[data-here="true"]').press('ArrowDown')
  await page.locator('.details dl').waitFor()
}

async function askAndCancel(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Let somebody in' }).click()
  await page.locator('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('dialog').waitFor({ state: 'detached' })
}

/** Looks into every view, and ends on Home. */
async function lookAround(page: Page, url: string, tree: TreeId): Promise<void> {
  for (const [place, use] of placesOf(tree))
    try {
      await page.goto(`${url}/#/${place}`)
      await page.locator('main h1').waitFor()
      await page.locator('.loading').first().waitFor({ state: 'detached' })
      await use?.(page)
    } catch (error) {
      const shown = await page.locator('main').textContent()
      throw new Error(`It is not as it should be at /${place}: ${shown}`, { cause: error })
    }
  await page.goto(`${url}/#/`)
}

async function restart(page: Page, restarting: Restarting): Promise<void> {
  await restarting.stop()
  await page.getByText('Not connected since').waitFor()
  await restarting.start()
  await restarting.serve()
  await page.locator('main:not(.stale)').waitFor()
}

function assertFlat(uses: readonly Use[]): string {
  const third = Math.floor(uses.length / 3)
  // The first look of all loads the code of each view.
  const [before, after] = [least(uses.slice(1, third + 1)), least(uses.slice(-third))]
  assert.ok(after.heap < before.heap * 1.15 + 1_000_000, `${before.heap} to ${after.heap} bytes`)
  assert.ok(after.nodes < before.nodes * 1.2 + 500, `${before.nodes} to ${after.nodes} nodes`)
  assert.ok(
    after.listeners < before.listeners * 1.2 + 50,
    `${before.listeners} to ${after.listeners} listeners`,
  )
  return JSON.stringify({ before, after })
}

describe('A page that is left open', { skip: missing }, () => {
  it(`takes no more memory after ${minutes} min, and finds the node again after a restart`, {
    timeout: lastsMs + 200_000,
  }, async (test) => {
    const folder = await mkdtemp(join(tmpdir(), 'causeway-page-'))
    await using browser = {
      chromium: await openBrowser(),
      async [Symbol.asyncDispose]() {
        await this.chromium.close()
        await rm(folder, { recursive: true })
      },
    }
    await using restarting = await Restarting.open(join(folder, 'node'))
    const tree = await restarting.node.createTree('Busy', PublicAccess.READ)
    const { page, faults } = await openPage(browser.chromium, restarting)
    const session = await page.context().newCDPSession(page)
    const uses: Use[] = []
    let written = 1
    let isRestarted = false
    let [printed, snapshots] = [0, 0]
    const startedAt = Date.now()
    // Ends with the time. Each turn writes entries, waits until the page shows them, and looks into every view.
    while (Date.now() - startedAt < lastsMs) {
      for (let n = 0; n < entriesAtOnce; n++)
        await restarting.node.stores.open(tree, 'notes').put(`note-${n % 7}`, `Written ${written + n}`)
      written += entriesAtOnce
      await lookAround(page, restarting.url, tree)
      const shown = `${written.toLocaleString('en')} entries`
      await page.locator('.tree-card').getByText(shown, { exact: true }).waitFor()
      uses.push(await useOf(session))
      const passedMs = Date.now() - startedAt
      if (passedMs >= (printed + 1) * printMs && minutes > 2) {
        printed = Math.floor(passedMs / printMs)
        const least5 = least(uses.slice(-5))
        console.log(`${Math.round(passedMs / 60_000)} min, ${written} entries, ${JSON.stringify(least5)}`)
      }
      if (PAGE_OPEN_HEAP !== undefined && uses.length > 3 && passedMs >= ((snapshots + 0.2) * lastsMs) / 5)
        await writeSnapshot(session, join(PAGE_OPEN_HEAP, `page-${snapshots++}.heapsnapshot`))
      if (!isRestarted && passedMs > lastsMs / 2) {
        isRestarted = true
        await restart(page, restarting)
        // The browser says by itself that it found nobody meanwhile.
        faults.said.length = 0
      }
    }
    assert.ok(isRestarted)
    assert.ok(uses.length >= 6, `only ${uses.length} looks`)
    test.diagnostic(`${uses.length} looks, ${written} entries; ${assertFlat(uses)}`)
    assert.deepEqual(faults, { said: [], foreign: [] })
  })
})
