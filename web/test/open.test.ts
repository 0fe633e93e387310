/**
 * A page that somebody leaves open on a busy node, and that looks into every view by turns: its memory stays flat, and it
 * finds the node again after a restart. Two minutes, or PAGE_OPEN_MINUTES:
 * `PAGE_OPEN_MINUTES=60 CHROMIUM=chromium node --import tsx --test web/test/open.test.ts`.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import type { CDPSession } from 'playwright-core'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { formatId } from '../../src/dag/id.ts'
import { missing, openBrowser, openPage } from './kit/browser.ts'
import { Restarting } from './kit/restarting.ts'

const minutes = Number(process.env.PAGE_OPEN_MINUTES ?? 2)
/** Entries that are written between two looks. */
const entriesAtOnce = 40

interface Use {
  readonly heap: number
  readonly nodes: number
  readonly listeners: number
}

async function useOf(session: CDPSession): Promise<Use> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize: heap } = await session.send('Runtime.getHeapUsage')
  const { nodes, jsEventListeners: listeners } = await session.send('Memory.getDOMCounters')
  return { heap, nodes, listeners }
}

/** The least of each of some measurements: what is there when nothing is under way. */
function least(uses: readonly Use[]): Use {
  const of = (name: keyof Use) => Math.min(...uses.map((use) => use[name]))
  return { heap: of('heap'), nodes: of('nodes'), listeners: of('listeners') }
}

describe('A page that is left open', { skip: missing }, () => {
  it(`takes no more memory after ${minutes} min, and finds the node again after a restart`, {
    timeout: minutes * 60_000 + 200_000,
  }, async (test) => {
    const folder = await mkdtemp(join(tmpdir(), 'causeway-page-'))
    await using browser = {
      chromium: await openBrowser(),
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
    }
    await using restarting = await Restarting.open(join(folder, 'node'))
    const tree = await restarting.node.createTree('Busy', PublicAccess.READ)
    const { page, faults } = await openPage(browser.chromium, restarting)
    const session = await page.context().newCDPSession(page)
    const places = [
      '',
      'trees',
      `tree/${formatId(tree)}`,
      `people/${formatId(tree)}`,
      'people',
      'network',
      'node',
    ]
    const uses: Use[] = []
    let written = 1
    let restarts = 0
    const [startedAt, lastsMs] = [Date.now(), minutes * 60_000]
    // Ends with the time. Each turn writes entries, waits until the page shows them, and looks into every view.
    while (Date.now() - startedAt < lastsMs) {
      for (let n = 0; n < entriesAtOnce; n++)
        await restarting.node.stores.open(tree, 'notes').put(`note-${n % 7}`, `Written ${written + n}`)
      written += entriesAtOnce
      for (const place of places) {
        await page.goto(`${restarting.url}/#/${place}`)
        await page.locator('main h1').waitFor({ timeout: 30_000 })
        await page.locator('.loading').first().waitFor({ state: 'detached', timeout: 30_000 })
      }
      await page.goto(`${restarting.url}/#/`)
      const shown = `${written.toLocaleString('en')} entries`
      await page.locator('.tree-card').getByText(shown, { exact: true }).waitFor({ timeout: 30_000 })
      uses.push(await useOf(session))
      if (restarts === 0 && Date.now() - startedAt > lastsMs / 2) {
        restarts++
        await restarting.stop()
        await page.getByText('Not connected since').waitFor()
        await restarting.start()
        await restarting.serve()
        await page.locator('main:not(.stale)').waitFor({ timeout: 30_000 })
        // The browser says by itself that it found nobody meanwhile.
        faults.said.length = 0
      }
    }
    assert.equal(restarts, 1)
    assert.ok(uses.length >= 6, `only ${uses.length} looks`)
    const third = Math.floor(uses.length / 3)
    // The first look of all loads the code of each view.
    const [before, after] = [least(uses.slice(1, third + 1)), least(uses.slice(-third))]
    test.diagnostic(`${uses.length} looks, ${written} entries; ${JSON.stringify({ before, after })}`)
    assert.ok(after.heap < before.heap * 1.15 + 1_000_000, `${before.heap} to ${after.heap} bytes`)
    assert.ok(after.nodes < before.nodes * 1.2 + 500, `${before.nodes} to ${after.nodes} nodes`)
    assert.ok(
      after.listeners < before.listeners * 1.2 + 50,
      `${before.listeners} to ${after.listeners} listeners`,
    )
    assert.deepEqual(faults, { said: [], foreign: [] })
    await browser.chromium.close()
  })
})
