/** What the processes of the case `blobs` do: write a file of random bytes, copy it, put it, and read it. */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import type { TreeId } from '../src/dag/id.ts'
import type { Node } from '../src/node/node.ts'

const pieceBytes = 2 ** 20

export async function writeRandom(file: string, bytes: number): Promise<void> {
  const target = await open(file, 'w')
  for (let written = 0; written < bytes; written += pieceBytes)
    await target.write(randomBytes(Math.min(pieceBytes, bytes - written)))
  await target.sync()
  await target.close()
}

/** Copies a file with hashing, and flushes it: the least that keeping a verified copy takes. */
export async function copyHashed(from: string, to: string): Promise<{ seconds: number; digest: string }> {
  const started = performance.now()
  const hash = createHash('sha256')
  const target = await open(to, 'w')
  for await (const piece of createReadStream(from, { highWaterMark: 262_144 })) {
    hash.update(piece as Buffer)
    await target.write(piece as Buffer)
  }
  await target.sync()
  await target.close()
  return { seconds: (performance.now() - started) / 1000, digest: hash.digest('hex') }
}

export async function putFile(node: Node, tree: string, file: string): Promise<number> {
  const started = performance.now()
  await node.stores
    .open(tree as TreeId, 'files')
    .putStream('file', createReadStream(file, { highWaterMark: 262_144 }))
  return (performance.now() - started) / 1000
}

/** Reads the blob, which the node fetches if it lacks it. */
export async function getFile(node: Node, tree: string): Promise<{ seconds: number; digest: string }> {
  const started = performance.now()
  const hash = createHash('sha256')
  const found = await node.stores.open(tree as TreeId, 'files').getStream('file')
  for await (const bytes of found!.stream) hash.update(bytes)
  return { seconds: (performance.now() - started) / 1000, digest: hash.digest('hex') }
}
