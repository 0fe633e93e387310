/** `causeway restore`: makes a node from a backup. `causeway import car` adds the entries of an archive to a node. */
import { statSync } from 'node:fs'
import type { Command } from 'commander'
import { formatId, idToBytes, type TreeId } from '../../dag/id.ts'
import { readArchive } from '../../node/backup/read.ts'
import { type BackupSource, checkBackup, type RestoreResult, restoreData } from '../../node/backup/restore.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { plainText, print, quantity } from '../output.ts'
import { ProgressBar } from '../progress.ts'
import { io } from '../streams.ts'
import { fileBytes, lastChain } from './backup-files.ts'

interface RestoreOptions extends CommonOptions {
  readonly check?: boolean
}

export function addRestore(program: Command): void {
  program
    .command('restore')
    .argument(
      '<FILES|DIR|-...>',
      'backup, and those that build on it in their order; a folder, for the last backup in it with all on which it builds; or - for stdin',
    )
    .description('make a node from a backup, in a data folder that has none')
    .option('--check', 'only read and verify the backup; write nothing')
    .addHelpText(
      'after',
      `
Every entry is verified. With its key, from the backup or as identity.key in the
folder, the node is the one that was backed up; otherwise it is a new node with
its trees, peers and links. Never let the same key run twice.`,
    )
    .addHelpText(
      'after',
      examples(
        'causeway restore backup.car --data /var/lib/causeway',
        'causeway restore /var/backups/causeway',
        'causeway restore --check backup.car',
      ),
    )
    .action(restore)
}

async function restore(paths: readonly string[], options: RestoreOptions): Promise<void> {
  const bar = new ProgressBar(options.check ? 'checking' : 'restoring', options.json)
  const onProgress = (done: number, count: number) => bar.update(done, count)
  const source = await sourceOf(paths)
  const result = options.check
    ? await checkBackup(source, { onProgress })
    : await restoreData(dataFolder(options), source, { onProgress })
  bar.end()
  const { trees, entries, damaged, peer, from, createdAtMs } = result
  for (const { tree, message } of damaged)
    io().stderr.write(`not whole: ${formatId(tree)}: ${plainText(message, 1000)}\n`)
  if (damaged.length > 0) io().exitCode = 1
  const createdAt = new Date(createdAtMs).toISOString()
  const names = damaged.map(({ tree }) => formatId(tree))
  print(
    options,
    { from, peer, createdAt, trees, entries, damaged: names },
    summary(result, createdAt, options),
  )
}

/** Returns stdin, or the files of a chain of backups. */
async function sourceOf(paths: readonly string[]): Promise<BackupSource> {
  const [path = '-'] = paths
  if (paths.length > 1) return paths.map((each) => () => fileBytes(each))
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
  return isFolder ? (await lastChain(path)).map((each) => () => fileBytes(each)) : fileBytes(path)
}

function summary(
  { trees, entries, peer, from }: RestoreResult,
  createdAt: string,
  options: RestoreOptions,
): string {
  const what = `${quantity(trees, 'tree')} with ${quantity(entries, 'entry', 'entries')}`
  if (options.check) return `The backup of ${from} from ${createdAt} is sound: ${what}.`
  const lines = [`Restored ${what} from ${createdAt} to ${dataFolder(options)}.`]
  lines.push(
    peer === from
      ? `The node is ${peer}, as before. Make sure that the old one never runs again.`
      : `The node is ${peer}, a new one, since the backup has no key: trees that named ${from} have to grant it access.`,
  )
  return lines.join('\n')
}

/** Adds `import car` to the command `import`. */
export function addImportCar(importing: Command): void {
  importing
    .command('car')
    .argument('<FILE|->', 'CAR file whose blocks are entries, such as a backup or an export; - for stdin')
    .description('add the entries and blobs of an archive to the trees of this node')
    .addHelpText(
      'after',
      `
Every entry is verified, and needs its parents here or earlier in the archive.
Entries that are here already are passed over, so it can be run again.`,
    )
    .addHelpText('after', examples('causeway import car notes.car'))
    .action(importCar)
}

async function importCar(path: string, options: CommonOptions): Promise<void> {
  await using clients = await openClients(options, { create: true })
  const bar = new ProgressBar('importing', options.json)
  const trees = new Set<TreeId>()
  let [added, known, count] = [0, 0, 0]
  for await (const part of readArchive(fileBytes(path))) {
    if ('causeway' in part) count = part.entryCount
    if ('chunkOf' in part) await clients.stores.putChunk({ tree: idToBytes(part.chunkOf), data: part.data })
    if (!('tree' in part)) continue
    const result = await clients.trees.submitEntries({
      tree: idToBytes(part.tree),
      entries: [...part.entries],
    })
    trees.add(part.tree)
    added += result.added
    known += result.known
    bar.update(added + known, count)
  }
  bar.end()
  const ids = [...trees].map(formatId)
  const text = `Added ${quantity(added, 'entry', 'entries')} to ${quantity(ids.length, 'tree')}; ${known} were here already.`
  print(options, { trees: ids, added, known }, [...ids, text].join('\n'))
}
