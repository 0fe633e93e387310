/** `causeway repair`: checks a tree, or all trees, and builds those anew that are damaged. */

import type { Command } from 'commander'
import { damagedTables, repairData } from '../../node/data-folder.ts'
import { holderOf } from '../../node/holder.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { asCausewayError, idText, plainText, print, printError, quantity } from '../output.ts'
import { ProgressBar } from '../progress.ts'
import { io } from '../streams.ts'
import { treeArgument } from './tree-argument.ts'

/** The result of one tree. */
interface RepairDocument {
  readonly tree: string
  readonly problems: { readonly entry?: string; readonly code: string; readonly message: string }[]
  readonly kept: number
  readonly dropped: number
}

export function addRepair(program: Command): void {
  program
    .command('repair')
    .argument('[TREE]', 'name or id of the tree; without it, every tree and the store itself')
    .description('check a tree and, if it is damaged, build it anew from what is whole')
    .addHelpText(
      'after',
      `
Keeps the entries that are whole together with all of their ancestors. The links
of the tree fetch the rest from peers. A repair that was interrupted goes on
when it is run again.`,
    )
    .addHelpText('after', examples('causeway repair diary', 'causeway repair'))
    .action(async (tree: string | undefined, options: CommonOptions) => {
      await using clients = await (tree === undefined ? openAnyway(options) : openClients(options))
      const id = tree === undefined ? new Uint8Array(0) : await treeArgument(clients, tree)
      const bar = new ProgressBar('repairing', options.json)
      const trees: RepairDocument[] = []
      for await (const step of clients.node.repair({ tree: id })) {
        if (step.result === undefined) bar.update(Number(step.checked), Number(step.count))
        else {
          const { kept, dropped } = step.result
          const problems = step.result.problems.map(({ entry, code, message }) => ({
            ...(entry.length > 0 && { entry: idText(entry) }),
            ...{ code, message },
          }))
          trees.push({ tree: idText(step.tree), problems, kept: Number(kept), dropped: Number(dropped) })
        }
      }
      bar.end()
      print(
        options,
        { trees },
        trees.flatMap(linesOf).join('\n') || 'No trees yet: there is nothing to repair.',
      )
    })
}

/** Opens clients, after LevelDB's own repair if the database is damaged. */
async function openAnyway(options: CommonOptions): Promise<Clients> {
  try {
    await repairTables(dataFolder(options))
    return await openClients(options)
  } catch (error) {
    const { code, data } = asCausewayError(error)
    if (code !== 'STORE_CORRUPT' || data.unreadable !== true) throw error
    printError(error)
    io().stderr.write('Repairs the database, then every tree.\n')
    await repairData(dataFolder(options))
    return await openClients(options)
  }
}

/** Repairs the database if one of its tables is damaged, unless a node runs on the folder. */
async function repairTables(data: string): Promise<void> {
  if (holderOf(data) !== undefined) return
  const tables = await damagedTables(data)
  if (tables.length === 0) return
  io().stderr.write(`Damaged tables: ${tables.join(', ')}. Repairs the database, then every tree.\n`)
  await repairData(data)
}

function linesOf({ tree, problems, kept, dropped }: RepairDocument): string[] {
  const entries = quantity(kept, 'entry', 'entries')
  if (problems.length === 0) return [`${tree} is sound, with ${entries}.`]
  const lost = dropped === 0 ? '' : `, dropped ${dropped}`
  return [
    ...problems.map(({ code, message }) => `${code}: ${plainText(message, 1000)}`),
    `Repaired ${tree}: kept ${entries}${lost}. Its links fetch what peers have.`,
  ]
}
