/**
 * `causeway import git`: turns every commit of a git repository into an entry with the same parents. The tree itself
 * shows which commits it has, so a later run adds only the new ones.
 */
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { EntryView } from '../../../gen/causeway/v1/tree_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { entryBytes, type SignedEntry, signEntry } from '../../dag/entry.ts'
import { formatId, idFromBytes, idToBytes, type TreeId } from '../../dag/id.ts'
import type { Identity } from '../../dag/identity.ts'
import { readIdentity } from '../../node/data-folder.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { addImportCar } from '../node/restore.ts'
import { hexText, print, quantity } from '../output.ts'
import { allPages } from '../pages.ts'
import { publicOption } from '../permission.ts'
import { ProgressBar } from '../progress.ts'
import { type GitCommit, gitName, type ListedCommit, listCommits, readCommits } from './git-history.ts'
import { Placement } from './git-placement.ts'
import { allTrees, treeArgument } from './tree-argument.ts'

/** The store in the tree that holds the commits, and the kind of their changes. */
const gitStore = 'git'
const commitKind = 'commit'

interface ImportOptions extends CommonOptions {
  readonly name?: string
  readonly into?: string
  readonly public: PublicAccess
}

export function addImport(program: Command): void {
  const importing = program
    .command('import')
    .description('add the entries of an archive, or import a history')
  addImportCar(importing)
  importing
    .command('git')
    .argument('<PATH>', 'git repository')
    .description('import the commits of a git repository, one entry for each')
    .option('--name <NAME>', 'name of the tree (default: the name of the folder)')
    .option('--into <TREE>', 'tree to import into, whatever its name and the history it has')
    .addOption(publicOption('what everybody may do in a new tree').default(PublicAccess.NONE, 'none'))
    .addHelpText(
      'after',
      `
The first run creates the tree. A later run with the same name adds the commits
that the tree lacks. A tree that has another repository's commits is refused
unless --into names it.`,
    )
    .addHelpText('after', examples('causeway import git .', 'causeway import git ../linux --public read'))
    .action(importGit)
}

async function importGit(path: string, options: ImportOptions): Promise<void> {
  if (options.into !== undefined && options.name !== undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'Give --name or --into, not both: --into names a tree by its id.',
    )
  const commits = await listCommits(path)
  await using clients = await openClients(options, { create: options.into === undefined })
  const into = options.into === undefined ? undefined : idFromBytes(await treeArgument(clients, options.into))
  const identity = await readIdentity(dataFolder(options))
  if (identity === undefined)
    throw new CausewayError('STORE_CORRUPT', `The data folder ${dataFolder(options)} has no identity.key.`)
  const name = options.name ?? basename(resolve(path))
  const target =
    into === undefined
      ? ((await findTree(clients, name, identity, commits)) ??
        (await createTree(clients, name, options.public)))
      : await openOwnTree(clients, into, identity, commits)
  const { tree, placement } = target
  const missing = placement.missing(commits)
  const again = missing.filter((commit) => placement.has(commit)).length
  const bar = new ProgressBar('importing', options.json)
  const redated = await importCommits(clients, identity, target, readCommits(path, missing), (done) =>
    bar.update(done, missing.length),
  )
  bar.end()
  const added = missing.length - again
  const document = { tree: formatId(tree), entries: commits.length, added, again, redated, name: target.name }
  print(options, document, summary(document))
}

function summary({
  tree,
  entries,
  added,
  again,
  redated,
}: Record<'entries' | 'added' | 'again', number> & { tree: string; redated: readonly string[] }): string {
  const lines = [tree, `Imported ${quantity(added, 'new commit')}; ${entries} in total.`]
  if (again > 0)
    lines.push(
      `Imported ${quantity(again, 'commit')} again, with parents that a shallow clone did not have before.`,
    )
  if (redated.length > 0)
    lines.push(
      `Changed ${quantity(redated.length, 'date')} that an entry cannot hold, of ${listNames(redated)}; the commit itself is unchanged.`,
    )
  return lines.join('\n')
}

function listNames(names: readonly string[]): string {
  const most = 5
  return names.slice(0, most).join(', ') + (names.length > most ? ` and ${names.length - most} more` : '')
}

/** The tree to import into, and the commits that it has. */
interface Target {
  readonly tree: TreeId
  readonly name: string
  readonly placement: Placement
}

/**
 * Returns the tree of that name that this node created and that has commits of this repository, or nothing yet. Throws
 * INVALID_ARGUMENT if all trees of that name have something else: folders of one name are no reason to mix histories.
 */
async function findTree(
  clients: Clients,
  name: string,
  identity: Identity,
  commits: readonly ListedCommit[],
): Promise<Target | undefined> {
  let other: TreeId | undefined
  for await (const tree of allTrees(clients)) {
    if (tree.name !== name) continue
    if (!(await createdBy(clients, tree.id, identity))) continue
    const target = await openTree(clients, idFromBytes(tree.id), commits)
    if (tree.count === 1n || commits.some((commit) => target.placement.has(commit.name))) return target
    other ??= target.tree
  }
  if (other !== undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The tree ${formatId(other)} is named ${JSON.stringify(name)}, but has no commit of this repository: give --into ${formatId(other)} to import into it all the same, or --name to create a tree of another name.`,
    )
  return undefined
}

/** Opens the tree that --into names. Throws UNKNOWN_TREE, and INVALID_ARGUMENT if another node created it. */
async function openOwnTree(
  clients: Clients,
  tree: TreeId,
  identity: Identity,
  commits: readonly ListedCommit[],
): Promise<Target> {
  const target = await openTree(clients, tree, commits)
  // Imported commits stand on the root, where only its author may write.
  if (!(await createdBy(clients, idToBytes(tree), identity)))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The tree ${formatId(tree)} was created by another node: import into a tree that this node has created.`,
    )
  return target
}

async function createdBy(clients: Clients, tree: Uint8Array, { peer }: Identity): Promise<boolean> {
  const [root] = (await clients.trees.getEntries({ ids: [tree], view: EntryView.BODY })).entries
  return hexText(root!.body!.author) === peer
}

async function createTree(clients: Clients, name: string, publicAccess: PublicAccess): Promise<Target> {
  const created = await clients.trees.createTree({ name, publicAccess })
  const tree = idFromBytes(created.tree!.id)
  return { tree, name, placement: new Placement(tree) }
}

/** Reads which commits a tree has. Throws UNKNOWN_TREE. */
async function openTree(clients: Clients, tree: TreeId, commits: readonly ListedCommit[]): Promise<Target> {
  const { name } = (await clients.trees.getTree({ tree: idToBytes(tree) })).tree!
  const hexDigits = commits[0]?.name.length ?? 40
  const placement = new Placement(tree)
  const listed = allPages((page) =>
    clients.trees.listEntries({ tree: idToBytes(tree), stores: [gitStore], view: EntryView.BODY, ...page }),
  )
  for await (const { entries } of listed)
    for (const { id, body } of entries)
      for (const { store, kind, payload } of body!.changes)
        if (store === gitStore && kind === commitKind)
          placement.addImported(gitName(payload, hexDigits), {
            id: idFromBytes(id),
            height: Number(body!.height),
            parents: body!.parents.map(idFromBytes),
          })
  return { tree, name, placement }
}

/** Imports commits, parents first. Returns the names of those whose date had to be changed. */
async function importCommits(
  clients: Clients,
  identity: Identity,
  { tree, placement }: Target,
  commits: AsyncIterable<GitCommit>,
  onProgress: (done: number) => void,
): Promise<string[]> {
  const redated: string[] = []
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
  for await (const commit of commits) {
    const createdAtMs = dateFor(commit)
    if (createdAtMs !== commit.committedAtMs) redated.push(commit.name)
    const entry = entryFor(identity, tree, placement, commit, createdAtMs)
    const size = entryBytes(entry.signed)
    if (page.length === limits.pageEntries || bytes + size > limits.pageBytes) await flush()
    placement.place(commit.name, entry.placed)
    page.push(entry.signed)
    bytes += size
  }
  await flush()
  return redated
}

/** Returns the nearest date that an entry can hold; 1970 if the commit has none. */
function dateFor({ committedAtMs }: GitCommit): number {
  return Math.min(Math.max(0, committedAtMs || 0), Number.MAX_SAFE_INTEGER)
}

/** Throws the error of an entry that cannot be signed, and names its commit. */
function entryFor(
  identity: Identity,
  tree: TreeId,
  placement: Placement,
  { name, object, parents }: GitCommit,
  createdAtMs: number,
) {
  const on = placement.parentsFor(parents)
  try {
    const { id, body, signed } = signEntry(identity, {
      tree,
      parents: [...new Set(on.map(({ id }) => id))],
      height: 1 + Math.max(...on.map(({ height }) => height)),
      createdAtMs,
      changes: [{ store: gitStore, kind: commitKind, payload: object }],
    })
    return { signed, placed: { id, height: body.height, parents: body.parents } }
  } catch (error) {
    const { code, message } = CausewayError.from(error)
    throw new CausewayError(code, `The commit ${name} cannot become an entry: ${message}`, { cause: error })
  }
}
