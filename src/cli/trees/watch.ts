/** `causeway watch`: a tree's entries in the order in which they come in, and on as they come. */
import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { entryDocument, entryLine } from '../entry-view.ts'
import { idArgument } from '../output.ts'

interface WatchOptions extends CommonOptions {
  readonly after?: bigint
  readonly all?: boolean
}

function parseSequence(text: string): bigint {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is a `sequence` that watch has printed.')
  return BigInt(text)
}

export function addWatch(program: Command): void {
  program
    .command('watch')
    .argument('<TREE>', "the tree's id")
    .description('print entries as they come in, from now on, until stopped')
    .option('--all', 'begin with the first entry')
    .option('--after <SEQUENCE>', 'resume after this one', parseSequence)
    .addHelpText('after', '\nWith --json every line has the entry and its `sequence`, for --after.')
    .action(async (text: string, options: WatchOptions) => {
      const tree = idArgument(text)
      await using clients = await openClients(options)
      if (!clients.running)
        throw new CausewayError('NOT_STARTED', 'No node runs on the data folder: start `causeway serve`.')
      const now = (await clients.trees.getTree({ tree })).tree!.sequence
      const afterSequence = options.after ?? (options.all ? 0n : now)
      for await (const { entries, sequence } of clients.trees.watchTree({ tree, afterSequence }))
        for (const [index, entry] of entries.entries()) {
          const at = Number(sequence) - (entries.length - 1 - index)
          const line = options.json
            ? JSON.stringify({ sequence: at, ...entryDocument(entry) })
            : entryLine(entry)
          process.stdout.write(`${line}\n`)
        }
    })
}
