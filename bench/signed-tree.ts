/**
 * Trees of any size with real signatures, made page by page in bounded memory: the shape of a git history, repeated
 * on top of itself as often as needed. A million entries take minutes to make, so such a tree is made once and kept.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PublicAccess } from '../gen/causeway/v1/entry_pb.ts'
import { limits } from '../src/base/limits.ts'
import { signEntry, signRoot, type VerifiedEntry } from '../src/dag/entry.ts'
import type { EntryId } from '../src/dag/id.ts'
import { openFolder } from '../src/store/database/open.ts'
import { storeFormat } from '../src/store/formats/format-record.ts'
import { DagStore } from '../src/store/store.ts'
import { testIdentity } from '../test/kit/entries.ts'
import { projectRoot } from './project.ts'
import { loadShape } from './shape.ts'

const cache = join(projectRoot, 'bench/cache')
const payloadBytes = 100

/** Yields the pages of a tree of `entries` entries, parents first. */
function* signedPages(entries: number): Generator<VerifiedEntry[]> {
  const { lines } = loadShape(entries)
  const root = signRoot(testIdentity(0), {
    name: 'large',
    publicAccess: PublicAccess.WRITE,
    createdAtMs: 0,
    nonce: new Uint8Array(16).fill(entries % 251),
  })
  let page = [root]
  let count = 1
  let base: { id: EntryId; height: number } = { id: root.id, height: 0 }
  while (count < entries) {
    const copy: { id: EntryId; height: number }[] = []
    for (const [back, author] of lines) {
      if (count === entries) break
      const parents = back.flatMap((distance) => copy[copy.length - distance] ?? [])
      const on = parents.length > 0 ? parents : [base]
      const payload = new Uint8Array(payloadBytes)
      new DataView(payload.buffer).setUint32(0, count)
      const entry = signEntry(testIdentity(author % 64), {
        tree: root.id,
        parents: [...new Set(on.map(({ id }) => id))],
        height: 1 + Math.max(...on.map(({ height }) => height)),
        createdAtMs: count,
        changes: [{ store: 'git', kind: 'commit', payload }],
      })
      copy.push({ id: entry.id, height: entry.body.height })
      page.push(entry)
      count++
      if (page.length === limits.pageEntries) {
        yield page
        page = []
      }
    }
    base = copy.at(-1)!
  }
  if (page.length > 0) yield page
}

export interface SignedTree {
  /** A data folder without a key. */
  readonly folder: string
  readonly tree: string
  readonly count: number
  /** The bytes of bodies and signatures. */
  readonly bytes: number
}

/** Returns a tree of `entries` entries, and makes it if it does not exist yet. */
export async function signedTree(entries: number): Promise<SignedTree> {
  const folder = join(cache, `signed-${entries}-format-${storeFormat}`)
  const about = join(folder, 'tree.json')
  if (existsSync(about)) return { folder, ...JSON.parse(readFileSync(about, 'utf8')) }
  const making = `${folder}.making`
  rmSync(making, { recursive: true, force: true })
  mkdirSync(making, { recursive: true })
  const store = await DagStore.open(await openFolder(join(making, 'store')))
  for (const page of signedPages(entries)) await store.append(page[0]!.tree, page)
  const { tree, count, bytes } = store.trees()[0]!
  await store.close()
  writeFileSync(join(making, 'tree.json'), JSON.stringify({ tree, count, bytes }))
  renameSync(making, folder)
  return { folder, tree, count, bytes }
}
