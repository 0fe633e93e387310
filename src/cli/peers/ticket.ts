/** `causeway ticket`: prints a tree with this node's addresses, to hand to somebody. */
import { type Command, Option } from 'commander'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { plainText, print } from '../output.ts'
import { parsePermission } from '../permission.ts'
import { io } from '../streams.ts'
import { treeArgument } from '../trees/tree-argument.ts'

interface TicketOptions extends CommonOptions {
  readonly invite: Permission
  readonly withPeers?: boolean
  readonly lan?: boolean
}

/** What to do if other networks cannot reach the node. */
const remedy =
  'Start the node with --advertise and the address at which others reach it, or with --quic and a --relay. If the ticket is for this network, make it with --lan.'

export function addTicket(program: Command): void {
  program
    .command('ticket')
    .argument('<TREE>', 'name or id of the tree')
    .description('print a ticket for a tree')
    .addOption(
      new Option('--invite <read|write>', 'grant this access to the first peer that joins by the ticket')
        .argParser(parsePermission(['read', 'write']))
        .default(Permission.UNSPECIFIED, 'none'),
    )
    .option('--lan', 'also name the addresses that only nodes in the same network reach')
    .option('--with-peers', 'also name linked peers that have the tree; a first sync takes from all of them')
    .addHelpText(
      'after',
      `
A ticket names the addresses of the running node (\`causeway serve\`) at which
other networks reach it. If there are none it says so and names the others.
With --invite it holds an invitation, which works once and expires after a week.
Until then the ticket is a secret: anyone who has it can join.`,
    )
    .addHelpText('after', examples('causeway ticket bafkrei…', 'causeway ticket bafkrei… --invite write'))
    .action(async (tree: string, options: TicketOptions) => {
      await using clients = await openClients(options)
      const { invite: invitation, withPeers = false, lan = false } = options
      const { ticket, warning } = await clients.node.createTicket({
        ...{ tree: await treeArgument(clients, tree), invitation, withPeers, lan },
      })
      if (warning !== '' && !options.json)
        io().stderr.write(`causeway: ${plainText(warning, 1000)} ${remedy}\n`)
      print(options, { ticket, warning: warning || null }, ticket)
    })
}
