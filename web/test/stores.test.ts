/** The view of a tree's stores in a real Chromium: values of all kinds, what a reader does with a key, and races. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { missing, openBrowser, openPage, shoot } from './kit/browser.ts'
import { Lab } from './kit/lab.ts'
import { openStore, row } from './kit/stores.ts'
import { putKinds } from './kit/values.ts'

/** Makes two versions stand under a key, by two nodes that do not know of each other's. */
async function makeConflict(lab: Lab, key: string): Promise<void> {
  const { node, notes } = lab
  const other = lab.peers.bob
  await Promise.all([
    node.stores.open(notes, 'talk').put(key, 'from here'),
    other.stores.open(notes, 'talk').put(key, 'from Bob'),
  ])
  await other.sync(notes, node.addresses()[0]!)
  const item = await node.stores.open(notes, 'talk').get(key)
  assert.equal(item?.conflictCount, 1)
}

describe('The view of stores', { skip: missing }, () => {
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

  it('shows values by their types, and brings the bytes of a blob', async () => {
    const { page, faults } = await openPage(browser, lab)
    await openStore(page, lab, lab.notes, 'kinds')
    await page.getByText('6 keys').waitFor()
    const shown: readonly [key: string, text: string][] = [
      ['bytes', '0008  18 1b 1e 21'],
      ['json', '"title": "Notes"'],
      ['text', 'and another, which'],
    ]
    for (const [key, text] of shown) {
      await row(page, key).click()
      await page.locator('.lines', { hasText: text }).waitFor()
      await page.locator('.version', { hasText: 'this node' }).waitFor()
    }
    await row(page, 'picture').click()
    const picture = page.getByRole('img', { name: 'Picture under picture' })
    await picture.waitFor()
    assert.equal(await picture.evaluate((image: HTMLImageElement) => image.decode().then(() => 1)), 1)
    await row(page, 'video.mp4').click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download 600 KB' }).click()
    const file = await download
    assert.equal(file.suggestedFilename(), 'video.mp4')
    assert.ok((await readFile(await file.path())).equals(Buffer.alloc(600_000, 7)))
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('shows a key as it is put, changed and deleted elsewhere, and searches by what keys begin with', async () => {
    const { page } = await openPage(browser, lab)
    const live = lab.node.stores.open(lab.notes, 'live')
    await live.put('b/1', 'one')
    await openStore(page, lab, lab.notes, 'live')
    await row(page, 'b/1').click()
    await page.locator('.lines', { hasText: 'one' }).waitFor()
    await live.put('b/1', 'changed')
    await page.locator('.lines', { hasText: 'changed' }).waitFor()
    await live.put('a/1', 'first')
    await page.getByText('2 keys').waitFor()
    assert.match((await page.locator('.key-row').allInnerTexts()).join(' '), /a\/1.*b\/1/s)
    await page.getByLabel('Keys that begin with').fill('a/')
    await page.getByText('1 key', { exact: true }).waitFor()
    await page.getByLabel('Keys that begin with').fill('')
    await live.delete('b/1')
    await page.getByText('This key has no value.').waitFor()
    await page.getByText('1 key', { exact: true }).waitFor()
    await page.getByText('Deleted').waitFor()
    await page.context().close()
  })

  it('puts, edits and deletes by keyboard alone', async () => {
    const { page, faults } = await openPage(browser, lab)
    await openStore(page, lab, lab.notes, 'kinds')
    await page.getByRole('button', { name: 'New key' }).press('Enter')
    await page.getByLabel('Name of the store').fill('typed')
    await page.getByLabel('Key', { exact: true }).fill('a/b c')
    await page.getByLabel('Key', { exact: true }).press('Enter')
    await page.getByText('This key has no value.').waitFor()
    await page.getByRole('radio', { name: 'JSON' }).press('Space')
    await page.getByLabel('Value', { exact: true }).fill('{"a":')
    await page.getByRole('button', { name: 'Save' }).press('Enter')
    await page.getByText('This is no JSON').waitFor()
    await page.getByLabel('Value', { exact: true }).fill('{"a":[1,2]}')
    await page.getByRole('button', { name: 'Save' }).press('Enter')
    await page.locator('.lines', { hasText: '"a": [' }).waitFor()
    const typed = lab.node.stores.open(lab.notes, 'typed')
    assert.deepEqual((await typed.get('a/b c'))?.value, { a: [1, 2] })
    await page.getByRole('listbox').focus()
    await page.getByRole('listbox').press('Home')
    await page.getByRole('listbox').press('Enter')
    await page.getByRole('button', { name: 'Edit' }).press('Enter')
    await page.getByLabel('Value', { exact: true }).fill('[]')
    await page.getByRole('button', { name: 'Save' }).press('Enter')
    await page.locator('.lines', { hasText: /^\[\]$/ }).waitFor()
    await page.getByRole('button', { name: 'Delete' }).press('Enter')
    await page.locator('.sure').getByRole('button', { name: 'Delete' }).press('Enter')
    await page.getByText('This key has no value.').waitFor()
    assert.equal(await typed.get('a/b c'), undefined)
    await page.locator('.history li').nth(2).waitFor()
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('never overwrites what it did not see: a race that is lost changes nothing', async () => {
    const { page } = await openPage(browser, lab)
    const race = lab.node.stores.open(lab.notes, 'race')
    await race.put('key', 'old')
    await openStore(page, lab, lab.notes, 'race', 'key')
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Value', { exact: true }).fill('mine')
    await race.put('key', 'theirs')
    await page.getByText('This key has changed since you began').waitFor()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Somebody else wrote this key first').waitFor()
    assert.deepEqual([(await race.get('key'))?.value, (await race.get('key'))?.conflictCount], ['theirs', 0])
    assert.equal(await page.getByLabel('Value', { exact: true }).inputValue(), 'mine')
    await page.getByRole('button', { name: 'Go on from what is there now' }).click()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('.lines', { hasText: 'mine' }).waitFor()
    assert.deepEqual([(await race.get('key'))?.value, (await race.get('key'))?.conflictCount], ['mine', 0])
    await page.context().close()
  })

  it('keeps a draft when somebody else puts the key first or deletes it', async () => {
    const { page } = await openPage(browser, lab)
    const race = lab.node.stores.open(lab.notes, 'race')
    await openStore(page, lab, lab.notes, 'race', 'fresh')
    await page.getByText('This key has no value.').waitFor()
    const field = page.getByLabel('Value', { exact: true })
    await field.fill('my draft')
    await race.put('fresh', 'theirs')
    await page.locator('.lines', { hasText: 'theirs' }).waitFor()
    assert.equal(await field.inputValue(), 'my draft')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Somebody else wrote this key first').waitFor()
    assert.equal((await race.get('fresh'))?.value, 'theirs')
    await race.delete('fresh')
    await page.getByText('This key has no value.').waitFor()
    assert.equal(await field.inputValue(), 'my draft')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('.lines', { hasText: 'my draft' }).waitFor()
    assert.equal((await race.get('fresh'))?.value, 'my draft')
    // The form is gone once it is saved.
    await page.getByRole('button', { name: 'Edit' }).waitFor()
    await page.context().close()
  })

  it('shows conflicts side by side, and keeps the version that the reader chooses', async () => {
    const { page } = await openPage(browser, lab)
    await makeConflict(lab, 'kept')
    await makeConflict(lab, 'rewritten')
    await openStore(page, lab, lab.notes, 'talk', 'kept')
    await row(page, 'kept').getByText('2 versions').waitFor()
    await page.getByText('2 versions stand side by side').waitFor()
    await shoot(page, 'conflict-light-1280')
    const second = page.locator('.version').nth(1)
    const kept = await second.locator('.lines').textContent()
    await second.getByRole('button', { name: 'Keep version 2' }).click()
    await page.getByText('2 versions stand side by side').waitFor({ state: 'detached' })
    const talk = lab.node.stores.open(lab.notes, 'talk')
    assert.deepEqual([(await talk.get('kept'))?.value, (await talk.get('kept'))?.conflictCount], [kept, 0])
    await row(page, 'rewritten').click()
    await page.getByRole('button', { name: 'Write another' }).click()
    await page.getByLabel('Value', { exact: true }).fill('both')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('2 versions stand side by side').waitFor({ state: 'detached' })
    assert.deepEqual(
      [(await talk.get('rewritten'))?.value, (await talk.get('rewritten'))?.conflictCount],
      ['both', 0],
    )
    await page.context().close()
  })

  it('counts', async () => {
    const { page } = await openPage(browser, lab)
    await openStore(page, lab, lab.notes, 'kinds', 'visits')
    await page.locator('.sum', { hasText: '41' }).waitFor()
    await page.getByRole('button', { name: 'Add 1' }).click()
    await page.locator('.sum', { hasText: '42' }).waitFor()
    await page.getByLabel('Number to add').fill('-12')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.locator('.sum', { hasText: '30' }).waitFor()
    await page.getByLabel('Number to add').fill('1.5')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('Expected a whole number').waitFor()
    await page.getByText('Added -12').waitFor()
    await page.context().close()
  })

  it('goes from an entry to the key that it writes, and back', async () => {
    const { page } = await openPage(browser, lab)
    await openStore(page, lab, lab.notes, 'kinds', 'text')
    await page.locator('.version').getByRole('link', { name: /Entry/ }).click()
    await page.locator('.details').getByText('puts text').waitFor()
    await page.getByRole('link', { name: 'Show this key in its store' }).click()
    await page.locator('.lines', { hasText: 'One line' }).waitFor()
    await page.context().close()
  })

  it('stores a file of any length', async () => {
    const { page } = await openPage(browser, lab)
    await openStore(page, lab, lab.notes, 'kinds', 'upload.bin')
    await page.getByRole('radio', { name: 'File' }).click()
    const buffer = Buffer.from(Uint8Array.from({ length: 700_001 }, (_, index) => index % 251))
    await page
      .getByLabel('File', { exact: true })
      .last()
      .setInputFiles({
        ...{ name: 'upload.bin', mimeType: 'application/x-thing', buffer },
      })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Download 700 KB' }).waitFor()
    const stored = await lab.node.stores.open(lab.notes, 'kinds').getStream('upload.bin')
    const pieces: Uint8Array[] = []
    for await (const piece of stored!.stream) pieces.push(piece)
    assert.ok(Buffer.concat(pieces).equals(buffer))
    await page.context().close()
  })
})
