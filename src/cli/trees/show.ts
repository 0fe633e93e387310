/** `causeway show`: prints one entry. */

import type { Command } from 'commander'
import { EntryView } from '../../../gen/causeway/v1/tree_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { idArgument, print } from '../output.ts'
import { authorsOf } from '../view/names.ts'
import { entryDocument, entryText } from './entry-view.ts'

export function addShow(program: Command): void {
  program
    .command('show')
    .argument('<ENTRY>', 'id of the entry')
    .description('print one entry')
    .addHelpText('after', examples('causeway show bafkrei…', 'causeway show bafkrei… --json'))
    .action(async (id: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      const [entry] = (await clients.trees.getEntries({ ids: [idArgument(id)], view: EntryView.BODY }))
        .entries
      if (entry === undefined)
        throw new CausewayError('UNKNOWN_ENTRY', `The entry ${id} is not on this node; sync its tree first.`)
      const { tree } = entry.body!
      const authors = await authorsOf(clients, tree.length > 0 ? tree : entry.id)
      print(options, entryDocument(entry, authors), entryText(entry, authors))
    })
}
