/** `causeway conflicts`: lists the keys that have several versions, with all of them. */
import { Argument, type Command } from 'commander'
import type { Item, ListConflictsResponse } from '../../../gen/causeway/v1/store_pb.ts'
import { type Clients, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { plainText, quantity } from '../output.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { itemDocument, shortValue, versionColumns, versionsOf } from './item-view.ts'
import { atOption, type ListingOptions, limitOption, listed, printRows, readOptions } from './reading.ts'
import { storeNames } from './stores.ts'

export function addConflicts(program: Command): void {
  program
    .command('conflicts')
    .argument('<TREE>', 'name or id of the tree')
    .argument('[STORE]', 'store in the tree (default: all)')
    .addArgument(new Argument('[PREFIX]', 'what the keys begin with').default('', 'all keys'))
    .description('list the keys that have several versions')
    .addOption(limitOption('keys'))
    .addOption(atOption())
    .addHelpText(
      'after',
      `
A key has several versions after somebody put a value without having seen
another's. Every node shows the same one as the value: it is the first here.
\`causeway resolve\` replaces them by one.`,
    )
    .addHelpText('after', examples('causeway conflicts bafkrei…', 'causeway conflicts bafkrei… notes a/'))
    .action(async (tree: string, store: string | undefined, prefix: string, options: ListingOptions) => {
      await using clients = await openClients(options)
      const id = await treeArgument(clients, tree)
      const stores = store === undefined ? storeNames(clients, id, options) : [store]
      const rows = conflictsIn(clients, id, stores, prefix, options)
      await printRows(rows, { name: 'conflicts', document: itemDocument, line }, options, 'No conflicts.')
    })
}

async function* conflictsIn(
  clients: Clients,
  tree: Uint8Array,
  stores: AsyncIterable<string> | Iterable<string>,
  prefix: string,
  options: ListingOptions,
): AsyncGenerator<Item> {
  let left = options.limit ?? Number.MAX_SAFE_INTEGER
  for await (const store of stores) {
    const request = { tree, store, prefix, read: readOptions(options) }
    const fetch = {
      fetch: (page: object, call: object) => clients.stores.listConflicts({ ...request, ...page }, call),
    }
    const items = listed<ListConflictsResponse, Item>(
      { ...fetch, rows: (page) => page.items },
      { ...options, limit: left },
    )
    for await (const item of items) {
      yield item
      if (--left === 0) return
    }
  }
}

function line(item: Item): string {
  const { store, key } = item.key!
  const versions = versionsOf(item)
  const count = item.conflictCount + 1
  const lines = versions.map((version) => `  ${versionColumns(version)}  ${shortValue(version)}`)
  const more = count - versions.length
  return [
    `${plainText(store)}  ${plainText(key, 512)}: ${quantity(count, 'version')}`,
    ...lines,
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ].join('\n')
}
