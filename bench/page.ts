/**
 * The node's page in a real Chromium: how long frames take while the drawing of a large tree is panned, beside panning a
 * tree of one entry, which is as good as an empty canvas; what memory the page takes after it has seen many entries; and
 * the bytes of script until the page is there. CHROMIUM names the browser.
 */
import { createClient } from '@connectrpc/connect'
import { type Browser, chromium, type Page } from 'playwright-core'
import { NodeService } from '../gen/causeway/v1/node_pb.ts'
import { formatId, type TreeId } from '../src/dag/id.ts'
import { createNode, type Node } from '../src/node/node.ts'
import type { Bound, Case, Context, Row } from './harness.ts'

export const page: Case = {
  name: 'page',
  summary: 'frames, memory and bytes of the page in Chromium, with a tree of a million entries (PAGE_N)',
  onDemand: true,
  async run(context) {
    const count = context.small ? 2_000 : Number(process.env.PAGE_N ?? 1_000_000)
    const prepared = await context.stores.tree(count)
    const folder = context.stores.copy(prepared)
    const browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox',
        '--disable-dev-shm-usage',
        '--enable-precise-memory-info',
        '--js-flags=--expose-gc',
      ],
    })
    try {
      await using node = await createNode({ data: folder, background: false })
      const large = prepared.tree as TreeId
      const empty = await node.createTree('empty')
      return await measure(context, { node, browser, count, large, empty })
    } finally {
      await browser.close()
    }
  },
}

interface Parts {
  readonly node: Node
  readonly browser: Browser
  readonly count: number
  readonly large: TreeId
  readonly empty: TreeId
}

/** Frames of one pan. */
const frames = 240
const rounds = 3

async function measure({ note }: Context, { node, browser, count, large, empty }: Parts): Promise<Row[]> {
  const url = await node.listenAdmin({ host: '127.0.0.1', port: 0 })
  const opened = await browser.newPage({ viewport: { width: 1280, height: 860 } })
  let scriptBytes = 0
  opened.on('response', (response) => {
    if (response.url().endsWith('.js')) scriptBytes += Number(response.headers()['content-length'] ?? 0)
  })
  await opened.goto((await createClient(NodeService, node.rpc()).createPageLink({})).url)
  await opened.locator('main h1').waitFor({ timeout: 60_000 })
  const firstBytes = scriptBytes
  const pans: Record<'empty' | 'large', Pan[]> = { empty: [], large: [] }
  const show = async (tree: TreeId) => {
    await opened.goto(`${url}/#/tree/${formatId(tree)}`)
    await opened.locator('canvas[data-here="true"]').waitFor({ timeout: 60_000 })
  }
  // By turns, so that what else the machine does slows both alike.
  for (let round = 0; round < rounds; round++) {
    await show(empty)
    pans.empty.push(await pan(opened))
    await show(large)
    pans.large.push(await pan(opened))
    note(
      `round ${round + 1}: ${pans.empty.at(-1)!.ms.toFixed(1)} and ${pans.large.at(-1)!.ms.toFixed(1)} ms a frame`,
    )
  }
  const before = await heapMB(opened)
  // All over the tree, so that every entry that is kept was seen once and much was forgotten.
  const kept = (await opened.evaluate(roam)) as number
  const growth = (await heapMB(opened)) - before
  const [bare, drawn] = [middle(pans.empty), middle(pans.large)]
  note(`the page keeps ${kept} entries; the drawing itself takes ${drawn.drawMs.toFixed(2)} ms of a frame`)
  return [
    { name: 'page, first paint', bytes: firstBytes },
    { name: 'page, an empty canvas', p50Ms: bare.ms, p99Ms: bare.worstMs },
    {
      name: 'page, panning a tree',
      entries: count,
      p50Ms: drawn.ms,
      p99Ms: drawn.worstMs,
      ofBare: drawn.ms / bare.ms,
      syncingGrowthMB: growth,
    },
  ]
}

/** One pan: the mean time of a frame, the slowest one, and the mean time that drawing took of it. */
interface Pan {
  readonly ms: number
  readonly worstMs: number
  readonly drawMs: number
}

/** Pans down for half of the frames, and up again, one step each frame. */
async function pan(opened: Page): Promise<Pan> {
  return (await opened.evaluate(`(async () => {
    const canvas = document.querySelector('canvas').causewayCanvas
    const frame = () => new Promise(requestAnimationFrame)
    const { frames: drawnBefore, ms: msBefore } = canvas.drawn
    const times = []
    let last = await frame()
    for (let n = 0; n < ${frames}; n++) {
      canvas.pan(n < ${frames / 2} ? 60 : -60)
      const now = await frame()
      times.push(now - last)
      last = now
    }
    times.sort((a, b) => a - b)
    return {
      ms: times.reduce((sum, time) => sum + time, 0) / times.length,
      worstMs: times[Math.floor(times.length * 0.99)],
      drawMs: (canvas.drawn.ms - msBefore) / Math.max(1, canvas.drawn.frames - drawnBefore),
    }
  })()`)) as Pan
}

/** Jumps all over the tree. Returns how many entries the page keeps then. */
const roam = `(async () => {
  const element = document.querySelector('canvas')
  const height = Number(document.querySelector('.height-slider').max)
  for (let n = 0; n <= 200; n++) {
    element.causewayCanvas.goTo(Math.round(height * ((n * 0.618) % 1)))
    await new Promise(requestAnimationFrame)
    for (let wait = 0; wait < 500 && element.dataset.here !== 'true'; wait++) await new Promise(requestAnimationFrame)
  }
  return element.causewayCanvas.size
})()`

async function heapMB(opened: Page): Promise<number> {
  return (await opened.evaluate('(gc(), performance.memory.usedJSHeapSize / 1e6)')) as number
}

function middle(pans: readonly Pan[]): Pan {
  return [...pans].sort((a, b) => a.ms - b.ms)[Math.floor(pans.length / 2)]!
}

const firstPaintBytes = 150_000
const ofEmptyCanvas = 2
const pageMB = 64

/** The bounds of the page; none of time in a `small` run. */
export function pageBounds(rows: readonly Row[], small: boolean): Bound[] {
  return rows.flatMap(({ name, bytes, ofBare, syncingGrowthMB }) => {
    if (name === 'page, first paint')
      return [
        {
          what: `${name}: at most ${firstPaintBytes} bytes of script, compressed`,
          measured: `${bytes}`,
          holds: bytes! > 0 && bytes! <= firstPaintBytes,
        },
      ]
    if (name !== 'page, panning a tree') return []
    return [
      ...(small
        ? []
        : [
            {
              what: `${name}: at most ${ofEmptyCanvas} times the time of an empty canvas`,
              measured: ofBare!.toFixed(2),
              holds: ofBare! <= ofEmptyCanvas,
            },
          ]),
      {
        what: `${name}: at most ${pageMB} MB of memory after seeing it all over`,
        measured: syncingGrowthMB!.toFixed(1),
        holds: syncingGrowthMB! <= pageMB,
      },
    ]
  })
}
