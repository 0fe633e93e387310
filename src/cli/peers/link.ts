/** `causeway link`, `unlink` and `flush`: keep trees in sync with peers, and deliver pending entries. */
import { type Command, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { isTicket } from '../../peer/ticket.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { linkDocument, linkTable } from '../link-view.ts'
import { hexText, idArgument, idText, peerArgument, print } from '../output.ts'
import { parseWholeNumber } from '../whole-number.ts'

interface LinkOptions extends CommonOptions {
  readonly onCommit: boolean
  readonly every: number
  readonly pull: boolean
  readonly push: boolean
  readonly paused?: boolean
}

export function addLink(program: Command): void {
  program
    .command('link')
    .argument('<TICKET|TREE>', 'ticket of the tree, or id of the tree')
    .argument('[PEER]', 'PeerId of a known peer; needed with an id')
    .description('keep a tree in sync with a peer while `causeway serve` runs')
    .addOption(
      new Option('--every <SECONDS>', 'also sync at this interval')
        .argParser(parseWholeNumber(1))
        .default(0, 'off'),
    )
    .option('--no-on-commit', 'do not send entries as they arrive; wait for --every or a flush')
    .option('--no-pull', 'do not receive entries from the peer')
    .option('--no-push', 'do not send entries to the peer')
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
        throw new CausewayError(
          'INVALID_ARGUMENT',
          'Give a ticket, or the id of a tree and the PeerId of a peer.',
        )
      if (ticket && peer !== undefined)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          'A ticket names its own peer: give the ticket alone, or the id of the tree and a PeerId.',
        )
      const what = ticket ? { ticket: first } : { tree: idArgument(first), peer: peerArgument(peer!) }
      await using clients = await openClients(options, { create: ticket })
      const { onCommit, every, pull, push, paused = false } = options
      const settings = { onCommit, intervalSeconds: every, pull, push, paused }
      const { link } = await clients.node.linkTree({ ...what, settings })
      const hint = clients.running ? '' : '\nStart `causeway serve` or run `causeway flush` to sync.'
      print(options, linkDocument(link!), `Linked ${idText(link!.tree)} with ${hexText(link!.peer)}.${hint}`)
    })
  program
    .command('unlink')
    .argument('<TREE>', 'id of the tree')
    .argument('<PEER>', 'PeerId of the peer')
    .description('stop syncing a tree with a peer; both sides keep their entries')
    .addHelpText('after', examples('causeway unlink bafkrei… 3b6a27bc…'))
    .action(async (tree: string, peer: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      await clients.node.unlinkTree({ tree: idArgument(tree), peer: peerArgument(peer) })
      print(options, { tree, peer }, 'Unlinked.')
    })
}

export function addFlush(program: Command): void {
  program
    .command('flush')
    .description('send pending entries to linked peers now, and wait for delivery')
    .option('--timeout <SECONDS>', 'maximum time to wait', parseWholeNumber(1), 30)
    .addHelpText('after', '\nLists the links that are still pending and exits with code 1 if there are any.')
    .action(async (options: CommonOptions & { timeout: number }) => {
      await using clients = await openClients(options)
      const { pending } = await clients.node.flush({ timeoutMs: options.timeout * 1000 })
      const text = pending.length === 0 ? 'All entries are delivered.' : linkTable(pending)
      print(options, { delivered: pending.length === 0, pending: pending.map(linkDocument) }, text)
      if (pending.length > 0) process.exitCode = 1
    })
}
