/** `causeway peer add|list|remove|block`: whom this node knows. */
import type { Command } from 'commander'
import type { Peer } from '../../../gen/causeway/v1/node_pb.ts'
import { parsePeerId } from '../../dag/identity.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { agoText, hexText, idText, peerArgument, print, timeText } from '../output.ts'

export function addPeer(program: Command): void {
  const peer = program.command('peer').description('the peers that this node knows')
  peer
    .command('add')
    .argument('<PEER|ADDRESS>', "the peer's PeerId, or where it listens, to ask it")
    .argument('[ADDRESS...]', 'where it listens, such as http://host:port')
    .description('remember a peer, or more addresses of one')
    .option('--name <NAME>', 'a name for people', '')
    .action(async (first: string, more: string[], options: CommonOptions & { name: string }) => {
      const isPeer = /^[0-9a-fA-F]{64}$/.test(first)
      await using clients = await openClients(options)
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
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const peers: Peer[] = []
      for await (const each of allPeers(clients)) peers.push(each)
      const text = peers.map(peerText).join('\n') || 'No peers yet: `causeway link TICKET` makes one.'
      print(options, { peers: peers.map(peerDocument) }, text)
    })
  peer
    .command('remove')
    .argument('<PEER>', "the peer's PeerId")
    .description('forget a peer and its links')
    .action(async (id: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      await clients.node.removePeer({ peer: peerArgument(id) })
      print(options, { removed: parsePeerId(id) }, 'Removed.')
    })
  peer
    .command('block')
    .argument('<PEER>', "the peer's PeerId")
    .description('neither dial nor serve a peer')
    .option('--undo', 'let it in again')
    .action(async (id: string, options: CommonOptions & { undo?: boolean }) => {
      await using clients = await openClients(options)
      const unblock = options.undo ?? false
      await clients.node.blockPeer({ peer: peerArgument(id), unblock })
      print(options, { peer: parsePeerId(id), blocked: !unblock }, unblock ? 'Let in again.' : 'Blocked.')
    })
}

async function* allPeers(clients: Clients): AsyncGenerator<Peer> {
  let pageToken = ''
  do {
    const page = await clients.node.listPeers({ pageToken, pageSize: 1000 })
    yield* page.peers
    pageToken = page.nextPageToken
  } while (pageToken !== '')
}

function peerDocument({ peer, name, addresses, blocked, trees }: Peer) {
  return {
    peer: hexText(peer),
    name,
    blocked,
    addresses: addresses.map(({ address, lastSuccessMs, lastFailureMs }) => ({
      address,
      lastSuccess: timeText(lastSuccessMs),
      lastFailure: timeText(lastFailureMs),
    })),
    trees: trees.map(idText),
  }
}

function peerText({ peer, name, addresses, blocked, trees }: Peer): string {
  const title = [hexText(peer), name, blocked && '(blocked)', `${trees.length} tree(s)`].filter(Boolean)
  const lines = addresses.map(
    ({ address, lastSuccessMs, lastFailureMs }) =>
      `  ${address}  worked ${agoText(lastSuccessMs)}, failed ${agoText(lastFailureMs)}`,
  )
  return [title.join('  '), ...lines].join('\n')
}
