/** `causeway app add|list|revoke`: keys of services, each with a name and just the rights that it needs. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { App } from '../../../gen/causeway/v1/node_pb.ts'
import type { Identity } from '../../dag/identity.ts'
import { newIdentity } from '../../node/data-folder.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { hexText, idText, peerArgument, plainText, print, quantity, timeText } from '../output.ts'
import { allPages } from '../pages.ts'
import { parsePermission, permissionName } from '../permission.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { readKeyFile, seedText, writeKeyFile } from './key-file.ts'

interface AddOptions extends CommonOptions {
  readonly tree: readonly string[]
  readonly permission: Permission
  readonly key?: string
  readonly peer?: string
}

export function addApp(program: Command): void {
  const app = program.command('app').description('manage the keys of applications that call this node')
  app
    .command('add')
    .argument('<NAME>', 'name of the application key, unique in this node')
    .description('make a key for an application, and grant it just these rights')
    .requiredOption(
      '--tree <TREE>',
      'a tree that the application may use; may be given several times',
      (tree: string, trees: readonly string[] = []) => [...trees, tree],
    )
    .addOption(
      new Option('--permission <read|write|admin>', 'what it may do in these trees')
        .argParser(parsePermission(['read', 'write', 'admin']))
        .default(Permission.READ, 'read'),
    )
    .option('--key <FILE>', 'keep the key in this file; use the key that is in it already')
    .option('--peer <PEER>', 'name a key that the application made itself')
    .addHelpText(
      'after',
      `
Prints the secret seed of the key once, or writes it to FILE with mode 0600 and
prints its PeerId. The node keeps only the public key. Repeat the command with
the same key to grant more, or after it was cut. Only an admin of the trees can
grant rights.`,
    )
    .addHelpText(
      'after',
      examples(
        'causeway app add billing --tree bafkrei… --permission write --key billing.key',
        'causeway token --key billing.key --audience PEER',
      ),
    )
    .action(add)
  app
    .command('list')
    .description('list the application keys and their rights')
    .addHelpText('after', examples('causeway app list'))
    .action(list)
  app
    .command('revoke')
    .argument('<NAME>', 'name of the application key')
    .description('revoke an application key in all trees that it is for, and forget its name')
    .addHelpText('after', '\nEntries that the application wrote before stay valid; later ones are void.')
    .addHelpText('after', examples('causeway app revoke billing'))
    .action(revoke)
}

async function add(name: string, options: AddOptions): Promise<void> {
  const { tree, permission, key: file, peer: own } = options
  if (file !== undefined && own !== undefined)
    throw new InvalidArgumentError('--key and --peer name two keys: give one of them.')
  await using clients = await openClients(options)
  const trees = await Promise.all(tree.map((each) => treeArgument(clients, each)))
  const made = own === undefined ? await keyOf(file) : undefined
  const peer = made === undefined ? peerArgument(own!) : Buffer.from(made.identity.peer, 'hex')
  const grants = trees.map((id) => ({ tree: id, permission }))
  const { app } = await clients.node.addApp({ name, peer, grants })
  const seed = made !== undefined && file === undefined ? seedText(made.identity) : undefined
  const document = { ...appDocument(app!), ...(seed && { seed }), ...(file !== undefined && { key: file }) }
  print(options, document, seed ?? hexText(app!.peer))
}

/** Returns the key in the file, or a new one, which the file has before any right is granted to it. */
async function keyOf(file: string | undefined): Promise<{ readonly identity: Identity }> {
  const known = file === undefined ? undefined : await readKeyFile(file)
  if (known !== undefined) return { identity: known }
  const identity = newIdentity()
  if (file !== undefined) await writeKeyFile(file, identity)
  return { identity }
}

async function list(options: CommonOptions): Promise<void> {
  await using clients = await openClients(options)
  const apps: App[] = []
  for await (const page of allPages((request) => clients.node.listApps(request))) apps.push(...page.apps)
  const text = apps.map(appText).join('\n') || 'No application keys.'
  print(options, { apps: apps.map(appDocument) }, text)
}

async function revoke(name: string, options: CommonOptions): Promise<void> {
  await using clients = await openClients(options)
  const { trees } = await clients.node.revokeApp({ name })
  const document = { name, trees: trees.map(idText) }
  print(options, document, `Revoked ${plainText(name)} in ${quantity(trees.length, 'tree')}.`)
}

function appDocument({ name, peer, createdAtMs, rights }: App) {
  return {
    ...{ name, peer: hexText(peer), created: timeText(createdAtMs) },
    rights: rights.map(({ tree, permission }) => ({
      tree: idText(tree),
      permission: permissionName(permission),
    })),
  }
}

function appText({ name, peer, rights }: App): string {
  const lines = rights.map(({ tree, permission }) => `  ${idText(tree)}  ${permissionName(permission)}`)
  return [`${hexText(peer)}  ${plainText(name)}`, ...lines].join('\n')
}
