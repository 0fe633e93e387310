/** `causeway tree create`, `causeway tree list` and `causeway tree remove`. */
import type { Command } from 'commander'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { Tree } from '../../../gen/causeway/v1/tree_pb.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { asCausewayError, hexText, idText, plainText, print, quantity } from '../output.ts'
import { accessName, publicOption } from '../permission.ts'
import { ProgressBar } from '../progress.ts'
import { complain, quoted } from '../stores/reading.ts'
import { io } from '../streams.ts'
import { confirm } from './confirm.ts'
import { allTrees, treeArgument } from './tree-argument.ts'

export function addTree(program: Command): void {
  const tree = program.command('tree').description('create, list and remove trees')
  tree
    .command('create')
    .argument('<NAME>', 'name of the tree')
    .description('create a tree and print its id')
    .addOption(publicOption('what everybody may do in the tree').default(PublicAccess.NONE, 'none'))
    .addHelpText('after', examples('causeway tree create notes', 'causeway tree create news --public read'))
    .action(async (name: string, options: CommonOptions & { public: PublicAccess }) => {
      await using clients = await openClients(options, { create: true })
      const isTaken = await hasTreeNamed(clients, name)
      const { tree: created } = await clients.trees.createTree({ name, publicAccess: options.public })
      if (isTaken && !options.json)
        complain(`Another tree here has the name ${quoted(name)} too: name each of them by its id`)
      print(options, { tree: created!.cid, name }, created!.cid)
    })
  tree
    .command('list')
    .description('list the trees on this node')
    .addHelpText('after', examples('causeway tree list', 'causeway tree list --json'))
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const trees = []
      for await (const each of allTrees(clients)) trees.push(treeDocument(each))
      const lines = trees.map(
        ({ tree, entries, name, damage }) =>
          `${tree}  ${quantity(entries, 'entry', 'entries').padStart(17)}  ${damage ? '(set aside, since it is damaged)' : plainText(name)}`,
      )
      const none = 'No trees yet; run `causeway tree create NAME` to create one.'
      print(options, { trees }, lines.join('\n') || none)
    })
  addRemove(tree)
}

interface RemoveOptions extends CommonOptions {
  readonly yes?: boolean
}

function addRemove(tree: Command): void {
  tree
    .command('remove')
    .argument('<TREE>', 'name or id of the tree')
    .description('remove a tree from this node, with its links')
    .option('--yes', 'do not ask for confirmation')
    .addHelpText(
      'after',
      '\nOther nodes keep the tree, and it comes back only if you link, join, sync or\nimport it again. What no other node has is lost.',
    )
    .addHelpText('after', examples('causeway tree remove diary', 'causeway tree remove bafkrei… --yes'))
    .action(removeTree)
}

async function removeTree(text: string, options: RemoveOptions): Promise<void> {
  await using clients = await openClients(options)
  const tree = await treeArgument(clients, text)
  const known = await knownTree(clients, tree)
  if (known !== undefined && !options.yes) {
    const what = `the tree ${plainText(known.name)} with ${quantity(Number(known.count), 'entry', 'entries')}`
    if (!(await confirm(`Remove ${what} from this node? What no other node has is lost.`))) {
      io().stderr.write('Nothing was removed.\n')
      io().exitCode = 1
      return
    }
  }
  const bar = new ProgressBar('removing', options.json)
  let entries = 0
  for await (const { removed, count } of clients.trees.removeTree({ tree })) {
    entries = Number(count)
    bar.update(Number(removed), entries)
  }
  bar.end()
  const summary = `Removed ${idText(tree)} with ${quantity(entries, 'entry', 'entries')}.`
  print(options, { tree: idText(tree), entries }, summary)
}

/** Reports whether a tree here has this name. */
async function hasTreeNamed(clients: Clients, name: string): Promise<boolean> {
  for await (const tree of allTrees(clients)) if (tree.name === name) return true
  return false
}

/** Returns a tree, or undefined if it is not here: its removal may have been interrupted, and then it goes on. */
async function knownTree(clients: Clients, tree: Uint8Array): Promise<Tree | undefined> {
  try {
    return (await clients.trees.getTree({ tree })).tree
  } catch (error) {
    if (asCausewayError(error).code === 'UNKNOWN_TREE') return undefined
    throw error
  }
}

function treeDocument(tree: Tree) {
  const { cid, name, count, tipCount, height, bytes, publicAccess, tipsDigest, damage } = tree
  return {
    tree: cid,
    name,
    entries: Number(count),
    tips: Number(tipCount),
    height: Number(height),
    bytes: Number(bytes),
    public: accessName(publicAccess),
    digest: hexText(tipsDigest),
    ...(damage !== '' && { damage }),
  }
}
