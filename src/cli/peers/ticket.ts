/** `causeway ticket`: a tree with this node's addresses, to hand to somebody. */
import type { Command } from 'commander'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { idArgument, print } from '../output.ts'
import { parsePermission } from '../permission.ts'

export function addTicket(program: Command): void {
  program
    .command('ticket')
    .argument('<TREE>', "the tree's id")
    .description('print a ticket for a tree; the node must be running (`causeway serve`)')
    .option(
      '--invite <read|write>',
      'let in who first joins by it, within a week; whoever gets hold of the ticket can be that',
      parsePermission(['read', 'write']),
      Permission.UNSPECIFIED,
    )
    .option('--with-peers', 'also name linked peers that have the tree: a first sync takes from all of them')
    .action(async (tree: string, options: CommonOptions & { invite: Permission; withPeers?: boolean }) => {
      await using clients = await openClients(options)
      const { ticket } = await clients.node.createTicket({
        ...{ tree: idArgument(tree), invitation: options.invite, withPeers: options.withPeers ?? false },
      })
      print(options, { ticket }, ticket)
    })
}
