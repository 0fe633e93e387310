/**
 * More of the view of stores in a real Chromium: texts that several edit, stores full of malice or of keys, and what axe
 * finds.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { formatId } from '../../src/dag/id.ts'
import { axeFaults, missing, openBrowser, openPage, phone, shoot, wide } from './kit/browser.ts'
import { hostile } from './kit/hostile.ts'
import { Lab } from './kit/lab.ts'
import { openStore, row } from './kit/stores.ts'
import { putKinds, putMalice } from './kit/values.ts'

describe('Texts, and stores of all kinds', { skip: missing }, () => {
  let browser: Browser
  let lab: Lab
  before(async () => {
    ;[browser, lab] = await Promise.all([openBrowser(), Lab.start()])
    await putKinds(lab.node, lab.notes)
  })
  after(async () => {
    await browser?.close()
    await lab?.[Symbol.asyncDispose]()
  })

  it('edits a text with another page and another node, who see what is typed', async () => {
    const { node, notes } = lab
    const [{ page, faults }, other] = [await openPage(browser, lab), await openPage(browser, lab)]
    await openStore(page, lab, notes, 'typed', 'together')
    await page.getByRole('link', { name: 'Write a text together' }).click()
    const [mine, theirs] = [page, other.page].map((each) =>
      each.getByRole('textbox', { name: 'The text together' }),
    )
    await mine!.fill('Hello world')
    await page.getByText('Written', { exact: true }).waitFor()
    // The text is listed, and shown, for whoever has not opened it.
    await openStore(other.page, lab, notes, 'typed')
    await row(other.page, 'together').click()
    await other.page.locator('.lines', { hasText: 'Hello world' }).waitFor()
    await other.page.getByRole('link', { name: 'Edit the text' }).click()
    await theirs!.waitFor()
    const shows = (each: Page, text: string) =>
      each.waitForFunction(
        (of) => document.querySelector<HTMLTextAreaElement>('.text-area')?.value === of,
        text,
      )
    // Both type at once, each where the caret is; what the other types moves it.
    await mine!.evaluate((area: HTMLTextAreaElement) => area.setSelectionRange(11, 11))
    await theirs!.evaluate((area: HTMLTextAreaElement) => area.setSelectionRange(5, 5))
    await theirs!.focus()
    await other.page.keyboard.type(' big')
    await shows(page, 'Hello big world')
    await mine!.focus()
    await page.keyboard.type('\u{1f600}!')
    for (const each of [page, other.page]) await shows(each, 'Hello big world\u{1f600}!')
    await using own = await node.stores.text(notes, 'typed', 'together')
    own.doc.getText('text').insert(0, '> ')
    await own.flush()
    for (const each of [page, other.page]) await shows(each, '> Hello big world\u{1f600}!')
    assert.equal(await theirs!.evaluate((area: HTMLTextAreaElement) => area.selectionStart), 11)
    assert.deepEqual(await axeFaults(page), [])
    await shoot(page, 'text-light-1280')
    await page.getByRole('link', { name: '‹ Key' }).click()
    await page.locator('.history', { hasText: 'Edited the text' }).waitFor()
    assert.deepEqual(
      [faults, other.faults],
      [
        { said: [], foreign: [] },
        { said: [], foreign: [] },
      ],
    )
    await page.context().close()
    await other.page.context().close()
  })

  it('goes on with a text after it lost the node, with what was typed meanwhile', async () => {
    const { page } = await openPage(browser, lab)
    await using own = await lab.node.stores.text(lab.notes, 'typed', 'lost')
    own.doc.getText('text').insert(0, 'one ')
    await own.flush()
    await page.goto(`${lab.url}/#/stores/${formatId(lab.notes)}/typed/lost/text`)
    const area = page.getByRole('textbox', { name: 'The text lost' })
    await area.waitFor()
    await page.context().setOffline(true)
    await page.evaluate(() => dispatchEvent(new Event('offline')))
    await area.focus()
    await page.keyboard.press('End')
    await page.keyboard.type('two ')
    await page.getByText('Not written').waitFor()
    own.doc.getText('text').insert(0, 'zero ')
    await own.flush()
    await page.context().setOffline(false)
    await page.waitForFunction(
      () => document.querySelector<HTMLTextAreaElement>('.text-area')?.value === 'zero one two ',
    )
    await page.keyboard.type('three')
    await page.getByText('Written', { exact: true }).waitFor()
    assert.equal(await lab.node.stores.readText(lab.notes, 'typed', 'lost'), 'zero one two three')
    await page.context().close()
  })

  it('runs nothing and stays whole on stores full of malice', async () => {
    const tree = await lab.node.createTree(hostile[0]!.slice(0, 120), PublicAccess.NONE)
    await putMalice(lab.node, tree)
    const { page, faults } = await openPage(browser, lab)
    await openStore(page, lab, tree, 'bad')
    await page.locator('.key-row').first().waitFor()
    const list = page.getByRole('listbox')
    const keys = await page.locator('.key-row').count()
    for (let at = 0; at < keys; at++) {
      await list.focus()
      await list.press(at === 0 ? 'Home' : 'ArrowDown')
      await list.press('Enter')
      await page.locator('.version').first().waitFor()
      assert.equal(await page.locator('main script, main b, main iframe, main object, main embed').count(), 0)
      assert.equal(await page.locator('main svg:not(.icon), main img').count(), 0)
    }
    await shoot(page, 'hostile-store-light-1280')
    assert.deepEqual(await axeFaults(page), [])
    assert.equal(await page.title(), 'Stores · Causeway')
    const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    assert.ok(width <= 0, `${width}`)
    await openStore(page, lab, tree, 'bad', 'huge.png')
    await page.getByText('60,000 × 60,000 points is too large').waitFor()
    await openStore(page, lab, tree, 'bad', '../../etc/<passwd>')
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download 1 MB' }).click()
    assert.equal((await download).suggestedFilename(), '_passwd_')
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('draws only the keys in sight, and reads the rest as the reader comes to them', async () => {
    const { page } = await openPage(browser, lab)
    const tree = await lab.node.createTree('Large', PublicAccess.NONE)
    await putMalice(lab.node, tree)
    await openStore(page, lab, tree, 'many')
    await page.getByText(/the first \d+ keys/).waitFor()
    const list = page.getByRole('listbox')
    await list.focus()
    // Each press comes to the end of what is here, where the next page is read.
    for (let shown = 0; shown < 4_000; ) {
      await list.press('End')
      const before = shown
      shown = await page.locator('.key-row').last().getAttribute('aria-posinset').then(Number)
      if (shown === before)
        await page.waitForFunction(
          (n) =>
            Number(document.querySelector('.key-row:last-child')?.getAttribute('aria-posinset')) !== n ||
            document.querySelector('.keys-count')?.textContent === '4,000 keys',
          before,
        )
    }
    await page.getByText('4,000 keys').waitFor()
    assert.ok((await page.locator('.key-row').count()) < 60)
    await list.press('Enter')
    await page.getByRole('heading', { name: 'key-03999' }).waitFor()
    await page.context().close()
  })

  for (const colorScheme of ['light', 'dark'] as const)
    for (const viewport of [wide, phone])
      it(`has no fault that axe finds, ${colorScheme}, ${viewport.width} wide`, async () => {
        const { page } = await openPage(browser, lab, { colorScheme, viewport })
        await openStore(page, lab, lab.notes, 'kinds')
        await row(page, 'json').waitFor()
        assert.deepEqual(await axeFaults(page), [])
        await shoot(page, `stores-${colorScheme}-${viewport.width}`)
        for (const key of ['json', 'picture', 'visits', 'video.mp4', 'bytes']) {
          await openStore(page, lab, lab.notes, 'kinds', key)
          await page.locator('.history li').first().waitFor()
          if (key === 'json') await page.getByRole('button', { name: 'Edit' }).click()
          assert.deepEqual(await axeFaults(page), [], key)
          const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
          assert.ok(width <= 0, `${key} is ${width} wider than the screen`)
          await shoot(page, `key-${key}-${colorScheme}-${viewport.width}`)
        }
        await page.goto(`${lab.url}/#/stores/${formatId(lab.notes)}/kinds/letter/text`)
        await page.getByRole('textbox', { name: 'The text letter' }).waitFor()
        assert.deepEqual(await axeFaults(page), [], 'the text')
        await shoot(page, `text-${colorScheme}-${viewport.width}`)
        await page.context().close()
      })
})
