/** `causeway history`: lists what entries did to a key, newest first. */
import type { Command } from 'commander'
import {
  type HistoryResponse,
  PastAction,
  type PastVersion,
  type Version,
  VersionState,
} from '../../../gen/causeway/v1/store_pb.ts'
import { openClients } from '../context.ts'
import { examples } from '../help.ts'
import { idText, plainText } from '../output.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { counterOf, shortValue, versionColumns, versionDocument } from './item-view.ts'
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

const actionNames: Readonly<Record<PastAction, string>> = {
  [PastAction.UNSPECIFIED]: '',
  [PastAction.PUT]: 'put',
  [PastAction.DELETE]: 'delete',
  [PastAction.ADD]: 'add',
  [PastAction.TEXT]: 'text',
}

export function addHistory(program: Command): void {
  program
    .command('history')
    .argument('<TREE>', 'name or id of the tree')
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
  change    the entry put nothing: it deleted, added or edited a text`,
    )
    .addHelpText('after', examples('causeway history bafkrei… notes a/title'))
    .action(async (tree: string, store: string, key: string, options: ListingOptions) => {
      await using clients = await openClients(options)
      const id = await treeArgument(clients, tree)
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

function document({ version, action, state, replaces, added }: PastVersion) {
  return {
    ...versionDocument(version!),
    action: actionNames[action],
    state: stateNames[state],
    added: added === undefined ? null : String(added),
    replaces: replaces.map(idText),
  }
}

/** Returns what was put. Where something was added to a number that was put, it says to what that comes. */
function putText(version: Version): string {
  const now = shortValue(version)
  if (counterOf(version) === undefined || version.value.length === 0) return now
  const put = plainText(Buffer.from(version.value).toString('latin1'), 60)
  return put === now ? now : `${put}, now ${now}`
}

function line({ version, action, state, added }: PastVersion): string {
  const shown = [
    ...(action === PastAction.PUT ? [putText(version!)] : []),
    ...(action === PastAction.DELETE || action === PastAction.TEXT ? [actionNames[action]] : []),
    ...(added === undefined ? [] : [action === PastAction.ADD ? `add ${added}` : `(and ${added})`]),
  ]
  return `${versionColumns(version!)}  ${stateNames[state].padEnd(8)}  ${shown.join('  ')}`
}
