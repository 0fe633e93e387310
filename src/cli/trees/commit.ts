/** `causeway commit`: writes one entry. */
import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { EntryView } from '../../../gen/causeway/v1/tree_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type CommonOptions, openClients } from '../context.ts'
import { examples, textOption } from '../help.ts'
import { print } from '../output.ts'
import { readStdin } from '../streams.ts'
import { treeArgument } from './tree-argument.ts'

async function readPayload(file: string): Promise<Buffer> {
  if (file !== '-')
    return readFile(file).catch((cause: Error) => {
      throw new CausewayError('INVALID_ARGUMENT', `The file ${file} cannot be read: ${cause.message}`, {
        cause,
      })
    })
  return readStdin(
    limits.entryBodyBytes,
    () =>
      new CausewayError(
        'ENTRY_TOO_LARGE',
        `The payload must have fewer than ${limits.entryBodyBytes} bytes.`,
      ),
  )
}

export function addCommit(program: Command): void {
  program
    .command('commit')
    .argument('<TREE>', 'name or id of the tree')
    .argument('[FILE]', 'file with the payload; - is standard input', '-')
    .description("write an entry on a tree's tips, signed by this node")
    .requiredOption('--store <NAME>', 'store in the tree that the entry changes (required)')
    .addOption(textOption('--kind <KIND>', 'kind of change, as the application defines it'))
    .addHelpText(
      'after',
      examples(
        'echo hello | causeway commit bafkrei… --store text',
        'causeway commit bafkrei… photo.jpg --store photos',
      ),
    )
    .action(async (tree: string, file: string, options: CommonOptions & { store: string; kind: string }) => {
      const payload = await readPayload(file)
      await using clients = await openClients(options)
      const id = await treeArgument(clients, tree)
      const change = { store: options.store, kind: options.kind, payload }
      const { entry } = await clients.trees.commit({
        tree: id,
        changes: [change],
        durable: true,
        view: EntryView.BODY,
      })
      print(options, { entry: entry!.cid, height: Number(entry!.body!.height) }, entry!.cid)
    })
}
