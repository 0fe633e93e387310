/** `causeway tips`: prints the entries of a tree that have no child. */
import type { Command } from 'commander'
import { type CommonOptions, openClients } from '../context.ts'
import { idArgument, idText, print } from '../output.ts'

export function addTips(program: Command): void {
  program
    .command('tips')
    .argument('<TREE>', 'id of the tree')
    .description("print a tree's tips")
    .addHelpText('after', '\nTwo nodes that have the same entries of the tree print the same tips.')
    .action(async (tree: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      const answer = await clients.trees.getTree({ tree: idArgument(tree) })
      const tips = answer.tips.map(idText).sort()
      print(
        options,
        { tips, count: Number(answer.tree!.count), tipCount: Number(answer.tree!.tipCount) },
        tips.join('\n'),
      )
    })
}
