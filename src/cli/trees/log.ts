/** `causeway log`: lists a tree's entries, newest first. */
import type { Command } from 'commander'
import { EntryView } from '../../../gen/causeway/v1/tree_pb.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples, storesOption } from '../help.ts'
import { print } from '../output.ts'
import { authorsOf } from '../view/names.ts'
import { parseWholeNumber } from '../whole-number.ts'
import { entryDocument, entryLine } from './entry-view.ts'
import { treeArgument } from './tree-argument.ts'

interface LogOptions extends CommonOptions {
  readonly limit: number
  readonly store: string[]
  readonly void?: boolean
}

export function addLog(program: Command): void {
  program
    .command('log')
    .argument('<TREE>', 'name or id of the tree')
    .description("list a tree's entries, newest first")
    .option('--limit <N>', 'maximum number of entries', parseWholeNumber(1), 20)
    .addOption(storesOption())
    .option('--void', 'also list entries that the policy makes void')
    .addHelpText('after', '\nEntries are ordered by height, then by id.')
    .addHelpText('after', examples('causeway log bafkrei…', 'causeway log bafkrei… --limit 1 --json'))
    .action(async (text: string, options: LogOptions) => {
      await using clients = await openClients(options)
      const tree = await treeArgument(clients, text)
      const entries = []
      let pageToken = ''
      // Ends at the limit, or with the last page.
      do {
        const pageSize = Math.min(1000, options.limit - entries.length)
        const page = await clients.trees.listEntries({
          tree,
          newestFirst: true,
          includeVoid: options.void ?? false,
          stores: options.store,
          view: EntryView.BODY,
          pageSize,
          pageToken,
        })
        entries.push(...page.entries)
        pageToken = page.nextPageToken
      } while (pageToken !== '' && entries.length < options.limit)
      const authors = await authorsOf(clients, tree)
      const documents = entries.map((entry) => entryDocument(entry, authors))
      const lines = entries.map((entry) => entryLine(entry, authors))
      print(options, { entries: documents }, lines.join('\n'))
    })
}
