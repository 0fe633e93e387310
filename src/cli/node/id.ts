/** `causeway id`: who this node is. */
import type { Command } from 'commander'
import { type CommonOptions, openClients } from '../context.ts'
import { hexText, print } from '../output.ts'

export function addId(program: Command): void {
  program
    .command('id')
    .description("print this node's PeerId: its public key, 64 hex digits")
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const { peer, addresses, version } = await clients.node.getNode({})
      print(options, { peer: hexText(peer), addresses, version, running: clients.running }, hexText(peer))
    })
}
