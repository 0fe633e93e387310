/** `causeway backup` and `causeway export`: write trees, and what a node knows, to a file while the node runs. */
import { statSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Command, Option } from 'commander'
import type { BackupRequest } from '../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { hexToBytes } from '../../dag/hex.ts'
import { readSince } from '../../node/backup/since.ts'
import { keyBlock } from '../../node/backup/write.ts'
import { readIdentity } from '../../node/data-folder.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { hexText, idText, plainText, quantity } from '../output.ts'
import { ProgressBar } from '../progress.ts'
import { io, writeOut } from '../streams.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { fileBytes, lastBackup } from './backup-files.ts'

interface BackupOptions extends CommonOptions {
  readonly tree: readonly string[]
  readonly withKey?: boolean
  readonly since?: string
}

export function addBackup(program: Command): void {
  program
    .command('backup')
    .argument('<FILE|DIR|->', 'new file, folder to write one into, or - for stdout')
    .description('back up trees, peers and links to a file, while the node runs')
    .addOption(
      new Option('--tree <TREE>', 'tree to back up; can be repeated')
        .argParser((tree, others: readonly string[]) => [...others, tree])
        .default([], 'all'),
    )
    .option(
      '--with-key',
      "also back up the node's secret key: whoever has the file can then act as this node",
    )
    .option(
      '--since <FILE|last>',
      'earlier backup, whose entries and blobs are left out; last: the last one of this node in DIR, or none',
    )
    .addHelpText(
      'after',
      `
The file is a CAR archive (version 1) of one moment. \`causeway restore\` makes a
node of it, and \`causeway import car\` adds its entries and blobs to a
node.

Exit code 1 if a tree is damaged and thus not whole in the backup.`,
    )
    .addHelpText(
      'after',
      examples(
        'causeway backup /var/backups/causeway',
        'causeway backup /var/backups/causeway --since last',
        'causeway backup - | zstd > backup.car.zst',
      ),
    )
    .action(async (target: string, options: BackupOptions) => {
      const seed = options.withKey ? await ownSeed(options) : undefined
      await write(target, options, { trees: options.tree, withKey: seed !== undefined }, seed, options.since)
    })
  program
    .command('export')
    .argument('<TREE>', 'name or id of the tree')
    .argument('<FILE|DIR|->', 'new file, folder to write one into, or - for stdout')
    .description('write the entries and blobs of a tree to a CAR file')
    .addHelpText('after', examples('causeway export TREE notes.car'))
    .action((tree: string, target: string, options: CommonOptions) =>
      write(target, options, { trees: [tree], entriesOnly: true }),
    )
}

async function ownSeed(options: CommonOptions): Promise<Uint8Array> {
  const identity = await readIdentity(dataFolder(options))
  if (identity !== undefined) return identity.seed
  throw new CausewayError('STORE_CORRUPT', `The data folder ${dataFolder(options)} has no identity.key.`)
}

async function write(
  target: string,
  options: CommonOptions,
  what: Partial<Pick<BackupRequest, 'entriesOnly' | 'withKey'>> & { readonly trees: readonly string[] },
  seed?: Uint8Array,
  since?: string,
): Promise<void> {
  await using clients = await openClients(options)
  const trees = await Promise.all(what.trees.map((tree) => treeArgument(clients, tree)))
  const peer = hexText((await clients.node.getNode({})).peer)
  const before = since === undefined ? undefined : await earlier(since, target, peer)
  await using sink = await openSink(target, peer)
  const bar = new ProgressBar('writing', options.json)
  let [entries, bytes, isFirst] = [0, 0, true]
  let damaged: { readonly tree: Uint8Array; readonly message: string }[] = []
  for await (const part of clients.node.backup({ ...what, trees, ...(before && { since: before }) })) {
    const added = isFirst && seed !== undefined ? [part.bytes, keyBlock(seed)] : [part.bytes]
    isFirst = false
    for (const piece of added) await sink.write(piece)
    bytes += added.reduce((sum, { length }) => sum + length, 0)
    entries = Number(part.entries)
    damaged = part.damaged
    bar.update(entries, Number(part.count))
  }
  await sink.end()
  bar.end()
  for (const { tree, message } of damaged)
    io().stderr.write(`not whole: ${idText(tree)}: ${plainText(message, 1000)}\n`)
  if (damaged.length > 0) io().exitCode = 1
  const document = { file: sink.path, entries, bytes, damaged: damaged.map(({ tree }) => idText(tree)) }
  const text = `Wrote ${quantity(entries, 'entry', 'entries')}, ${bytes.toLocaleString('en')} bytes, to ${target === '-' ? 'stdout' : sink.path}`
  // With the archive on stdout, what is said about it goes to stderr.
  const stream = target === '-' ? io().stderr : io().stdout
  stream.write(`${options.json ? JSON.stringify(document) : text}\n`)
}

/** Reads and checks the backup on which this one is to build; none if it is to be the last one and there is none. */
async function earlier(since: string, target: string, peer: string) {
  if (since === 'last' && !isFolder(target))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      '`--since last` needs a folder to write into: name one, or name the earlier backup.',
    )
  const path = since === 'last' ? await lastBackup(target, peer) : since
  if (path === undefined) return undefined
  const { backup, store, createdAtMs, trees } = await readSince(fileBytes(path))
  // Of an earlier version, or more than the node takes: those are written whole.
  const told = trees.filter(({ number }) => number !== undefined).slice(0, limits.backupPoints)
  return {
    backup: hexToBytes(backup),
    store: hexToBytes(store),
    createdAtMs: BigInt(createdAtMs),
    trees: told.map(({ tree, number = 0, entries }) => ({
      tree: hexToBytes(tree),
      number,
      entries: BigInt(entries),
    })),
  }
}

/** Where the archive goes. Without `end`, disposing it leaves nothing. */
interface Sink extends AsyncDisposable {
  readonly path: string
  write(bytes: Uint8Array): Promise<void>
  end(): Promise<void>
}

async function openSink(target: string, peer: string): Promise<Sink> {
  if (target !== '-') return openFile(isFolder(target) ? join(target, fileName(peer)) : target)
  if (io().stdout.isTTY)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'The archive is binary: send it to a file or a program, not to the terminal.',
    )
  return { path: '-', write: writeOut, end: async () => {}, [Symbol.asyncDispose]: async () => {} }
}

/** Writes beside the file, and renames at the end, so that the file is whole or absent. */
async function openFile(path: string): Promise<Sink> {
  const exists = statSync(path, { throwIfNoEntry: false }) !== undefined
  if (exists)
    throw new CausewayError('ALREADY_EXISTS', `The file ${path} exists: name a new one.`, {
      data: { file: path },
    })
  const temporary = `${path}.${process.pid}.part`
  const file = await open(temporary, 'wx', 0o600).catch((cause) => {
    throw fileError(path, cause)
  })
  let isOpen = true
  const close = async () => {
    if (isOpen) await file.close()
    isOpen = false
  }
  return {
    path,
    write: (bytes) =>
      writeAll(file, bytes).catch((cause) => {
        throw fileError(path, cause)
      }),
    async end() {
      try {
        await file.sync()
        await close()
        await rename(temporary, path)
        await syncFolder(dirname(path))
      } catch (cause) {
        throw fileError(path, cause as Error)
      }
    },
    async [Symbol.asyncDispose]() {
      await close()
      await rm(temporary, { force: true })
    },
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  // Ends: each turn writes some bytes, or throws.
  for (let at = 0; at < bytes.length; ) at += (await file.write(bytes, at)).bytesWritten
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
}

function fileError(path: string, cause: Error): CausewayError {
  const code = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'STORE_FULL' : 'INVALID_ARGUMENT'
  return new CausewayError(code, `The file ${path} cannot be written: ${cause.message}`, {
    cause,
    data: { file: path },
  })
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

/** Returns a name that sorts by time and says whose backup it is. */
function fileName(peer: string): string {
  return `causeway-${peer.slice(0, 8)}-${new Date().toISOString().replace(/[-:]/g, '').replace(/\..*/, 'Z')}.car`
}
