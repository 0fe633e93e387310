/** `causeway ticket`: prints a tree with this node's addresses, to hand to somebody. */
import { type Command, Option } from 'commander'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { idArgument, print } from '../output.ts'
import { parsePermission } from '../permission.ts'

export function addTicket(program: Command): void {
  program
    .command('ticket')
    .argument('<TREE>', 'id of the tree')
    .description('print a ticket for a tree')
    .addOption(
      new Option('--invite <read|write>', 'grant this access to the first peer that joins by the ticket')
        .argParser(parsePermission(['read', 'write']))
        .default(Permission.UNSPECIFIED, 'none'),
    )
    .option('--with-peers', 'also name linked peers that have the tree; a first sync takes from all of them')
    .addHelpText(
      'after',
      `
A ticket names the addresses of the running node (\`causeway serve\`).
With --invite it holds an invitation, which works once and expires after a week.
Until then the ticket is a secret: anyone who has it can join.`,
    )
    .addHelpText('after', examples('causeway ticket bafkrei…', 'causeway ticket bafkrei… --invite write'))
    .action(async (tree: string, options: CommonOptions & { invite: Permission; withPeers?: boolean }) => {
      await using clients = await openClients(options)
      const { ticket } = await clients.node.createTicket({
        ...{ tree: idArgument(tree), invitation: options.invite, withPeers: options.withPeers ?? false },
      })
      print(options, { ticket }, ticket)
    })
}
