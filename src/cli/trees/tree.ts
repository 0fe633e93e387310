/** `causeway tree create` and `causeway tree list`. */
import type { Command } from 'commander'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { Tree } from '../../../gen/causeway/v1/tree_pb.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { hexText, plainText, print } from '../output.ts'
import { allPages } from '../pages.ts'
import { accessName, publicOption } from '../permission.ts'

/** Yields all trees of the node. */
export async function* allTrees(clients: Clients): AsyncGenerator<Tree> {
  for await (const { trees } of allPages((page) => clients.trees.listTrees(page))) yield* trees
}

export function addTree(program: Command): void {
  const tree = program.command('tree').description('create and list trees')
  tree
    .command('create')
    .argument('<NAME>', 'name of the tree')
    .description('create a tree and print its id')
    .addOption(publicOption('what everybody may do in the tree').default(PublicAccess.NONE, 'none'))
    .addHelpText('after', examples('causeway tree create notes', 'causeway tree create news --public read'))
    .action(async (name: string, options: CommonOptions & { public: PublicAccess }) => {
      await using clients = await openClients(options, { create: true })
      const { tree: created } = await clients.trees.createTree({ name, publicAccess: options.public })
      print(options, { tree: created!.cid, name }, created!.cid)
    })
  tree
    .command('list')
    .description('list the trees on this node')
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const trees = []
      for await (const each of allTrees(clients)) trees.push(treeDocument(each))
      const lines = trees.map(
        ({ tree, entries, name }) => `${tree}  ${String(entries).padStart(9)} entries  ${plainText(name)}`,
      )
      const none = 'No trees yet; run `causeway tree create NAME` to create one.'
      print(options, { trees }, lines.join('\n') || none)
    })
}

function treeDocument({ cid, name, count, tipCount, height, bytes, publicAccess, tipsDigest }: Tree) {
  return {
    tree: cid,
    name,
    entries: Number(count),
    tips: Number(tipCount),
    height: Number(height),
    bytes: Number(bytes),
    public: accessName(publicAccess),
    digest: hexText(tipsDigest),
  }
}
