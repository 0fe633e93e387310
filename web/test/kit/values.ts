/** Values of all kinds, and of all malice, for the tests of the stores' view. */
import { deflateSync } from 'node:zlib'
import type { TreeId } from '../../../src/dag/id.ts'
import type { Node } from '../../../src/node/node.ts'
import { hostile } from './hostile.ts'

/** Returns a PNG of one colour, as its header and its points say; `claimed` makes the header say another size. */
export function png(width: number, height: number, claimed = width): Uint8Array {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(claimed, 0)
  header.writeUInt32BE(claimed === width ? height : claimed, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const row = Buffer.concat([Buffer.of(0), Buffer.alloc(3 * width, 0x7a)])
  const points = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))
  const parts = [part('IHDR', header), part('IDAT', points), part('IEND', Buffer.alloc(0))]
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...parts])
}

function part(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name), data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length)
  out.set(body, 4)
  out.writeUInt32BE(crc32(body), out.length - 4)
  return out
}

/** Node 20 has none of its own. */
function crc32(data: Buffer): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** Puts one value of each kind into the store `kinds` of a tree. */
export async function putKinds(node: Node, tree: TreeId): Promise<void> {
  const kinds = node.stores.open(tree, 'kinds')
  await kinds.put(
    'bytes',
    Uint8Array.from({ length: 80 }, (_, index) => index * 3),
  )
  await kinds.put('json', { title: 'Notes', tags: ['a', 'b'], size: { width: 3 } })
  await kinds.put('picture', png(120, 80), { type: 'image/png' })
  await kinds.put('text', 'One line\nand another, which is longer than the first one')
  await kinds.putStream('video.mp4', [new Uint8Array(600_000).fill(7)], { type: 'video/mp4' })
  await kinds.add('visits', 41)
}

/** Fills the store `bad` of a tree with malice. */
export async function putMalice(node: Node, tree: TreeId): Promise<void> {
  const bad = node.stores.open(tree, 'bad')
  for (const text of hostile) await bad.put(text, text)
  const page = '<html><script>document.title="run"</script><body onload="document.title=3">'
  await bad.put('page.html', page, { type: 'text/html' })
  await bad.put(
    'picture.svg',
    '<svg xmlns="http://www.w3.org/2000/svg" onload="document.title=4"><script>alert(1)</script></svg>',
    { type: 'image/svg+xml' },
  )
  await bad.put('huge.png', png(1, 1, 60_000), { type: 'image/png' })
  await bad.put('lie.png', page, { type: 'image/png' })
  await bad.put('deep', '['.repeat(32_000) + ']'.repeat(32_000), { type: 'application/json' })
  await bad.put('long', 'é\u202e<b>'.repeat(10_000).slice(0, 30_000))
  await bad.put('type', 'x', { type: '"><img src=x onerror=alert(1)>' })
  await bad.putStream('../../etc/<passwd>', [Buffer.alloc(1_048_576, '<script>alert(1)</script>')], {
    type: 'text/html',
  })
  const many = 'many'
  for (let from = 0; from < 4_000; from += 1_000)
    await node.stores.write(tree, (batch) => {
      for (let n = from; n < from + 1_000; n++) batch.put(many, `key-${`${n}`.padStart(5, '0')}`, `${n}`)
    })
}
