/** `causeway get --watch`: the keys of a store as they are, and then as they change. */
import { CausewayError } from '../../base/errors.ts'
import type { Clients, CommonOptions } from '../context.ts'
import { whileRead, writeOut } from '../streams.ts'
import { itemDocument, itemLine } from './item-view.ts'
import { whenCounted } from './reading.ts'

/** Prints until stdout cannot be written any more, or the connection ends. */
export async function follow(
  clients: Clients,
  tree: Uint8Array,
  store: string,
  prefix: string,
  options: CommonOptions,
): Promise<void> {
  if (!clients.running)
    throw new CausewayError(
      'NOT_STARTED',
      'No node is running on the data folder; start `causeway serve` first.',
    )
  await whenCounted(() => clients.stores.listStores({ tree, pageSize: 1 }), options)
  let told = false
  const messages = whileRead((call) => clients.stores.watchStore({ tree, store, prefix }, call))
  for await (const { items, synced } of messages) {
    const lines = items.map((item) => (options.json ? JSON.stringify(itemDocument(item)) : itemLine(item)))
    // The node says so after all keys, and again with each change.
    if (synced && !told) {
      lines.push(options.json ? '{"synced":true}' : 'synced')
      told = true
    }
    for (const line of lines) await writeOut(`${line}\n`)
  }
}
