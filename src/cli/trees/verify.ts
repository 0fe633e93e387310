/** `causeway verify`: reads, hashes and verifies every entry of a tree again. */

import type { Command } from 'commander'
import { type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { idText, print, quantity } from '../output.ts'
import { ProgressBar } from '../progress.ts'
import { io } from '../streams.ts'
import { treeArgument } from './tree-argument.ts'

export function addVerify(program: Command): void {
  program
    .command('verify')
    .argument('<TREE>', 'name or id of the tree')
    .description('read, hash and verify all entries and blobs of a tree again')
    .addHelpText('after', '\nLists all problems and exits with code 1 if there are any.')
    .addHelpText('after', examples('causeway verify diary', 'causeway verify bafkrei… --json'))
    .action(async (tree: string, options: CommonOptions) => {
      await using clients = await openClients(options)
      const id = await treeArgument(clients, tree)
      const bar = new ProgressBar('verifying', options.json)
      let checked = 0
      const problems: { entry?: string; code: string; message: string }[] = []
      for await (const step of clients.node.verifyTree({ tree: id })) {
        checked = Number(step.checked)
        bar.update(checked, Number(step.count))
        for (const { entry, code, message } of step.problems)
          problems.push({ ...(entry.length > 0 && { entry: idText(entry) }), code, message })
      }
      bar.end()
      const entries = quantity(checked, 'entry', 'entries')
      const lines = problems.map(({ code, message }) => `${code}: ${message}`)
      const summary =
        problems.length === 0
          ? `Verified ${entries}; no problems found.`
          : `Found ${quantity(problems.length, 'problem')} in ${entries}.`
      print(options, { ok: problems.length === 0, checked, problems }, [...lines, summary].join('\n'))
      if (problems.length > 0) io().exitCode = 1
    })
}
