/** `causeway show`: prints one entry. */
import type { Command } from 'commander'
import { EntryView } from '../../../gen/causeway/v1/tree_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { entryDocument, entryText } from '../entry-view.ts'
import { idArgument, print } from '../output.ts'

export function addShow(program: Command): void {
  program
    .command('show')
    .argument('<ENTRY>', 'id of the entry')
    .description('print one entry')
    .action(async (id: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      const [entry] = (await clients.trees.getEntries({ ids: [idArgument(id)], view: EntryView.BODY }))
        .entries
      if (entry === undefined)
        throw new CausewayError('UNKNOWN_ENTRY', `The entry ${id} is not on this node; sync its tree first.`)
      print(options, entryDocument(entry), entryText(entry))
    })
}
