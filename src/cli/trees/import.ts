/**
 * `causeway import git`: every commit of a git repository becomes an entry with the same parents. What was imported
 * before is found in the tree itself, so running it again adds only what is new.
 */
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { entryBytes, type SignedEntry, signEntry } from '../../dag/entry.ts'
import { type EntryId, formatId, idFromBytes, idToBytes, type TreeId } from '../../dag/id.ts'
import type { Identity } from '../../dag/identity.ts'
import { readIdentity } from '../../node/data-folder.ts'
import { type Clients, type CommonOptions, dataFolder, openClients } from '../context.ts'
import { print } from '../output.ts'
import { ProgressBar } from '../progress.ts'
import { type GitCommit, gitName, listCommits, readCommits } from './git-history.ts'
import { allTrees, parseAccess } from './tree.ts'

/** The store of the tree that holds commits, and the kind of change that each is. */
const gitStore = 'git'
const commitKind = 'commit'

interface Placed {
  readonly id: EntryId
  readonly height: number
}

export function addImport(program: Command): void {
  program
    .command('import')
    .description('take in history from elsewhere')
    .command('git')
    .argument('<PATH>', 'a git repository')
    .description('make an entry of every commit of a git repository; again: of every new one')
    .option('--name <NAME>', "the tree's name (default: the folder's)")
    .option(
      '--public <none|read|write>',
      'what everybody may do with a new tree',
      parseAccess,
      PublicAccess.NONE,
    )
    .action(async (path: string, options: CommonOptions & { name?: string; public: PublicAccess }) => {
      const names = await listCommits(path)
      await using clients = await openClients(options)
      const identity = await readIdentity(dataFolder(options))
      if (identity === undefined) throw new CausewayError('STORE_CORRUPT', 'The data folder has no key.')
      const name = options.name ?? basename(resolve(path))
      const found = await findTree(clients, name, identity)
      const tree = found ?? (await createTree(clients, name, options.public))
      const placed =
        found === undefined
          ? new Map<string, Placed>()
          : await readPlaced(clients, tree, names[0]?.length ?? 40)
      const fresh = names.filter((commit) => !placed.has(commit))
      const bar = new ProgressBar('importing', options.json)
      await importCommits(clients, identity, tree, placed, readCommits(path, fresh), (done) =>
        bar.update(done, fresh.length),
      )
      bar.end()
      const document = { tree: formatId(tree), entries: names.length, added: fresh.length, name }
      print(options, document, `${document.tree}\n${fresh.length} commits imported, ${names.length} in all.`)
    })
}

/** The tree of that name that this node made; the lowest id where there are several. */
async function findTree(clients: Clients, name: string, identity: Identity): Promise<TreeId | undefined> {
  for await (const tree of allTrees(clients)) {
    if (tree.name !== name) continue
    const [root] = (await clients.trees.getEntries({ ids: [tree.id] })).entries
    if (Buffer.from(root!.body!.author).toString('hex') === identity.peer) return idFromBytes(tree.id)
  }
  return undefined
}

async function createTree(clients: Clients, name: string, publicAccess: PublicAccess): Promise<TreeId> {
  const { tree } = await clients.trees.createTree({ name, publicAccess })
  return idFromBytes(tree!.id)
}

/** The commits that are in the tree already, by name. */
async function readPlaced(clients: Clients, tree: TreeId, hexDigits: number): Promise<Map<string, Placed>> {
  const placed = new Map<string, Placed>()
  let pageToken = ''
  do {
    const page = await clients.trees.listEntries({ tree: idToBytes(tree), pageSize: 1000, pageToken })
    for (const { id, body } of page.entries)
      for (const { store, kind, payload } of body!.changes)
        if (store === gitStore && kind === commitKind)
          placed.set(gitName(payload, hexDigits), { id: idFromBytes(id), height: Number(body!.height) })
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  return placed
}

async function importCommits(
  clients: Clients,
  identity: Identity,
  tree: TreeId,
  placed: Map<string, Placed>,
  commits: AsyncIterable<GitCommit>,
  onProgress: (done: number) => void,
): Promise<void> {
  let page: SignedEntry[] = []
  let bytes = 0
  let done = 0
  const flush = async () => {
    if (page.length > 0) await clients.trees.submitEntries({ tree: idToBytes(tree), entries: page })
    done += page.length
    page = []
    bytes = 0
    onProgress(done)
  }
  for await (const { name, object, parents, committedAtMs } of commits) {
    // A shallow clone names parents that it does not have; what has no parent here hangs from the tree's root.
    const known = parents.flatMap((parent) => placed.get(parent) ?? [])
    const on = known.length > 0 ? known : [{ id: tree, height: 0 }]
    const entry = signEntry(identity, {
      tree,
      parents: [...new Set(on.map(({ id }) => id))],
      height: 1 + Math.max(...on.map(({ height }) => height)),
      createdAtMs: committedAtMs,
      changes: [{ store: gitStore, kind: commitKind, payload: object }],
    })
    const size = entryBytes(entry.signed)
    if (page.length === limits.pageEntries || bytes + size > limits.pageBytes) await flush()
    placed.set(name, { id: entry.id, height: entry.body.height })
    page.push(entry.signed)
    bytes += size
  }
  await flush()
}
