/** `causeway ticket`: a tree with this node's addresses, to hand to somebody. */
import type { Command } from 'commander'
import { type CommonOptions, openClients } from './context.ts'
import { idArgument, print } from './output.ts'

export function addTicket(program: Command): void {
  program
    .command('ticket')
    .argument('<TREE>', "the tree's id")
    .description('print a ticket for a tree; the node must be running (`causeway serve`)')
    .action(async (tree: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      const { ticket } = await clients.node.createTicket({ tree: idArgument(tree) })
      print(options, { ticket }, ticket)
    })
}
