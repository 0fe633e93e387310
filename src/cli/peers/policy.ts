/** `causeway policy`, `grant` and `revoke`: show and change who may do what in a tree. */
import type { Command } from 'commander'
import type { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples, textOption } from '../help.ts'
import { hexText, idText, peerArgument, plainText, print } from '../output.ts'
import { accessName, parsePermission, permissionName, publicOption } from '../permission.ts'
import { treeArgument } from '../trees/tree-argument.ts'

export function addPolicy(program: Command): void {
  program
    .command('policy')
    .argument('<TREE>', 'name or id of the tree')
    .description('show who may do what in a tree, or change its public access')
    .addOption(publicOption('set what everybody may do in the tree (admins only)'))
    .addHelpText('after', examples('causeway policy bafkrei…', 'causeway policy bafkrei… --public read'))
    .action(showPolicy)
  program
    .command('grant')
    .argument('<TREE>', 'name or id of the tree')
    .argument('<PEER>', 'PeerId of the peer; `causeway id` prints it there')
    .argument(
      '<read|write|admin>',
      'what the peer may do; write includes read, and admin includes write',
      (permission: string) => parsePermission(['read', 'write', 'admin'])(permission),
    )
    .description('let a peer read, write or administer a tree')
    .addOption(textOption('--name <NAME>', 'name of the peer, for people'))
    .addHelpText('after', '\nOnly an admin of the tree can grant access.')
    .addHelpText('after', examples('causeway grant bafkrei… 3b6a27bc… write --name Bob'))
    .action(grant)
  program
    .command('revoke')
    .argument('<TREE>', 'name or id of the tree')
    .argument('<PEER>', 'PeerId of the peer')
    .description("revoke a peer's access; entries it wrote before stay valid, later ones are void")
    .addHelpText(
      'after',
      `
Only an admin of the tree can revoke access. Entries of the peer that have not
arrived at this node yet count as later ones.`,
    )
    .addHelpText('after', examples('causeway revoke bafkrei… 3b6a27bc…'))
    .action(revoke)
}

async function showPolicy(text: string, options: CommonOptions & { public?: PublicAccess }): Promise<void> {
  await using clients = await openClients(options)
  const tree = await treeArgument(clients, text)
  if (options.public !== undefined) await clients.node.changePolicy({ tree, publicAccess: options.public })
  const { publicAccess, members, own } = await clients.node.getPolicy({ tree })
  const keys = members.map(({ peer, permission, name, revoked }) => ({
    peer: hexText(peer),
    permission: permissionName(permission),
    name,
    revoked,
  }))
  const access = accessName(publicAccess)
  const lines = keys.map(({ peer, permission, name, revoked }) =>
    `${peer}  ${(revoked ? 'revoked' : permission).padEnd(7)}  ${plainText(name)}`.trimEnd(),
  )
  const document = { tree: idText(tree), public: access, keys, own: permissionName(own) }
  print(options, document, [`everybody: ${access}`, ...lines].join('\n'))
}

async function grant(
  text: string,
  peerText: string,
  permission: Permission,
  options: CommonOptions & { name: string },
): Promise<void> {
  await using clients = await openClients(options)
  const peer = peerArgument(peerText)
  const grants = [{ peer, permission, name: options.name }]
  const tree = await treeArgument(clients, text)
  const { entry } = await clients.node.changePolicy({ tree, grants })
  const name = permissionName(permission)
  const document = { tree: idText(tree), peer: hexText(peer), permission: name, entry: idText(entry) }
  print(options, document, `Granted ${name} access to ${plainText(text)} to ${hexText(peer)}.`)
}

async function revoke(text: string, peerText: string, options: CommonOptions): Promise<void> {
  await using clients = await openClients(options)
  const peer = peerArgument(peerText)
  const tree = await treeArgument(clients, text)
  const { entry, lastAccepted } = await clients.node.revokeKey({ tree, peer })
  const document = {
    ...{ tree: idText(tree), peer: hexText(peer), entry: idText(entry) },
    lastAccepted: lastAccepted.map(idText),
  }
  print(options, document, `Revoked the access of ${hexText(peer)} to ${plainText(text)}.`)
}
