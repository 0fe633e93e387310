/** `causeway connections`: who is connected with the running node now, and which way the bytes take. */
import type { Command } from 'commander'
import { type CommonOptions, openClients } from '../context.ts'
import { hexText, plainText, print } from '../output.ts'

export function addConnections(program: Command): void {
  program
    .command('connections')
    .description('list who is connected now: over what, directly or by a relay, round trip, bytes')
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const { connections: open } = await clients.node.getNode({})
      // Not the commands of this very folder, such as this one.
      const others = open.filter(({ transport }) => transport !== 'local')
      const connections = others.map(({ peer, bytesSent, bytesReceived, ...rest }) => ({
        peer: hexText(peer),
        remoteAddress: rest.remoteAddress,
        transport: rest.transport,
        path: rest.path,
        roundTripMs: rest.roundTripMs,
        bytesSent: Number(bytesSent),
        bytesReceived: Number(bytesReceived),
        inbound: rest.inbound,
      }))
      const lines = connections.map((each) => {
        const who = each.peer || 'somebody unknown'
        const trip = each.roundTripMs > 0 ? `, ${each.roundTripMs} ms` : ''
        return (
          `${each.inbound ? 'from' : 'to'} ${who} at ${plainText(each.remoteAddress)} over ${each.transport} ` +
          `(${each.path}${trip}): ${each.bytesReceived} bytes in, ${each.bytesSent} bytes out`
        )
      })
      print(options, { connections }, lines.join('\n') || 'Nobody is connected.')
    })
}
