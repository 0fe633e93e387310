/** `causeway stores`: lists the stores of a tree. */

import type { Command } from 'commander'
import type { ListStoresResponse } from '../../../gen/causeway/v1/store_pb.ts'
import { type Clients, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { plainText } from '../output.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import {
  atOption,
  type ListingOptions,
  listed,
  printRows,
  type ReadingOptions,
  readOptions,
} from './reading.ts'

/** Yields the names of the stores that have keys. */
export function storeNames(
  clients: Clients,
  tree: Uint8Array,
  options: ReadingOptions,
): AsyncGenerator<string> {
  const request = { tree, texts: true, read: readOptions(options) }
  const { at, json } = options
  return listed<ListStoresResponse, string>(
    {
      fetch: (page, call) => clients.stores.listStores({ ...request, ...page }, call),
      rows: ({ stores }) => stores,
    },
    { ...(at && { at }), ...(json && { json }) },
  )
}

export function addStores(program: Command): void {
  program
    .command('stores')
    .argument('<TREE>', 'name or id of the tree')
    .description('list the stores of a tree that have keys or texts')
    .addOption(atOption())
    .addHelpText('after', '\nStores that `causeway commit` alone has written to have no keys.')
    .addHelpText('after', examples('causeway stores diary'))
    .action(async (tree: string, options: ListingOptions) => {
      await using clients = await openClients(options)
      const id = await treeArgument(clients, tree)
      const rows = storeNames(clients, id, options)
      const view = {
        name: 'stores',
        document: (name: string) => name,
        line: (name: string) => plainText(name),
      }
      await printRows(rows, view, options, 'The tree has no stores with keys; `causeway put` makes one.')
    })
}
