/** `causeway tunnel`: a local port that leads through a transport to a peer. */
import type { Command } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { createNode } from '../../node/node.ts'
import { isTicket, parseTicket } from '../../peer/ticket.ts'
import { openTunnel } from '../../transport/tunnel.ts'
import { type CommonOptions, type Relay, relayOption } from '../context.ts'
import { type HostPort, parseHostPort } from '../host-port.ts'
import { print, printError } from '../output.ts'
import { untilStopped } from '../stop.ts'

export function addTunnel(program: Command): void {
  program
    .command('tunnel')
    .argument('<ADDRESS|TICKET>', 'the peer: iroh:endpoint…, or a ticket with such an address')
    .description('forward a local port through QUIC to a peer, for any gRPC, Connect or curl client')
    .option('--listen <HOST:PORT>', 'the local port; 0 takes a free one', parseHostPort, {
      host: '127.0.0.1',
      port: 0,
    })
    .addOption(relayOption())
    .addHelpText(
      'after',
      `
Examples, with the tunnel on port 8080:
  causeway tunnel iroh:endpoint… --listen 127.0.0.1:8080
  curl --json '{}' http://127.0.0.1:8080/causeway.v1.TreeService/ListTrees
  buf curl --schema proto --protocol grpc --http2-prior-knowledge \\
    http://127.0.0.1:8080/causeway.v1.TreeService/ListTrees
  grpcurl -plaintext -import-path proto -proto causeway/v1/tree.proto \\
    127.0.0.1:8080 causeway.v1.TreeService/ListTrees`,
    )
    .action(tunnel)
}

async function tunnel(
  target: string,
  options: CommonOptions & { listen: HostPort; relay: Relay },
): Promise<void> {
  const addresses = isTicket(target) ? parseTicket(target).addresses : [target]
  const address = addresses.find((each) => each.startsWith('iroh:')) ?? addresses[0]!
  // The tunnel needs a key of its own, not the data folder's: it only carries bytes.
  await using node = await createNode({ quic: { relay: options.relay } })
  const { transports } = node
  const dial = (signal?: AbortSignal) => transports.dial(address, signal === undefined ? {} : { signal })
  // Whoever starts a tunnel wants to know now whether the peer can be reached.
  const first = await dial().catch((error) => {
    throw new CausewayError(
      CausewayError.from(error).code,
      `The peer cannot be reached: ${(error as Error).message}`,
      {
        cause: error,
      },
    )
  })
  first.stream.on('error', () => {})
  first.stream.destroy()
  await using open = await openTunnel({ ...options.listen, dial, onError: printError })
  const url = `http://${open.host.includes(':') ? `[${open.host}]` : open.host}:${open.port}`
  print(options, { event: 'ready', url, address }, `${url} leads to ${address}; stop with Ctrl-C.`)
  await untilStopped()
}
