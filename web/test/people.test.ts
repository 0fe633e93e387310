/** The view of people in a real Chromium: who may do what, requests, tickets and invitations, and every change that it makes. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@connectrpc/connect'
import type { Browser, Locator, Page } from 'playwright-core'
import { decodeQR } from 'qr/decode.js'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { entryDomain } from '../../src/dag/entry.ts'
import { hexToBytes } from '../../src/dag/hex.ts'
import { formatId, idFromBytes, idToBytes, type TreeId } from '../../src/dag/id.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { parseTicket } from '../../src/peer/ticket.ts'
import {
  axeFaults,
  missing,
  openBrowser,
  openPage,
  phone,
  scrollsSideways,
  shoot,
  wide,
} from './kit/browser.ts'
import { hostile } from './kit/hostile.ts'
import { Lab } from './kit/lab.ts'

async function openPeople(page: Page, lab: Lab, tree: TreeId): Promise<void> {
  await page.goto(`${lab.url}/#/people/${formatId(tree)}`)
  await page.getByRole('heading', { name: 'Who may do what' }).waitFor()
}

const card = (page: Page, name: string) =>
  page.locator('.card', { has: page.getByRole('heading', { name, exact: true }) })

/** Reads what a QR code on the page says, from what is drawn of it. */
async function readQr(place: Locator): Promise<string> {
  const size = Number((await place.getAttribute('viewBox'))!.split(' ')[2])
  const path = (await place.locator('path').getAttribute('d'))!
  const scale = 4
  const width = size * scale
  const data = new Uint8Array(width * width * 4).fill(255)
  for (const [, x, y, length] of path.matchAll(/M(\d+) (\d+)h(\d+)/g))
    for (let row = 0; row < scale; row++)
      for (let column = 0; column < Number(length) * scale; column++) {
        const at = 4 * ((Number(y) * scale + row) * width + Number(x) * scale + column)
        data.fill(0, at, at + 3)
      }
  return decodeQR({ width, height: width, data })
}

describe('The view of people', { skip: missing }, () => {
  let browser: Browser
  let lab: Lab
  before(async () => {
    ;[browser, lab] = await Promise.all([openBrowser(), Lab.start()])
  })
  after(async () => {
    await browser?.close()
    await lab?.[Symbol.asyncDispose]()
  })

  it('lists all trees, and is reached from a tree and leads to it', async () => {
    const { page, faults } = await openPage(browser, lab)
    await page.getByRole('link', { name: 'People' }).click()
    const row = page.getByRole('row', { name: /Diary/ })
    await row.getByText('May read').waitFor()
    await row.getByText('Admin').waitFor()
    await row.getByText('1 key').waitFor()
    await row.getByRole('link').click()
    await page.getByRole('heading', { name: 'People of Diary' }).waitFor()
    await page.getByRole('link', { name: 'Entries of the tree' }).click()
    await page.locator('canvas[data-here="true"]').waitFor()
    await page.locator('.tree-head').getByRole('link', { name: 'People' }).click()
    await page.getByRole('heading', { name: 'People of Diary' }).waitFor()
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('grants, changes and revokes by keys alone, and says what that does before', async () => {
    const { page, faults } = await openPage(browser, lab)
    const tree = await lab.node.createTree('By keys', PublicAccess.NONE)
    const { peer } = createIdentity()
    await openPeople(page, lab, tree)
    await page.getByRole('button', { name: 'Let somebody in' }).press('Enter')
    const dialog = page.locator('dialog')
    await dialog.getByText('may read the tree, now and all that comes').waitFor()
    await dialog.getByLabel('PeerId').fill('not a key')
    await dialog.getByLabel('PeerId').press('Enter')
    await dialog.getByText('A PeerId has 64 hex digits.').waitFor()
    await dialog.getByLabel('PeerId').fill(peer)
    await dialog.getByLabel('Name').fill('Erin')
    await dialog.getByLabel('May').selectOption('write')
    await dialog.getByText('and write entries to it').waitFor()
    await dialog.getByText('stays in the history for good').waitFor()
    await dialog.getByRole('button', { name: 'Sign the change' }).press('Enter')
    await dialog.waitFor({ state: 'detached' })
    const row = page.locator('.member', { hasText: 'Erin' })
    await row.getByText('May write').waitFor()
    assert.equal((await lab.node.policy(tree))!.key(peer)!.permission, Permission.WRITE)
    // The focus is where it was.
    await page.locator('button:focus', { hasText: 'Let somebody in' }).waitFor()
    await page.getByRole('button', { name: 'Change what Erin may do' }).press('Enter')
    await dialog.waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Change what Erin may do' }).press('Enter')
    await dialog.getByLabel('May').selectOption('administer')
    await dialog.getByRole('button', { name: 'Sign the change' }).press('Enter')
    await row.getByText('Admin').waitFor()
    await page.getByRole('button', { name: 'Revoke Erin' }).press('Enter')
    await dialog.getByText('Those that other nodes have and this one lacks become void').waitFor()
    await dialog.getByRole('button', { name: 'Revoke' }).press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await card(page, 'Revoked').getByText('Erin').waitFor()
    assert.equal((await lab.node.policy(tree))!.key(peer)!.revoked, true)
    await page.getByRole('button', { name: 'Change what everybody may do' }).press('Enter')
    await dialog.getByLabel('Everybody').selectOption('read')
    await dialog.getByText('may read all of it').waitFor()
    await dialog.getByRole('button', { name: 'Sign the change' }).press('Enter')
    await page.locator('.member', { hasText: 'Everybody' }).getByText('May read').waitFor()
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('asks again at once, whatever an earlier question still does', async () => {
    const { page } = await openPage(browser, lab)
    const tree = await lab.node.createTree('Twice', PublicAccess.NONE)
    await openPeople(page, lab, tree)
    const dialog = page.locator('dialog')
    const opener = page.getByRole('button', { name: 'Let somebody in' })
    await opener.click()
    await dialog.getByLabel('PeerId').fill(createIdentity().peer)
    // A dialog is hidden at once, and hears of it later: a reader may be faster.
    await opener.evaluate(async (button: HTMLButtonElement) => {
      const first = document.querySelector('dialog')!
      const heard = new Promise((resolve) => first.addEventListener('close', resolve))
      first.close()
      button.click()
      await heard
      for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame)
    })
    assert.equal(await dialog.count(), 1)
    assert.equal(await dialog.getByLabel('PeerId').inputValue(), '')
    // What one does ends only when another is asked.
    let release!: () => void
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    await page.route('**/ChangePolicy', async (route) => {
      await released
      await route.continue()
    })
    await dialog.getByLabel('PeerId').fill(createIdentity().peer)
    await dialog.getByLabel('Name').fill('Late')
    await dialog.getByRole('button', { name: 'Sign the change' }).click()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await opener.click()
    await dialog.getByLabel('Name').fill('Next')
    release()
    await page.locator('.member', { hasText: 'Late' }).waitFor()
    assert.equal(await dialog.getByLabel('Name').inputValue(), 'Next')
    await page.context().close()
  })

  it('says since which entry a key may, and which entries a revocation made void', async () => {
    const { page } = await openPage(browser, lab)
    const tree = await lab.node.createTree('Voids', PublicAccess.NONE)
    const mallory = createIdentity()
    const granted = await lab.node.grant(tree, mallory.peer, Permission.WRITE, 'Mallory')
    await openPeople(page, lab, tree)
    await page.locator('.member', { hasText: 'Mallory' }).locator('.since a').click()
    await page.locator('.details').getByText('Mallory: write').waitFor()
    assert.ok(page.url().endsWith(formatId(granted.id)))
    const trees = createClient(TreeService, lab.node.rpc())
    const late = { store: 'late', kind: '', payload: new Uint8Array() }
    const { body } = await trees.prepareCommit({
      ...{ tree: idToBytes(tree), changes: [late], author: hexToBytes(mallory.peer) },
    })
    await lab.node.revoke(tree, mallory.peer)
    await openPeople(page, lab, tree)
    const row = card(page, 'Revoked').locator('.member', { hasText: 'Mallory' })
    await row.getByText('nothing that is here is void').waitFor()
    const signature = mallory.sign(entryDomain, body)
    const { at } = await trees.submitEntries({ tree: idToBytes(tree), entries: [{ body, signature }] })
    await row.getByText('1 entry is void').waitFor()
    await row.getByRole('link', { name: 'See the newest' }).click()
    await page.getByText('Void: under the present policy').waitFor()
    assert.ok(page.url().endsWith(formatId(idFromBytes(at[0]!))))
    await page.context().close()
  })

  it('approves and rejects requests with their messages', async () => {
    const { page } = await openPage(browser, lab)
    const tree = await lab.node.createTree('Wanted', PublicAccess.NONE)
    const { bob, carol } = lab.peers
    const ask = (permission: Permission, message: string) => ({ permission, message })
    const ticket = lab.node.createTicket(tree)
    await bob.join(ticket, ask(Permission.WRITE, 'It is me,\nBob from next door.'))
    await carol.join(ticket, ask(Permission.READ, 'May I look?'))
    await page.goto(`${lab.url}/#/people`)
    await page
      .getByRole('row', { name: /Wanted/ })
      .getByText('2 requests to decide')
      .waitFor()
    await openPeople(page, lab, tree)
    const list = card(page, 'Requests for access')
    await list.getByText('Bob from next door.').waitFor()
    await list.locator('.member', { hasText: 'Bob' }).getByText('asks to write').waitFor()
    const dialog = page.locator('dialog')
    await page.getByRole('button', { name: 'Approve the request of Bob' }).click()
    await dialog.getByText('Bob from next door.').waitFor()
    await dialog.getByLabel('Let it').selectOption('read')
    await dialog.getByRole('button', { name: 'Approve' }).click()
    await dialog.waitFor({ state: 'detached' })
    await card(page, 'Who may do what').locator('.member', { hasText: 'Bob' }).getByText('May read').waitFor()
    assert.equal((await lab.node.policy(tree))!.key(bob.peer)!.permission, Permission.READ)
    await page.getByRole('button', { name: 'Reject the request of Carol' }).click()
    await dialog.getByLabel('A word to the peer').fill('Not now')
    await dialog.getByRole('button', { name: 'Reject' }).click()
    await list.getByText('Nobody waits for a decision.').waitFor()
    assert.equal((await carol.join(ticket)).reason, 'Not now')
    await page.context().close()
  })

  it('makes tickets and invitations as a text to copy and a code to scan, and revokes them', async () => {
    const { page, faults } = await openPage(browser, lab, {
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const tree = await lab.node.createTree('Shared', PublicAccess.NONE)
    await openPeople(page, lab, tree)
    await page.getByRole('button', { name: 'Make a ticket' }).click()
    const code = page.getByRole('img', { name: 'QR code of the ticket' })
    const plain = await readQr(code)
    assert.deepEqual(parseTicket(plain), { tree, peer: lab.node.peer, addresses: lab.node.addresses() })
    await page.getByLabel('Kind').selectOption('Invitation to write')
    await page.getByRole('button', { name: 'Make a ticket' }).click()
    await page.getByText('Hand it over as you would a password.').waitFor()
    const invitation = await readQr(code)
    assert.match(invitation, /&in=[0-9a-f]{64}/)
    await page.getByRole('button', { name: 'Copy Ticket' }).click()
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), invitation)
    await shoot(page, 'ticket-light-1280', true)
    const row = card(page, 'Tickets and invitations').locator('.member')
    await row.getByText('good for one use').waitFor()
    await row.getByText('ends in 7 days').waitFor()
    await lab.peers.bob.join(invitation)
    await row.getByText('Bob').waitFor({ timeout: 20_000 })
    assert.equal((await lab.node.policy(tree))!.key(lab.peers.bob.peer)!.permission, Permission.WRITE)
    // Used, so it is shown no more.
    await code.waitFor({ state: 'detached' })
    await page.getByLabel('Kind').selectOption('Invitation to read')
    await page.getByRole('button', { name: 'Make a ticket' }).click()
    await page.getByRole('button', { name: 'Revoke the invitation: to read' }).click()
    await page.locator('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.locator('dialog').waitFor({ state: 'detached' })
    await code.waitFor({ state: 'detached' })
    assert.deepEqual(
      lab.node.requests.invitations().filter(({ use, tree: of }) => of === tree && use === undefined),
      [],
    )
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  it('offers nothing that this node may not do', async () => {
    const tree = await lab.peers.bob.createTree('Of Bob', PublicAccess.READ)
    await lab.node.sync(tree, lab.peers.bob.addresses()[0]!)
    const { page } = await openPage(browser, lab)
    await openPeople(page, lab, tree)
    await page.getByText('This node is not an admin of the tree').waitFor()
    assert.equal(await page.getByRole('button', { name: /Revoke|Change|Let somebody/ }).count(), 0)
    assert.equal(await page.getByLabel('Kind').locator('option').count(), 1)
    await page.context().close()
  })

  it('runs nothing and stays whole on names and messages full of malice', async () => {
    const tree = await lab.node.createTree(hostile[1]!, PublicAccess.NONE)
    for (const name of hostile) {
      const { peer } = createIdentity()
      await lab.node.grant(tree, peer, Permission.WRITE, name)
      if (name !== hostile[0]) await lab.node.revoke(tree, peer)
    }
    const ticket = lab.node.createTicket(tree)
    const message = `${hostile.join('\n')}${'\u202e\n'.repeat(100)}`
    await lab.peers.carol.join(ticket, { permission: Permission.READ, message })
    const { page, faults } = await openPage(browser, lab)
    for (const viewport of [wide, phone]) {
      await page.setViewportSize(viewport)
      await page.goto(`${lab.url}/#/people`)
      await page.getByText('onload').first().waitFor()
      assert.equal(await scrollsSideways(page), false)
      await openPeople(page, lab, tree)
      await page.locator('blockquote').getByText('onerror').waitFor()
      assert.equal(await page.locator('main script, main img, main b, main i, main svg svg').count(), 0)
      assert.equal(await scrollsSideways(page), false)
      assert.deepEqual(await axeFaults(page), [])
      await shoot(page, `people-hostile-light-${viewport.width}`, true)
      await page.getByRole('button', { name: /^Revoke .*onerror/ }).click()
      await page.locator('dialog').waitFor()
      assert.deepEqual(await axeFaults(page), [])
      assert.equal(await scrollsSideways(page), false)
      await page.keyboard.press('Escape')
    }
    assert.equal(await page.title(), 'People · Causeway')
    assert.deepEqual(faults, { said: [], foreign: [] })
    await page.context().close()
  })

  for (const colorScheme of ['light', 'dark'] as const)
    for (const viewport of [wide, phone])
      it(`has no fault that axe finds, ${colorScheme}, ${viewport.width} wide`, async () => {
        const tree = await lab.node.createTree('Garden', PublicAccess.READ)
        for (const [name, permission] of [
          ['Frank', Permission.WRITE],
          ['Grace', Permission.ADMIN],
          ['Heidi', Permission.READ],
        ] as const)
          await lab.node.grant(tree, createIdentity().peer, permission, name)
        const ivan = createIdentity().peer
        await lab.node.grant(tree, ivan, Permission.WRITE, 'Ivan')
        await lab.node.revoke(tree, ivan)
        await lab.node.invite(tree, Permission.READ)
        const { carol } = lab.peers
        await carol.join(lab.node.createTicket(tree), {
          permission: Permission.WRITE,
          message: 'May I plant?',
        })
        const { page } = await openPage(browser, lab, { colorScheme, viewport })
        await page.goto(`${lab.url}/#/people`)
        await page
          .getByRole('row', { name: /Garden/ })
          .first()
          .waitFor()
        assert.deepEqual(await axeFaults(page), [])
        await shoot(page, `people-${colorScheme}-${viewport.width}`)
        await openPeople(page, lab, tree)
        await page.getByRole('button', { name: 'Make a ticket' }).click()
        await page.locator('.qr').waitFor()
        assert.deepEqual(await axeFaults(page), [])
        assert.equal(await scrollsSideways(page), false)
        await shoot(page, `people-tree-${colorScheme}-${viewport.width}`, true)
        await page.getByRole('button', { name: 'Let somebody in' }).click()
        await page.locator('dialog').waitFor()
        assert.deepEqual(await axeFaults(page), [])
        await shoot(page, `people-grant-${colorScheme}-${viewport.width}`)
        await page.context().close()
        await lab.node.requests.reject(lab.node.requests.list().find((request) => request.tree === tree)!.id)
      })
})
