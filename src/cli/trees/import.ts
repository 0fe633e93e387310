/**
 * `causeway import git`: turns every commit of a git repository into an entry with the same parents. The tree itself
 * shows which commits it has, so a later run adds only the new ones.
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
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { hexText, print, quantity } from '../output.ts'
import { allPages } from '../pages.ts'
import { publicOption } from '../permission.ts'
import { ProgressBar } from '../progress.ts'
import { type GitCommit, gitName, listCommits, readCommits } from './git-history.ts'
import { allTrees } from './tree.ts'

/** The store in the tree that holds the commits, and the kind of their changes. */
const gitStore = 'git'
const commitKind = 'commit'

/** An imported commit's place in the tree. */
interface Placed {
  readonly id: EntryId
  readonly height: number
}

interface ImportOptions extends CommonOptions {
  readonly name?: string
  readonly public: PublicAccess
}

export function addImport(program: Command): void {
  program
    .command('import')
    .description('import a history into a tree')
    .command('git')
    .argument('<PATH>', 'git repository')
    .description('import the commits of a git repository, one entry for each')
    .option('--name <NAME>', 'name of the tree (default: the name of the folder)')
    .addOption(publicOption('what everybody may do in a new tree').default(PublicAccess.NONE, 'none'))
    .addHelpText(
      'after',
      '\nThe first run creates the tree. A later run with the same name adds the commits\nthat the tree lacks.',
    )
    .addHelpText('after', examples('causeway import git .', 'causeway import git ../linux --public read'))
    .action(importGit)
}

async function importGit(path: string, options: ImportOptions): Promise<void> {
  const names = await listCommits(path)
  await using clients = await openClients(options, { create: true })
  const identity = await readIdentity(dataFolder(options))
  if (identity === undefined)
    throw new CausewayError('STORE_CORRUPT', `The data folder ${dataFolder(options)} has no identity.key.`)
  const name = options.name ?? basename(resolve(path))
  const found = await findTree(clients, name, identity)
  const tree = found ?? (await createTree(clients, name, options.public))
  const placed =
    found === undefined ? new Map<string, Placed>() : await readPlaced(clients, tree, names[0]?.length ?? 40)
  const fresh = names.filter((commit) => !placed.has(commit))
  const bar = new ProgressBar('importing', options.json)
  await importCommits(clients, identity, tree, placed, readCommits(path, fresh), (done) =>
    bar.update(done, fresh.length),
  )
  bar.end()
  const document = { tree: formatId(tree), entries: names.length, added: fresh.length, name }
  const summary = `Imported ${quantity(fresh.length, 'new commit')}; ${names.length} in total.`
  print(options, document, `${document.tree}\n${summary}`)
}

/** Returns the tree of that name that this node created: the one with the lowest id if there are several. */
async function findTree(clients: Clients, name: string, identity: Identity): Promise<TreeId | undefined> {
  for await (const tree of allTrees(clients)) {
    if (tree.name !== name) continue
    const [root] = (await clients.trees.getEntries({ ids: [tree.id] })).entries
    if (hexText(root!.body!.author) === identity.peer) return idFromBytes(tree.id)
  }
  return undefined
}

async function createTree(clients: Clients, name: string, publicAccess: PublicAccess): Promise<TreeId> {
  const { tree } = await clients.trees.createTree({ name, publicAccess })
  return idFromBytes(tree!.id)
}

/** Reads which commits the tree has, by git's name. */
async function readPlaced(clients: Clients, tree: TreeId, hexDigits: number): Promise<Map<string, Placed>> {
  const placed = new Map<string, Placed>()
  const listed = allPages((page) => clients.trees.listEntries({ tree: idToBytes(tree), ...page }))
  for await (const { entries } of listed)
    for (const { id, body } of entries)
      for (const { store, kind, payload } of body!.changes)
        if (store === gitStore && kind === commitKind)
          placed.set(gitName(payload, hexDigits), { id: idFromBytes(id), height: Number(body!.height) })
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
    // A shallow clone names parents that it does not have. A commit that has none of its parents here
    // stands on the tree's root.
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
