/** `causeway link`, `unlink` and `flush`: keep trees in sync with peers, and deliver pending entries. */
import { type Command, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { isTicket } from '../../peer/ticket.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { linkDocument, linkTable } from '../link-view.ts'
import { hexText, idText, peerArgument, print } from '../output.ts'
import { io } from '../streams.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { namesOf } from '../view/names.ts'
import { parseWholeNumber } from '../whole-number.ts'
import { insecureOption } from './relay.ts'

interface LinkOptions extends CommonOptions {
  readonly onCommit: boolean
  readonly every: number
  readonly pull: boolean
  readonly push: boolean
  readonly paused?: boolean
  readonly blobs?: boolean
}

export function addLink(program: Command): void {
  program
    .command('link')
    .argument('<TICKET|TREE>', 'ticket of the tree, or its name or id')
    .argument('[PEER]', 'PeerId of a known peer; needed without a ticket')
    .description('keep a tree in sync with a peer while `causeway serve` runs')
    .addOption(
      new Option('--every <SECONDS>', 'also sync at this interval')
        .argParser(parseWholeNumber(1))
        .default(0, 'off'),
    )
    .option('--no-on-commit', 'do not send entries as they arrive; wait for --every or a flush')
    .option('--no-pull', 'do not receive entries from the peer')
    .option('--no-push', 'do not send entries to the peer')
    .option('--blobs', 'fetch all blobs of the tree, not only those that are read')
    .addOption(insecureOption())
    .option('--paused', 'do not sync until you link again without this option')
    .addHelpText(
      'after',
      `
\`causeway peer add\` makes a peer known; a ticket does so as well. Link again to
change the settings: options that are not given return to their defaults.`,
    )
    .addHelpText(
      'after',
      examples('causeway link "causeway:?db=…"', 'causeway link bafkrei… 3b6a27bc… --every 3600'),
    )
    .action(async (first: string, peer: string | undefined, options: LinkOptions) => {
      const ticket = isTicket(first)
      if (!ticket && peer === undefined)
        throw new CausewayError('INVALID_ARGUMENT', 'Give a ticket, or a tree and the PeerId of a peer.')
      if (ticket && peer !== undefined)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          'A ticket names its own peer: give the ticket alone, or the tree and a PeerId.',
        )
      await using clients = await openClients(options, { create: ticket })
      const what = ticket
        ? { ticket: first }
        : { tree: await treeArgument(clients, first), peer: peerArgument(peer!) }
      const { onCommit, every, pull, push, paused = false, blobs = false } = options
      const settings = { onCommit, intervalSeconds: every, pull, push, paused, blobs }
      const { link } = await clients.node.linkTree({ ...what, settings })
      const hint = clients.running ? '' : '\nStart `causeway serve` or run `causeway flush` to sync.'
      const names = await namesOf(clients)
      const text = `Linked ${names.tree(idText(link!.tree))} with ${names.peer(hexText(link!.peer))}.${hint}`
      print(options, linkDocument(link!, names), text)
    })
  program
    .command('unlink')
    .argument('<TREE>', 'name or id of the tree')
    .argument('<PEER>', 'PeerId of the peer')
    .description('stop syncing a tree with a peer; both sides keep their entries')
    .addHelpText('after', examples('causeway unlink bafkrei… 3b6a27bc…'))
    .action(async (tree: string, peer: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      const what = { tree: await treeArgument(clients, tree), peer: peerArgument(peer) }
      await clients.node.unlinkTree(what)
      print(options, { tree: idText(what.tree), peer: hexText(what.peer) }, 'Unlinked.')
    })
}

export function addFlush(program: Command): void {
  program
    .command('flush')
    .description('send pending entries to linked peers now, and wait for delivery')
    .option('--timeout <SECONDS>', 'maximum time to wait', parseWholeNumber(1), 30)
    .addOption(insecureOption())
    .addHelpText('after', '\nLists the links that are still pending and exits with code 1 if there are any.')
    .addHelpText('after', examples('causeway flush', 'causeway flush --timeout 300'))
    .action(async (options: CommonOptions & { timeout: number }) => {
      await using clients = await openClients(options)
      const { pending } = await clients.node.flush({ timeoutMs: options.timeout * 1000 })
      const names = await namesOf(clients)
      const table = () => linkTable(pending, names, io().stdout.columns).join('\n')
      const document = {
        delivered: pending.length === 0,
        pending: pending.map((link) => linkDocument(link, names)),
      }
      print(options, document, pending.length === 0 ? 'All entries are delivered.' : table())
      if (pending.length > 0) io().exitCode = 1
    })
}
