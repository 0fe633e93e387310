/** `causeway delete`: removes the versions of a key. */
import type { Command } from 'commander'
import { openClients } from '../context.ts'
import { examples } from '../help.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { complainAbsent, readItem } from './reading.ts'
import { addConditions, printWritten, replacesOption, type WritingOptions, writeKey } from './writing.ts'

export function addDelete(program: Command): void {
  const command = program
    .command('delete')
    .argument('<TREE>', 'name or id of the tree')
    .argument('<STORE>', 'store in the tree')
    .argument('<KEY>', 'the key')
  addConditions(command)
    .addOption(replacesOption())
    .description('delete a key, and print the id of the entry')
    .addHelpText(
      'after',
      `
Deletes the versions of the key that this node shows. What somebody else puts at
the same time stays, and so do the entries: \`causeway history\` shows them.
If the key is absent, writes nothing and exits with code 1.`,
    )
    .addHelpText('after', examples('causeway delete bafkrei… notes a/title'))
    .action(async (tree: string, store: string, key: string, options: WritingOptions) => {
      await using clients = await openClients(options)
      const id = await treeArgument(clients, tree)
      const { value } = await readItem(clients, id, { store, key }, options)
      // With --expect the node decides, since it also checks that the key is still so.
      if (value === undefined && options.expect === undefined) {
        complainAbsent(store, key, ': nothing was written')
        return
      }
      const what = { case: 'delete' as const, value: {} }
      printWritten(options, await writeKey(clients, id, { store, key }, what, options))
    })
}
