/**
 * A chain of backups: a whole one, and later ones that each build on the one before. Its node is that of the last one; of
 * each tree the entries are those of the last backup that has the tree whole, and of all later ones.
 */
import { CausewayError } from '../../base/errors.ts'
import type { TreeId } from '../../dag/id.ts'
import type { BackupHead } from './notes.ts'
import { type ArchivePart, readArchive } from './read.ts'
import { nameOf } from './since.ts'

/** Opens a backup file; called twice for each, since what comes last decides what counts of the first. */
export type BackupFile = () => AsyncIterable<Uint8Array>

/**
 * Yields the parts of a chain, given from the whole backup to the last one, as if they were of one backup. Throws
 * INVALID_ARGUMENT if the backups do not build on each other, and what reading them throws.
 */
export async function* readChain(files: readonly BackupFile[]): AsyncGenerator<ArchivePart> {
  const fronts = await Promise.all(files.map(readFront))
  const heads = fronts.map(headOf)
  for (const [index, head] of heads.entries()) expectNext(heads[index - 1], head, index)
  // Of each tree that is in the last backup, the first file that counts.
  const firsts = new Map<TreeId, number>()
  for (const [index, front] of fronts.entries()) {
    const isLast = index === fronts.length - 1
    const trees = front.flatMap((part) => ('trees' in part ? part.trees : []))
    for (const { tree, after = 0 } of trees) if (after === 0 || !firsts.has(tree)) firsts.set(tree, index)
    if (isLast)
      for (const tree of firsts.keys()) if (!trees.some((each) => each.tree === tree)) firsts.delete(tree)
  }
  const counts = (tree: TreeId, index: number) => index >= (firsts.get(tree) ?? Number.POSITIVE_INFINITY)
  // A key in any of them is that of the node.
  const key = fronts.flat().find((part) => 'key' in part)
  for (const part of fronts.at(-1)!) {
    if ('key' in part) continue
    yield part
    if ('causeway' in part && key !== undefined) yield key
  }
  for (const [index, file] of files.entries())
    for await (const part of readArchive(file()))
      if ('chunkOf' in part ? counts(part.chunkOf, index) : 'entries' in part && counts(part.tree, index))
        yield part
      else if ('end' in part && index === files.length - 1) yield part
}

/** Returns the notes before the entries. */
async function readFront(file: BackupFile): Promise<ArchivePart[]> {
  const front: ArchivePart[] = []
  for await (const part of readArchive(file())) {
    if ('entries' in part || 'end' in part || 'chunkOf' in part) break
    front.push(part)
  }
  return front
}

function headOf(front: readonly ArchivePart[]): BackupHead {
  const [head] = front
  if (head !== undefined && 'causeway' in head) return head
  throw new CausewayError('INVALID_ARGUMENT', 'One of the files is no backup: name backups only.')
}

function expectNext(before: BackupHead | undefined, head: BackupHead, index: number): void {
  const written = new Date(head.createdAtMs).toISOString()
  if (before === undefined && head.since === undefined) return
  if (before !== undefined && head.since === nameOf(before)) return
  const [what, remedy] =
    before === undefined
      ? ['builds on an earlier backup', 'name that one first']
      : ['does not build on the one before it', 'name the files from the whole backup to the last one']
  throw new CausewayError(
    'INVALID_ARGUMENT',
    `The backup number ${index + 1}, of ${written}, ${what}: ${remedy}.`,
    { data: { number: index + 1 } },
  )
}
