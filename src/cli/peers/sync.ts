/** `causeway sync`: runs a session, after which this node and a remote have the same entries of a tree. */
import type { Command } from 'commander'
import type { SyncProgress, SyncResult } from '../../../gen/causeway/v1/node_pb.ts'
import { SyncStatus } from '../../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { isTicket } from '../../peer/ticket.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { hexText, idText, print, quantity } from '../output.ts'
import { ProgressBar } from '../progress.ts'
import { io } from '../streams.ts'
import { isTreeId, treeArgument } from '../trees/tree-argument.ts'
import { addDialOptions } from './relay.ts'

export function addSync(program: Command): void {
  const command = program
    .command('sync')
    .argument('<TREE|TICKET>', 'ticket of the tree, or its name or id')
    .argument('[ADDRESS]', 'address of the other node, such as http://host:port; needed without a ticket')
    .description('sync a tree with another node once, in both directions')
  addDialOptions(command)
    .addHelpText(
      'after',
      examples('causeway sync "causeway:?db=…"', 'causeway sync bafkrei… http://127.0.0.1:8080'),
    )
    .action(async (first: string, address: string | undefined, options: CommonOptions) => {
      const ticket = isTicket(first)
      if (!ticket && address === undefined)
        throw new CausewayError('INVALID_ARGUMENT', 'Give a ticket, or a tree and an address.')
      if (ticket && address !== undefined)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          'A ticket names its own addresses: give the ticket alone, or the tree and an address.',
        )
      await using clients = await openClients(options, { create: ticket || isTreeId(first) })
      const tree = ticket ? new Uint8Array(0) : await treeArgument(clients, first)
      const document = await syncNow(clients, { tree, remote: ticket ? first : address! }, options)
      print(options, document, resultText(document))
      if (!document.equal) io().exitCode = 1
    })
}

/** Runs a session and shows its progress. */
export async function syncNow(
  clients: Clients,
  request: { readonly tree?: Uint8Array; readonly remote: string },
  options: CommonOptions,
): Promise<ReturnType<typeof resultDocument>> {
  const bar = new ProgressBar('syncing', options.json)
  let result: SyncResult | undefined
  try {
    for await (const { part } of clients.node.syncNow(request)) {
      if (part.case === 'progress') show(bar, part.value)
      else if (part.case === 'result') result = part.value
    }
  } finally {
    bar.end()
  }
  return resultDocument(result!)
}

function show(bar: ProgressBar, { received, expected, sent, toSend }: SyncProgress): void {
  const note = sent > 0n ? `received ${received}, sent ${sent}` : ''
  bar.update(Number(received + sent), Number(expected + toSend), note)
}

function resultDocument(result: SyncResult) {
  return {
    tree: idText(result.tree),
    received: Number(result.received),
    sent: Number(result.sent),
    bytesReceived: Number(result.bytesReceived),
    bytesSent: Number(result.bytesSent),
    roundTrips: result.roundTrips,
    elapsedMs: Math.round(result.elapsedMs * 10) / 10,
    tips: result.tips.map(idText).sort(),
    equal: result.equal,
    address: result.address,
    peer: hexText(result.peer),
    statuses: result.statuses.map((status) => SyncStatus[status]?.toLowerCase()),
    redundant: Number(result.redundant),
    cells: Number(result.cells),
    storeReads: Number(result.storeReads),
    path: result.path,
    pathRoundTripMs: result.pathRoundTripMs,
    sources: result.sources.map(({ peer, entries, code, message }) => ({
      ...{ peer: hexText(peer), entries: Number(entries) },
      ...(code !== '' && { error: { code, message } }),
    })),
  }
}

function resultText(result: ReturnType<typeof resultDocument>): string {
  const seconds = (result.elapsedMs / 1000).toFixed(2)
  const received = quantity(result.received, 'entry', 'entries')
  const roundTrips = quantity(result.roundTrips, 'round trip')
  const state = result.equal
    ? 'Both sides are equal'
    : 'The sides still differ, because of a new entry or a refusal by the peer; sync again'
  return [
    `Received ${received} and sent ${result.sent} in ${seconds} s with ${roundTrips}.`,
    `${result.bytesReceived} bytes in, ${result.bytesSent} bytes out, over ${result.address} (${result.path}).`,
    ...result.sources.map(
      ({ peer, entries, error }) =>
        `From ${peer}: ${quantity(entries, 'entry', 'entries')}${error ? `; left out (${error.code}): ${error.message}` : ''}.`,
    ),
    `${state} (${quantity(result.tips.length, 'tip')}).`,
  ].join('\n')
}
