/** `causeway history`: lists what entries did to a key, newest first. */
import type { Command } from 'commander'
import { type HistoryResponse, type PastVersion, VersionState } from '../../../gen/causeway/v1/store_pb.ts'
import { openClients } from '../context.ts'
import { examples } from '../help.ts'
import { idArgument, idText } from '../output.ts'
import { shortValue, versionColumns, versionDocument } from './item-view.ts'
import {
  atOption,
  type ListingOptions,
  limitOption,
  listed,
  printRows,
  quoted,
  readOptions,
} from './reading.ts'

/** The largest page that the contract allows here. */
const pageSize = 100

const stateNames: Readonly<Record<VersionState, string>> = {
  [VersionState.UNSPECIFIED]: '',
  [VersionState.HEAD]: 'head',
  [VersionState.REPLACED]: 'replaced',
  [VersionState.VOID]: 'void',
  [VersionState.CHANGE]: 'change',
}

export function addHistory(program: Command): void {
  program
    .command('history')
    .argument('<TREE>', 'id of the tree')
    .argument('<STORE>', 'store in the tree')
    .argument('<KEY>', 'the key')
    .description('list what entries did to a key, newest first')
    .addOption(limitOption('entries'))
    .addOption(atOption())
    .addHelpText(
      'after',
      `
States:
  head      nothing replaces this version; several heads are a conflict
  replaced  another entry replaces it
  void      its author had no right to write it
  change    the entry deleted or added`,
    )
    .addHelpText('after', examples('causeway history bafkrei… notes a/title'))
    .action(async (tree: string, store: string, key: string, options: ListingOptions) => {
      const id = idArgument(tree)
      await using clients = await openClients(options)
      const request = { tree: id, key: { store, key }, read: readOptions(options) }
      const rows = listed<HistoryResponse, PastVersion>(
        {
          fetch: (page, call) =>
            clients.stores.history(
              { ...request, ...page, pageSize: Math.min(page.pageSize, pageSize) },
              call,
            ),
          rows: ({ versions }) => versions,
        },
        options,
      )
      const none = `No entry has changed the key ${quoted(key)} of the store ${quoted(store)}.`
      await printRows(rows, { name: 'versions', document, line }, options, none)
    })
}

function document({ version, state, replaces, added }: PastVersion) {
  return {
    ...versionDocument(version!),
    state: stateNames[state],
    added: added === undefined ? null : String(added),
    replaces: replaces.map(idText),
  }
}

function line({ version, state, added }: PastVersion): string {
  const sum = added === undefined ? undefined : `add ${added}`
  const isPut = version!.value.length > 0 || version!.type !== ''
  const what =
    state === VersionState.CHANGE || !isPut
      ? (sum ?? (state === VersionState.CHANGE ? 'delete' : undefined))
      : undefined
  const shown = what ?? [shortValue(version!), ...(sum === undefined ? [] : [`(and ${sum})`])].join('  ')
  return `${versionColumns(version!)}  ${stateNames[state].padEnd(8)}  ${shown}`
}
