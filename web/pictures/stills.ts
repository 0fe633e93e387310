/** Every view of the page as a picture, of a node with three peers that has something to show in each of them. */
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { Permission, PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { formatId } from '../../src/dag/id.ts'
import { createIdentity } from '../../src/dag/identity.ts'
import { LogRing } from '../../src/node/log/log-ring.ts'
import { openPage, phone, wide } from '../test/kit/browser.ts'
import { Lab } from '../test/kit/lab.ts'
import { openStore } from '../test/kit/stores.ts'
import { png } from '../test/kit/values.ts'

const settings = [
  { name: 'http', value: '0.0.0.0:29292', source: '--http' },
  { name: 'max-disk', value: '200G', source: '--max-disk' },
  { name: 'max-tree', value: '50G', source: 'CAUSEWAY_MAX_TREE' },
  { name: 'relay-token', value: '(hidden)', source: '/etc/causeway.toml' },
]
const log = [
  { level: 30, event: 'started', msg: 'node started', data: '/var/lib/causeway' },
  { level: 40, event: 'link-failing', msg: 'link fails: nobody answers', code: 'UNREACHABLE' },
  { level: 30, event: 'link-recovered', msg: 'link works again' },
]

/** The least height of a wide picture, by view; it grows with what there is to see. */
const heights: Record<string, number> = { home: 560, trees: 380, tree: 760 }

/** Brings the page to a view, and waits until it shows what it has to. */
type Go = (page: Page, lab: Lab) => Promise<unknown>
const views: Record<string, Go> = {
  home: async (page, lab) => {
    await page.goto(`${lab.url}/#/`)
    await page.getByText('Dave').first().waitFor()
  },
  trees: async (page, lab) => {
    await page.goto(`${lab.url}/#/trees`)
    await page.getByText('Diary').first().waitFor()
  },
  tree: async (page, lab) => {
    await page.goto(`${lab.url}/#/tree/${formatId(lab.notes)}`)
    await page.locator('canvas[data-here="true"]').waitFor()
    const isWide = page.viewportSize()!.width > phone.width
    for (let n = 0; isWide && n < 3; n++) await page.locator('canvas').press('ArrowDown')
    if (isWide) await page.locator('.details dl').waitFor()
    await page.locator('canvas').blur()
  },
  stores: async (page, lab) => {
    await openStore(page, lab, lab.notes, 'recipes', 'pancakes')
    await page.getByText('Bob').first().waitFor()
  },
  people: async (page, lab) => {
    await page.goto(`${lab.url}/#/people/${formatId(lab.diary)}`)
    await page.getByText('Mallory').first().waitFor()
    await page.getByRole('button', { name: 'Make a ticket' }).click()
    await page.locator('.qr').waitFor()
    await page.evaluate(() => scrollTo(0, 0))
  },
  network: async (page, lab) => {
    await page.goto(`${lab.url}/#/network`)
    await page.locator('.findings li').first().waitFor()
  },
  node: async (page, lab) => {
    await page.goto(`${lab.url}/#/node`)
    await page.getByText('link works again').first().waitFor()
    // So that its lines are lines.
    await page.waitForFunction(
      (least) =>
        document.querySelector('.metric polyline')!.getAttribute('points')!.split(' ').length > least,
      3,
      { timeout: 120_000 },
    )
  },
}

/** Leaves `VIEW.png`, and with `-dark` and `-phone` what it is called for, in a folder. */
export async function takeStills(browser: Browser, folder: string): Promise<void> {
  const ring = new LogRing()
  await using lab = await Lab.start({ log: ring, settings: () => settings })
  await fill(lab)
  for (const [tree, count] of [
    ['Garden', 12],
    ['Photos', 7],
  ] as const)
    await lab.write(await lab.node.createTree(tree, PublicAccess.NONE), lab.node, count)
  for (const { level, ...line } of log) ring.add(level, JSON.stringify(line))
  const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
    [wide, phone].map((viewport) => ({ colorScheme, viewport })),
  )
  await Promise.all(
    looks.map(async ({ colorScheme, viewport }) => {
      const { page } = await openPage(browser, lab, { colorScheme, viewport })
      for (const [view, go] of Object.entries(views)) {
        if (viewport === wide) await page.setViewportSize({ ...wide, height: heights[view] ?? 600 })
        await go(page, lab)
        await page.locator('.loading').first().waitFor({ state: 'detached' })
        if (viewport === wide)
          await page.setViewportSize({ ...wide, height: await page.evaluate(wholeHeight) })
        await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)))
        const name = [
          view,
          ...(viewport === phone ? ['phone'] : []),
          ...(colorScheme === 'dark' ? ['dark'] : []),
        ]
        await page.screenshot({ path: join(folder, `${name.join('-')}.png`) })
      }
      await page.context().close()
    }),
  )
}

function wholeHeight(): number {
  return document.documentElement.scrollHeight
}

/** Writes what the pictures show. */
async function fill({ node, peers: { bob, carol }, notes, diary }: Lab): Promise<void> {
  const at = node.addresses()[0]!
  const meet = () => Promise.all([bob.sync(notes, at), carol.sync(notes, at)])
  const recipes = node.stores.open(notes, 'recipes')
  await recipes.put('bread', { flour: '500 g', water: '350 g', salt: '10 g', hours: 18 })
  await recipes.put('photo.png', png(120, 80), { type: 'image/png' })
  await recipes.put('pancakes', 'Flour, eggs, milk.')
  await recipes.put('soup', 'What is left of the week.')
  await recipes.add('cooked', 41)
  await meet()
  for (const text of ['leek', 'kale', 'peas', 'beans']) {
    await Promise.all([
      node.stores.open(notes, 'list').put(text, 'to buy'),
      bob.stores.open(notes, 'list').put(`${text}, ripe`, 'from the market'),
    ])
    await carol.stores.open(notes, 'list').put(`${text}, bought`, 'yes')
    await meet()
  }
  await Promise.all([
    recipes.put('pancakes', 'Flour, two eggs, milk, and a pinch of salt.'),
    bob.stores.open(notes, 'recipes').put('pancakes', 'Flour, three eggs, buttermilk.'),
  ])
  await meet()
  await node.stores.open(diary, 'days').put('2026-06-01', 'The first swim of the year.')
  await node.grant(diary, bob.peer, Permission.WRITE, 'Bob')
  await node.grant(diary, createIdentity().peer, Permission.ADMIN, 'Erin')
  const mallory = createIdentity().peer
  await node.grant(diary, mallory, Permission.WRITE, 'Mallory')
  await node.revoke(diary, mallory)
  await carol.join(node.createTicket(diary), {
    permission: Permission.WRITE,
    message: 'May I add the garden?',
  })
}
