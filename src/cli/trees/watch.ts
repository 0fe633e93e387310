/** `causeway watch`: prints a tree's entries in the order of their arrival, and new ones as they arrive. */
import { type Command, InvalidArgumentError } from 'commander'
import { EntryView } from '../../../gen/causeway/v1/tree_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples, storesOption } from '../help.ts'
import { whileRead, writeOut } from '../streams.ts'
import { authorsOf } from '../view/names.ts'
import { entryDocument, entryLine } from './entry-view.ts'
import { treeArgument } from './tree-argument.ts'

interface WatchOptions extends CommonOptions {
  readonly after?: bigint
  readonly all?: boolean
  readonly store: string[]
}

function parseSequence(text: string): bigint {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('Expected a sequence number that `causeway watch --json` has printed.')
  return BigInt(text)
}

export function addWatch(program: Command): void {
  program
    .command('watch')
    .argument('<TREE>', 'name or id of the tree')
    .description("print a tree's entries as they arrive, until stopped")
    .option('--all', 'start with the first entry (default: with the next one to arrive)')
    .option('--after <SEQUENCE>', 'start after the entry with this sequence number', parseSequence)
    .addOption(storesOption())
    .addHelpText(
      'after',
      '\nNeeds a running node. With --json, every line holds an entry and its sequence\nnumber, which --after takes to resume.',
    )
    .addHelpText(
      'after',
      examples(
        'causeway watch diary',
        'causeway watch diary --all --store text',
        'causeway watch diary --after 1200 --json',
      ),
    )
    .action(async (text: string, options: WatchOptions) => {
      await using clients = await openClients(options)
      if (!clients.running)
        throw new CausewayError(
          'NOT_STARTED',
          'No node is running on the data folder; start `causeway serve` first.',
        )
      const tree = await treeArgument(clients, text)
      const now = (await clients.trees.getTree({ tree })).tree!.sequence
      const afterSequence = options.after ?? (options.all ? 0n : now)
      const asked = { tree, afterSequence, stores: options.store, view: EntryView.BODY }
      const arrivals = whileRead((signal) => clients.trees.watchTree(asked, signal))
      let authors = await authorsOf(clients, tree)
      for await (const { entries, sequences } of arrivals) {
        // A change of the policy may name an author.
        if (entries.some((entry) => entry.body!.changes.some(({ store }) => store === '_policy')))
          authors = await authorsOf(clients, tree)
        for (const [index, entry] of entries.entries()) {
          const line = options.json
            ? JSON.stringify({ sequence: Number(sequences[index]), ...entryDocument(entry, authors) })
            : entryLine(entry, authors)
          await writeOut(`${line}\n`)
        }
      }
    })
}
