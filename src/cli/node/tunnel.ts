/** `causeway tunnel`: forwards a local port to a peer through a transport. */
import { type Command, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import type { PeerId } from '../../dag/identity.ts'
import { createNode } from '../../node/node.ts'
import { isTicket, parseTicket } from '../../peer/ticket.ts'
import type { Channel } from '../../transport/transport.ts'
import { openTunnel } from '../../transport/tunnel.ts'
import type { CommonOptions } from '../context.ts'
import { examples } from '../help.ts'
import { formatHostPort, type HostPort, parseHostPort } from '../host-port.ts'
import { print, printError } from '../output.ts'
import { addRelayOptions, relaysOf } from '../peers/relay.ts'
import { untilStopped } from '../stop.ts'

export function addTunnel(program: Command): void {
  const command = program
    .command('tunnel')
    .argument('<ADDRESS|TICKET>', 'address of the peer (iroh:endpoint…), or a ticket that has one')
    .description('forward a local port to a peer over QUIC')
    .addOption(
      new Option('--listen <HOST:PORT>', 'local address to listen on; port 0 means any free port')
        .argParser(parseHostPort)
        .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1:0'),
    )
  addRelayOptions(command)
    .addHelpText('after', '\nAny gRPC, Connect or HTTP client can use the port.')
    .addHelpText(
      'after',
      examples(
        'causeway tunnel iroh:endpoint… --listen 127.0.0.1:8080',
        "curl --json '{}' http://127.0.0.1:8080/causeway.v1.TreeService/ListTrees",
        'buf curl --schema proto --protocol grpc --http2-prior-knowledge \\',
        '  http://127.0.0.1:8080/causeway.v1.TreeService/ListTrees',
        'grpcurl -plaintext -import-path proto -proto causeway/v1/tree.proto \\',
        '  127.0.0.1:8080 causeway.v1.TreeService/ListTrees',
      ),
    )
    .action(tunnel)
}

async function tunnel(target: string, options: CommonOptions & { listen: HostPort }): Promise<void> {
  const addresses = isTicket(target) ? parseTicket(target).addresses : [target]
  const address = addresses.find((each) => each.startsWith('iroh:')) ?? addresses[0]!
  // The tunnel only carries bytes, so it uses a new key instead of the data folder's.
  await using node = await createNode({ quic: await relaysOf(options) })
  const { transports } = node
  // What is no address at all is a mistake of the caller, not a peer that is away.
  transports.route(address)
  const issuer = isTicket(target) ? parseTicket(target).peer : undefined
  const dial = async (signal?: AbortSignal) =>
    leadingTo(issuer, await transports.dial(address, signal === undefined ? {} : { signal }))
  // Dial once now, so that an unreachable peer is reported at the start.
  const first = await dial().catch((error) => {
    const { code, message } = CausewayError.from(error)
    throw new CausewayError(code, `The peer cannot be reached: ${message}`, { cause: error })
  })
  first.stream.on('error', () => {})
  first.stream.destroy()
  await using open = await openTunnel({ ...options.listen, dial, onError: printError })
  const url = `http://${formatHostPort(open)}`
  const peer = first.remotePeer ?? null
  const end = peer === null ? address : `${address}, the peer ${peer}`
  print(options, { event: 'ready', url, address, peer }, `Forwarding ${url} to ${end}\nPress Ctrl-C to stop.`)
  await untilStopped()
}

/**
 * Returns the channel if it is what those who call through the tunnel rely on: their tokens name no certificate, since
 * they see none. Throws INVALID_ARGUMENT if the bytes would leave this machine with less than proven keys, and
 * WRONG_PEER if it does not prove that it leads to the ticket's issuer.
 */
function leadingTo(issuer: PeerId | undefined, channel: Channel): Channel {
  const { protection, remotePeer, stream } = channel
  const error =
    protection.kind !== 'keys' && protection.kind !== 'local'
      ? new CausewayError(
          'INVALID_ARGUMENT',
          'A tunnel needs a QUIC address (iroh:endpoint…): call others directly.',
        )
      : issuer !== undefined && remotePeer !== issuer
        ? new CausewayError(
            'WRONG_PEER',
            `The address leads to ${remotePeer === undefined ? 'somebody who proves no key' : `the peer ${remotePeer}`}, not to the ticket's issuer ${issuer}.${remotePeer === undefined ? ' Use a ticket with a QUIC address (iroh:endpoint…), which proves one.' : ''}`,
          )
        : undefined
  if (error === undefined) return channel
  stream.on('error', () => {})
  stream.destroy()
  throw error
}
