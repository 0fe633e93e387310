/** `causeway policy`, `grant` and `revoke`: who may do what in a tree. */
import type { Command } from 'commander'
import type { Permission, PublicAccess } from '../../../gen/causeway/v1/entry_pb.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { hexText, idArgument, idText, peerArgument, plainText, print } from '../output.ts'
import { parsePermission, permissionName } from '../permission.ts'
import { accessName, parseAccess } from '../trees/tree.ts'

export function addPolicy(program: Command): void {
  program
    .command('policy')
    .argument('<TREE>', "the tree's id")
    .description('tell who may do what in a tree, or change what everybody may')
    .option(
      '--public <none|read|write>',
      'what everybody may do from now on, without being named',
      parseAccess,
    )
    .action(async (text: string, options: CommonOptions & { public?: PublicAccess }) => {
      await using clients = await openClients(options)
      const tree = idArgument(text)
      if (options.public !== undefined)
        await clients.node.changePolicy({ tree, publicAccess: options.public })
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
      const everybody = `everybody: ${access}`
      const document = { tree: text, public: access, keys, own: permissionName(own) }
      print(options, document, [everybody, ...lines].join('\n'))
    })
  program
    .command('grant')
    .argument('<TREE>', "the tree's id")
    .argument('<PEER>', 'the PeerId to let in: `causeway id` prints it there')
    .argument('<read|write|admin>', 'what it may do; each includes those before it', (permission: string) =>
      parsePermission(['read', 'write', 'admin'])(permission),
    )
    .description('let a peer read, write or administer a tree (for its admins)')
    .option('--name <NAME>', 'a name for people', '')
    .action(
      async (
        text: string,
        peerText: string,
        permission: Permission,
        options: CommonOptions & { name: string },
      ) => {
        await using clients = await openClients(options)
        const peer = peerArgument(peerText)
        const grants = [{ peer, permission, name: options.name }]
        const { entry } = await clients.node.changePolicy({ tree: idArgument(text), grants })
        const may = permissionName(permission)
        const document = { tree: text, peer: hexText(peer), permission: may, entry: idText(entry) }
        print(options, document, `${hexText(peer)} may now ${may} ${text}.`)
      },
    )
  program
    .command('revoke')
    .argument('<TREE>', "the tree's id")
    .argument('<PEER>', 'the PeerId that loses all rights')
    .description(
      'take all rights from a peer (for admins): what it wrote until now stands, what else comes is void',
    )
    .action(async (text: string, peerText: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      const peer = peerArgument(peerText)
      const { entry, lastAccepted } = await clients.node.revokeKey({ tree: idArgument(text), peer })
      const document = {
        ...{ tree: text, peer: hexText(peer), entry: idText(entry) },
        lastAccepted: lastAccepted.map(idText),
      }
      print(options, document, `${hexText(peer)} is revoked in ${text}.`)
    })
}
