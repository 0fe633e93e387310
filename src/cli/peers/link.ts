/** `causeway link` and `causeway unlink`: which trees are kept equal with whom. */
import { type Command, InvalidArgumentError } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { isTicket } from '../../peer/ticket.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { linkDocument, linkLine } from '../link-view.ts'
import { hexText, idArgument, idText, peerArgument, print } from '../output.ts'

interface LinkOptions extends CommonOptions {
  readonly onCommit: boolean
  readonly every: number
  readonly pull: boolean
  readonly push: boolean
  readonly paused?: boolean
}

function parseSeconds(text: string): number {
  const seconds = Number(text)
  if (!Number.isSafeInteger(seconds) || seconds < 1)
    throw new InvalidArgumentError('It is a whole number of seconds from 1.')
  return seconds
}

export function addLink(program: Command): void {
  program
    .command('link')
    .argument('<TICKET|TREE>', "a ticket, or the tree's id")
    .argument('[PEER]', 'a peer that this node knows: see `causeway peer add`')
    .description('keep a tree equal with a peer from now on, both ways, while `causeway serve` runs')
    .option('--every <SECONDS>', 'also sync every so many seconds', parseSeconds, 0)
    .option('--no-on-commit', 'do not send at once what comes in here')
    .option('--no-pull', 'take nothing from the peer')
    .option('--no-push', 'give nothing to the peer')
    .option('--paused', 'do nothing for now')
    .addHelpText('after', '\nLink again to change the settings; those not given are the default.')
    .action(async (first: string, peer: string | undefined, options: LinkOptions) => {
      const ticket = isTicket(first)
      if (!ticket && peer === undefined)
        throw new CausewayError('INVALID_ARGUMENT', 'Give a ticket, or a tree and a peer.')
      const what = ticket ? { ticket: first } : { tree: idArgument(first), peer: peerArgument(peer!) }
      await using clients = await openClients(options)
      const { onCommit, every, pull, push, paused = false } = options
      const settings = { onCommit, intervalSeconds: every, pull, push, paused }
      const { link } = await clients.node.linkTree({ ...what, settings })
      const hint = clients.running ? '' : '\nStart `causeway serve`, or run `causeway flush`, to sync.'
      print(options, linkDocument(link!), `Linked ${idText(link!.tree)} with ${hexText(link!.peer)}.${hint}`)
    })
  program
    .command('unlink')
    .argument('<TREE>', "the tree's id")
    .argument('<PEER>', "the peer's PeerId")
    .description('no longer keep a tree equal with a peer; the entries stay on both sides')
    .action(async (tree: string, peer: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      await clients.node.unlinkTree({ tree: idArgument(tree), peer: peerArgument(peer) })
      print(options, { tree, peer }, 'Unlinked.')
    })
}

export function addFlush(program: Command): void {
  program
    .command('flush')
    .description(
      'deliver all that is undelivered, and wait for it; exit code 1 and a list if something is left',
    )
    .option('--timeout <SECONDS>', 'how long to wait', parseSeconds, 30)
    .action(async (options: CommonOptions & { timeout: number }) => {
      await using clients = await openClients(options)
      const { pending } = await clients.node.flush({ timeoutMs: options.timeout * 1000 })
      const text = pending.map(linkLine).join('\n') || 'All is delivered.'
      print(options, { delivered: pending.length === 0, pending: pending.map(linkDocument) }, text)
      if (pending.length > 0) process.exitCode = 1
    })
}
