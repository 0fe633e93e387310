/** `causeway offers`, `accept` and `decline`: list and decide what peers offer to this node. */
import type { Command } from 'commander'
import type { Offer } from '../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { agoText, hexText, idArgument, idText, peerArgument, plainText, print, quantity } from '../output.ts'
import { allPages } from '../pages.ts'
import { permissionName } from '../permission.ts'

interface DecideOptions extends CommonOptions {
  readonly peer?: string
}

export function addOffers(program: Command): void {
  program
    .command('offers')
    .description('list the trees that peers offer to this node')
    .addHelpText(
      'after',
      `
A peer offers a tree whose policy names this node if this node does not have it:
after a lost disk, or as a new tree. A tree that this node's own key began comes
back without asking. Decide with \`causeway accept\` and \`causeway decline\`.`,
    )
    .addHelpText('after', examples('causeway offers', 'causeway accept bafkrei…'))
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const all = await allOffers(clients)
      const text = all.map(offerText).join('\n') || 'No offers.'
      print(options, { offers: all.map(offerDocument) }, text)
    })
  deciding(
    program,
    'accept',
    'take trees that peers offer, and link them with these peers',
    async (clients, filter) => {
      const accepted = await clients.node.acceptOffers(filter)
      return { offers: accepted.offers, done: 'Accepted' }
    },
  )
  deciding(
    program,
    'decline',
    'refuse offers, and later ones of the same trees by the same peers',
    async (clients, filter) => {
      const declined = await clients.node.declineOffers(filter)
      return { offers: declined.offers, done: 'Declined' }
    },
  )
}

/** Adds a command that decides about the offers of a tree, of a peer, or of both. */
function deciding(
  program: Command,
  name: string,
  description: string,
  decide: (
    clients: Clients,
    filter: { tree: Uint8Array; peer: Uint8Array },
  ) => Promise<{ readonly offers: readonly Offer[]; readonly done: string }>,
): void {
  program
    .command(name)
    .argument('[TREE]', 'tree that is offered (default: all trees that the peer offers)')
    .description(description)
    .option('--peer <PEER>', 'peer that offers (default: all peers that offer the tree)')
    .addHelpText('after', examples(`causeway ${name} bafkrei…`, `causeway ${name} --peer 1f0a…`))
    .action(async (tree: string | undefined, options: DecideOptions) => {
      if (tree === undefined && options.peer === undefined)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          'Name a tree, a peer with --peer, or both: `causeway offers` lists them.',
        )
      await using clients = await openClients(options)
      const decided = await decide(clients, {
        tree: tree === undefined ? new Uint8Array(0) : idArgument(tree),
        peer: options.peer === undefined ? new Uint8Array(0) : peerArgument(options.peer),
      })
      const text = `${decided.done} ${quantity(decided.offers.length, 'offer')}.`
      print(options, { offers: decided.offers.map(offerDocument) }, text)
    })
}

/** Returns all offers that wait at a node. */
export async function allOffers(clients: Clients): Promise<Offer[]> {
  const all: Offer[] = []
  for await (const { offers } of allPages((request) => clients.node.listOffers(request))) all.push(...offers)
  return all
}

function offerDocument({ tree, peer, name, permission, author, createdAtMs, offeredAtMs }: Offer) {
  return {
    ...{ tree: idText(tree), peer: hexText(peer), name, permission: permissionName(permission) },
    ...{ author: hexText(author), createdAtMs: Number(createdAtMs), offeredAtMs: Number(offeredAtMs) },
  }
}

function offerText(offer: Offer): string {
  const { tree, peer, name, permission } = offerDocument(offer)
  return `${tree}  ${permission.padEnd(5)}  ${agoText(offer.offeredAtMs)}\n    “${plainText(name)}”\n    offered by ${peer}`
}
