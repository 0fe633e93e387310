/** `causeway list`: lists the keys of a store with their values. */
import { Argument, type Command } from 'commander'
import type { Item, ListResponse } from '../../../gen/causeway/v1/store_pb.ts'
import { openClients } from '../context.ts'
import { examples } from '../help.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { itemLine, rowDocument } from './item-view.ts'
import {
  atOption,
  type ListingOptions,
  limitOption,
  listed,
  printRows,
  quoted,
  readOptions,
} from './reading.ts'

export function addList(program: Command): void {
  program
    .command('list')
    .argument('<TREE>', 'name or id of the tree')
    .argument('<STORE>', 'store in the tree')
    .addArgument(new Argument('[PREFIX]', 'what the keys begin with').default('', 'all keys'))
    .description('list the keys of a store with their values')
    .addOption(limitOption('keys'))
    .addOption(atOption())
    .addHelpText(
      'after',
      '\nKeys are in the order of their bytes. Long values are cut; --json has\nthem whole.',
    )
    .addHelpText(
      'after',
      examples('causeway list bafkrei… notes', 'causeway list bafkrei… notes a/ --limit 10'),
    )
    .action(async (tree: string, store: string, prefix: string, options: ListingOptions) => {
      await using clients = await openClients(options)
      const id = await treeArgument(clients, tree)
      const request = { tree: id, store, prefix, texts: true, read: readOptions(options) }
      const rows = listed<ListResponse, Item>(
        {
          fetch: (page, call) => clients.stores.list({ ...request, ...page }, call),
          rows: ({ items }) => items,
        },
        options,
      )
      const none = `The store ${quoted(store)} has no keys${prefix && ` that begin with ${quoted(prefix)}`}.`
      await printRows(rows, { name: 'items', document: rowDocument, line: itemLine }, options, none)
    })
}
