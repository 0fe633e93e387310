/** `causeway add`: adds to the number under a key. */
import type { Command } from 'commander'
import { limits } from '../../base/limits.ts'
import { openClients } from '../context.ts'
import { examples } from '../help.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { parseWholeNumber } from '../whole-number.ts'
import { addConditions, printWritten, type WritingOptions, writeKey } from './writing.ts'

export function addAdd(program: Command): void {
  const command = program
    .command('add')
    .argument('<TREE>', 'name or id of the tree')
    .argument('<STORE>', 'store in the tree')
    .argument('<KEY>', 'the key')
    .argument(
      '[DELTA]',
      'whole number to add; may be negative',
      parseWholeNumber(-limits.stateDelta - 1, limits.stateDelta),
      1,
    )
  addConditions(command)
    .description('add to the number under a key, and print the id of the entry')
    .addHelpText(
      'after',
      '\nAn absent key counts from 0. What several nodes add at the same time all counts.',
    )
    .addHelpText(
      'after',
      examples('causeway add bafkrei… stats visits', 'causeway add bafkrei… stats stock -3'),
    )
    .action(async (tree: string, store: string, key: string, delta: number, options: WritingOptions) => {
      await using clients = await openClients(options)
      const id = await treeArgument(clients, tree)
      const what = { case: 'add' as const, value: { delta: BigInt(delta) } }
      printWritten(options, await writeKey(clients, id, { store, key }, what, options))
    })
}
