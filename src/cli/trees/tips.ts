/** `causeway tips`: prints the entries of a tree that have no child. */

import type { Command } from 'commander'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { idText, print } from '../output.ts'
import { treeArgument } from './tree-argument.ts'

export function addTips(program: Command): void {
  program
    .command('tips')
    .argument('<TREE>', 'name or id of the tree')
    .description("print a tree's tips")
    .addHelpText('after', '\nTwo nodes that have the same entries of the tree print the same tips.')
    .addHelpText('after', examples('causeway tips diary', 'causeway tips bafkrei… --json'))
    .action(async (tree: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      const answer = await clients.trees.getTree({ tree: await treeArgument(clients, tree) })
      const tips = answer.tips.map(idText).sort()
      print(
        options,
        { tips, count: Number(answer.tree!.count), tipCount: Number(answer.tree!.tipCount) },
        tips.join('\n'),
      )
    })
}
