/** `causeway id`: prints the node's PeerId. */

import type { Command } from 'commander'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { hexText, print } from '../output.ts'

export function addId(program: Command): void {
  program
    .command('id')
    .description("print this node's PeerId: its public key in 64 hex digits")
    .addHelpText('after', '\nCreates a node in the data folder if there is none yet.')
    .addHelpText('after', examples('causeway id', 'causeway id --data /var/lib/causeway'))
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options, { create: true })
      const { peer, addresses, version } = await clients.node.getNode({})
      print(options, { peer: hexText(peer), addresses, version, running: clients.running }, hexText(peer))
    })
}
