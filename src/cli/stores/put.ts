/** `causeway put`: puts a value under a key. */
import type { Command } from 'commander'
import { openClients } from '../context.ts'
import { examples } from '../help.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { readItem } from './reading.ts'
import { addValue, readValue, sendValue, type ValueOptions } from './value-input.ts'
import { addConditions, printWritten, replacesOption, type WritingOptions, writeKey } from './writing.ts'

export function addPut(program: Command): void {
  const command = program
    .command('put')
    .argument('<TREE>', 'name or id of the tree')
    .argument('<STORE>', 'store in the tree')
    .argument('<KEY>', 'the key')
  addConditions(addValue(command))
    .addOption(replacesOption())
    .description('put a value under a key, and print the id of the entry')
    .addHelpText(
      'after',
      `
The value replaces the versions of the key that this node shows. What somebody
else puts at the same time stays beside it, as a conflict.
A value past 64 KiB, up to 2 GiB, is stored as a blob: other nodes fetch its
bytes when they read it.
The id names the new version, and is what --at takes on every node. A VALUE that
begins with - goes after --.`,
    )
    .addHelpText(
      'after',
      examples(
        'causeway put bafkrei… notes a/title Hello',
        'causeway put bafkrei… photos 2024/cat --type image/jpeg --file cat.jpg',
        'tar c src | causeway put bafkrei… backups monday',
        `causeway put bafkrei… notes a/size '{"width":3}' --type application/json`,
        'causeway put bafkrei… notes a/title Hello --expect none',
      ),
    )
    .action(
      async (
        tree: string,
        store: string,
        key: string,
        argument: string | undefined,
        options: WritingOptions & ValueOptions,
      ) => {
        const given = await readValue(argument, options)
        await using clients = await openClients(options)
        const id = await treeArgument(clients, tree)
        // A key that cannot be is found before a long value is sent.
        if ('stream' in given) await readItem(clients, id, { store, key }, options)
        const value = await sendValue(clients, id, given, options)
        const what = { case: 'put' as const, value }
        printWritten(options, await writeKey(clients, id, { store, key }, what, options))
      },
    )
}
