/** `causeway connections`: lists the open connections of the running node and the network path of each. */

import type { Command } from 'commander'
import type { Connection } from '../../../gen/causeway/v1/node_pb.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { hexText, plainText, print } from '../output.ts'
import { relayDocument, relayLine } from './relay-view.ts'

export function addConnections(program: Command): void {
  program
    .command('connections')
    .description('list open connections and their network paths')
    .addHelpText('after', examples('causeway connections'))
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const { connections: open, relay } = await clients.node.getNode({})
      // Leave out the commands on this data folder, such as this one.
      const connections = open.filter(({ transport }) => transport !== 'local').map(connectionDocument)
      const none = clients.running
        ? 'No open connections.'
        : 'No open connections: no node is running on the data folder.'
      const lines = [...(relay ? [relayLine(relay)] : []), connections.map(connectionText).join('\n') || none]
      print(options, { connections, relay: relayDocument(relay) }, lines.join('\n'))
    })
}

function connectionDocument({ peer, bytesSent, bytesReceived, ...rest }: Connection) {
  return {
    peer: hexText(peer),
    remoteAddress: rest.remoteAddress,
    transport: rest.transport,
    path: rest.path,
    roundTripMs: rest.roundTripMs,
    bytesSent: Number(bytesSent),
    bytesReceived: Number(bytesReceived),
    inbound: rest.inbound,
  }
}

function connectionText(connection: ReturnType<typeof connectionDocument>): string {
  const { peer, remoteAddress, transport, path, roundTripMs, bytesSent, bytesReceived, inbound } = connection
  const roundTrip = roundTripMs > 0 ? `, ${roundTripMs} ms` : ''
  return (
    `${inbound ? 'from' : 'to'} ${peer || 'an unidentified peer'} at ${plainText(remoteAddress)} over ${transport} ` +
    `(${path}${roundTrip}): ${bytesReceived} bytes in, ${bytesSent} bytes out`
  )
}
