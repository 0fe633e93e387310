/**
 * Two pages side by side, as frames of a film: the page of Ann's node and that of Ben's, on a tree that both write to.
 * At first they are apart, so each draws what the other lacks; then they meet, and both draw the same.
 */
import { join } from 'node:path'
import { createClient } from '@connectrpc/connect'
import type { Browser, Page } from 'playwright-core'
import { PublicAccess } from '../../gen/causeway/v1/entry_pb.ts'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { formatId, type TreeId } from '../../src/dag/id.ts'
import { createNode, type Node } from '../../src/node/node.ts'
import { openPage } from '../test/kit/browser.ts'

/** One picture and how long it stands. */
export interface Frame {
  readonly file: string
  readonly ms: number
}

const anyPort = { host: '127.0.0.1', port: 0 }
const size = { width: 480, height: 690 }

/** A node, its page, and how many entries the page says that the tree has. */
class Side implements AsyncDisposable {
  private constructor(
    readonly name: string,
    readonly node: Node,
    readonly page: Page,
    private readonly url: string,
  ) {}

  static async open(browser: Browser, name: string): Promise<Side> {
    const node = await createNode({ http: anyPort })
    await node.listen()
    const url = await node.listenAdmin(anyPort)
    const link = async () => (await createClient(NodeService, node.rpc()).createPageLink({})).url
    const { page } = await openPage(browser, { url, link }, { viewport: size, colorScheme: 'light' })
    return new Side(name, node, page, url)
  }

  async show(tree: TreeId): Promise<void> {
    await this.page.goto(`${this.url}/#/tree/${formatId(tree)}`)
    await this.page.locator('canvas[data-here="true"]').waitFor()
  }

  /** Waits until the page says how many entries the tree has. */
  async sees(count: number): Promise<void> {
    await this.page.getByText(`${count} entries`).first().waitFor()
  }

  async write(tree: TreeId, key: string): Promise<void> {
    await this.node.stores.open(tree, 'garden').put(key, `${key}, by ${this.name}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
    await this.node.close(0)
  }
}

/** Puts the two pages and what is said of them into one picture, on a page of its own. */
class Film {
  readonly frames: Frame[] = []

  private constructor(
    private readonly screen: Page,
    private readonly sides: readonly Side[],
    private readonly folder: string,
  ) {}

  static async open(browser: Browser, sides: readonly Side[], folder: string): Promise<Film> {
    const screen = await browser.newPage({ viewport: { width: 1010, height: 780 } })
    await screen.setContent(`<style>
      body { margin: 0; background: #dfe3ea; font: 600 15px system-ui, sans-serif; color: #1c2430; }
      main { display: flex; gap: 18px; padding: 10px 16px 0; }
      figure { margin: 0; } figcaption { padding: 0 0 6px 4px; }
      img { display: block; width: ${size.width}px; height: ${size.height}px; border-radius: 8px; }
      #said { margin: 12px 0 0; text-align: center; font-size: 17px; }
    </style><main>${sides.map(({ name }) => `<figure><figcaption>${name}’s node</figcaption><img></figure>`).join('')}</main>
    <p id="said"></p>`)
    return new Film(screen, sides, folder)
  }

  /** Takes a picture. */
  async take(said: string, ms: number): Promise<void> {
    const shots = await Promise.all(this.sides.map(({ page }) => page.screenshot({ type: 'png' })))
    await this.screen.evaluate(
      async ({ pictures, said }) => {
        document.querySelector('#said')!.textContent = said
        const images = [...document.querySelectorAll('img')]
        for (const [at, image] of images.entries()) image.src = `data:image/png;base64,${pictures[at]}`
        await Promise.all(images.map((image) => image.decode()))
      },
      { pictures: shots.map((shot) => shot.toString('base64')), said },
    )
    const file = join(this.folder, `frame-${`${this.frames.length}`.padStart(3, '0')}.png`)
    await this.screen.screenshot({ path: file })
    this.frames.push({ file, ms })
  }

  /** Takes what moves, as fast as it can, and then what stands. */
  async takeMoving(said: string, standsMs: number): Promise<void> {
    for (let n = 0; n < 3; n++) await this.take(said, 90)
    for (const { page } of this.sides)
      await page.evaluate(() => Promise.all(document.getAnimations().map(({ finished }) => finished)))
    await this.take(said, standsMs)
  }
}

/** Runs the two nodes and returns the frames. */
export async function filmTwoPages(browser: Browser, folder: string): Promise<readonly Frame[]> {
  await using ann = await Side.open(browser, 'Ann')
  await using ben = await Side.open(browser, 'Ben')
  const tree = await ann.node.createTree('Garden', PublicAccess.WRITE)
  for (const [side, other] of [
    [ann, ben],
    [ben, ann],
  ] as const)
    await side.node.addPeer(other.node.peer, { name: other.name, addresses: other.node.addresses() })
  for (const key of ['beans', 'leek', 'peas']) await ann.write(tree, key)
  await ben.node.sync(tree, ann.node.addresses()[0]!)
  let count = 4
  for (const side of [ann, ben]) {
    await side.show(tree)
    await side.sees(count)
  }
  const film = await Film.open(browser, [ann, ben], folder)
  await film.take('Both nodes hold the same tree.', 1_600)
  const apart = 'They are apart, and both write.'
  for (const [mine, theirs] of [
    ['kale', 'mint'],
    ['corn', 'sage'],
    ['chard', 'dill'],
  ] as const) {
    await Promise.all([ann.write(tree, mine), ben.write(tree, theirs)])
    count++
    await Promise.all([ann.sees(count), ben.sees(count)])
    await film.takeMoving(apart, 700)
  }
  await film.take('Each lacks what the other wrote.', 1_800)
  await ann.node.link({ tree, peer: ben.node.peer })
  count += 3
  await Promise.all([ann.sees(count), ben.sees(count)])
  await film.takeMoving('They meet: each fetches what it lacks, and both draw the same.', 2_200)
  await ann.page.locator('.legend').getByText('Ben').waitFor()
  for (const [side, key] of [
    [ann, 'plums'],
    [ben, 'roses'],
    [ann, 'figs'],
    [ben, 'thyme'],
  ] as const) {
    await side.write(tree, key)
    count++
    await Promise.all([ann.sees(count), ben.sees(count)])
    await film.takeMoving('Now what one writes, the other shows.', 600)
  }
  await film.take('Now what one writes, the other shows.', 2_000)
  return film.frames
}
