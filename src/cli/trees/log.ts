/** `causeway log`: a tree's entries, newest first. */
import { type Command, InvalidArgumentError } from 'commander'
import { type CommonOptions, openClients } from '../context.ts'
import { entryDocument, entryLine } from '../entry-view.ts'
import { idArgument, print } from '../output.ts'

function parseLimit(text: string): number {
  const limit = Number(text)
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new InvalidArgumentError('It is a whole number from 1.')
  return limit
}

export function addLog(program: Command): void {
  program
    .command('log')
    .argument('<TREE>', "the tree's id")
    .description("list a tree's entries, newest first (by height, then id)")
    .option('--limit <N>', 'how many', parseLimit, 20)
    .option('--void', 'also entries that the policy has made void', false)
    .action(async (tree: string, options: CommonOptions & { limit: number; void: boolean }) => {
      await using clients = await openClients(options)
      const entries = []
      let pageToken = ''
      do {
        const pageSize = Math.min(1000, options.limit - entries.length)
        const page = await clients.trees.listEntries({
          tree: idArgument(tree),
          newestFirst: true,
          includeVoid: options.void,
          pageSize,
          pageToken,
        })
        entries.push(...page.entries)
        pageToken = page.nextPageToken
      } while (pageToken !== '' && entries.length < options.limit)
      print(options, { entries: entries.map(entryDocument) }, entries.map(entryLine).join('\n'))
    })
}
