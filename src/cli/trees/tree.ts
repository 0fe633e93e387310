/** `causeway tree create` and `causeway tree list`. */
import { type Command, InvalidArgumentError } from 'commander'
import { PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import type { Tree } from '../../../gen/causeway/v1/tree_pb.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { hexText, plainText, print } from '../output.ts'

const accesses = { none: PublicAccess.NONE, read: PublicAccess.READ, write: PublicAccess.WRITE }
const accessNames = new Map(Object.entries(accesses).map(([name, access]) => [access, name]))

export function accessName(access: PublicAccess): string {
  return accessNames.get(access) ?? 'none'
}

/** Reads `--public`. */
export function parseAccess(text: string): PublicAccess {
  if (!(text in accesses)) throw new InvalidArgumentError('It is none, read or write.')
  return accesses[text as keyof typeof accesses]
}

/** All trees of the node, page by page. */
export async function* allTrees(clients: Clients): AsyncGenerator<Tree> {
  let pageToken = ''
  do {
    const page = await clients.trees.listTrees({ pageToken, pageSize: 1000 })
    yield* page.trees
    pageToken = page.nextPageToken
  } while (pageToken !== '')
}

export function addTree(program: Command): void {
  const tree = program.command('tree').description('make and list trees')
  tree
    .command('create')
    .argument('<NAME>', 'a name for people')
    .description('make a tree and print its id')
    .option(
      '--public <none|read|write>',
      'what everybody may do, without being named',
      parseAccess,
      PublicAccess.NONE,
    )
    .action(async (name: string, options: CommonOptions & { public: PublicAccess }) => {
      await using clients = await openClients(options)
      const { tree: made } = await clients.trees.createTree({ name, publicAccess: options.public })
      print(options, { tree: made!.cid, name }, made!.cid)
    })
  tree
    .command('list')
    .description('list the trees on this node')
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const trees = []
      for await (const { cid, name, count, tipCount, height, bytes, publicAccess, tipsDigest } of allTrees(
        clients,
      ))
        trees.push({
          tree: cid,
          name,
          entries: Number(count),
          tips: Number(tipCount),
          height: Number(height),
          bytes: Number(bytes),
          public: accessName(publicAccess),
          digest: hexText(tipsDigest),
        })
      const lines = trees.map(
        (row) => `${row.tree}  ${String(row.entries).padStart(9)} entries  ${plainText(row.name)}`,
      )
      print(
        options,
        { trees },
        lines.join('\n') || 'No trees yet: make one with `causeway tree create NAME`.',
      )
    })
}
