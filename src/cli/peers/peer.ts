/** `causeway peer add|list|remove|block`: manages the peer book. */
import type { Command } from 'commander'
import type { Peer } from '../../../gen/causeway/v1/node_pb.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples, textOption } from '../help.ts'
import { agoText, hexText, idText, peerArgument, plainText, print, quantity, timeText } from '../output.ts'
import { allPages } from '../pages.ts'
import { insecureOption } from './relay.ts'

export function addPeer(program: Command): void {
  const peer = program.command('peer').description('manage the peers that this node knows')
  peer
    .command('add')
    .argument('<PEER|ADDRESS>', 'PeerId of the peer, or an address at which to ask for it')
    .argument('[ADDRESS...]', 'addresses of the peer, such as http://host:port')
    .description('add a peer, or add addresses to a known one')
    .addOption(textOption('--name <NAME>', 'name of the peer, for people'))
    .addOption(insecureOption())
    .addHelpText(
      'after',
      examples(
        'causeway peer add http://127.0.0.1:8080 --name Bob',
        'causeway peer add 3b6a27bc… iroh:endpoint…',
      ),
    )
    .action(async (first: string, more: string[], options: CommonOptions & { name: string }) => {
      const isPeer = /^[0-9a-fA-F]{64}$/.test(first)
      await using clients = await openClients(options, { create: true })
      const { peer: added } = await clients.node.addPeer({
        peer: isPeer ? peerArgument(first) : new Uint8Array(0),
        addresses: isPeer ? more : [first, ...more],
        name: options.name,
      })
      print(options, peerDocument(added!), hexText(added!.peer))
    })
  peer
    .command('list')
    .description('list the peers that this node knows')
    .addHelpText('after', examples('causeway peer list'))
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const peers: Peer[] = []
      for await (const page of allPages((request) => clients.node.listPeers(request)))
        peers.push(...page.peers)
      const none = 'No peers yet; run `causeway peer add ADDRESS` or `causeway link TICKET` to add one.'
      print(options, { peers: peers.map(peerDocument) }, peers.map(peerText).join('\n') || none)
    })
  peer
    .command('remove')
    .argument('<PEER>', 'PeerId of the peer')
    .description('remove a peer and its links')
    .addHelpText('after', examples('causeway peer remove 3b6a27bc…'))
    .action(async (id: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      const peer = peerArgument(id)
      await clients.node.removePeer({ peer })
      print(options, { removed: hexText(peer) }, 'Removed.')
    })
  peer
    .command('block')
    .argument('<PEER>', 'PeerId of the peer')
    .description('stop dialing and serving a known peer')
    .option('--undo', 'unblock the peer')
    .addHelpText('after', examples('causeway peer block 3b6a27bc…', 'causeway peer block 3b6a27bc… --undo'))
    .action(async (id: string, options: CommonOptions & { undo?: boolean }) => {
      await using clients = await openClients(options)
      const unblock = options.undo ?? false
      const peer = peerArgument(id)
      await clients.node.blockPeer({ peer, unblock })
      print(options, { peer: hexText(peer), blocked: !unblock }, unblock ? 'Unblocked.' : 'Blocked.')
    })
}

function peerDocument({ peer, name, addresses, blocked, trees }: Peer) {
  return {
    peer: hexText(peer),
    name,
    blocked,
    addresses: addresses.map(({ address, source, expiresMs, lastSuccessMs, lastFailureMs }) => ({
      address,
      source: source.toLowerCase(),
      expires: timeText(expiresMs),
      lastSuccess: timeText(lastSuccessMs),
      lastFailure: timeText(lastFailureMs),
    })),
    trees: trees.map(idText),
  }
}

function peerText({ peer, name, addresses, blocked, trees }: Peer): string {
  const title = [hexText(peer), name, blocked && '(blocked)', quantity(trees.length, 'tree')].filter(Boolean)
  const lines = addresses.map(
    ({ address, source, lastSuccessMs, lastFailureMs }) =>
      `  ${plainText(address, 1_024)}  ${source.toLowerCase()}, last success ${agoText(lastSuccessMs)}, last failure ${agoText(lastFailureMs)}`,
  )
  return [title.join('  '), ...lines].join('\n')
}
