/** `causeway resolve`: replaces all versions of a key by one. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import type { Command } from 'commander'
import type { Item, PutSchema, Version } from '../../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { openClients } from '../context.ts'
import { examples } from '../help.ts'
import { idArgument, idText, print, quantity } from '../output.ts'
import { io } from '../streams.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { counterOf, versionsOf } from './item-view.ts'
import { complain, complainAbsent, quoted, readItem } from './reading.ts'
import { addValue, readValue, sendValue, type ValueOptions } from './value-input.ts'
import { addConditions, type WritingOptions, writeKey } from './writing.ts'

interface ResolveOptions extends WritingOptions, ValueOptions {
  readonly take?: string
}

export function addResolve(program: Command): void {
  const command = program
    .command('resolve')
    .argument('<TREE>', 'name or id of the tree')
    .argument('<STORE>', 'store in the tree')
    .argument('<KEY>', 'the key')
  addConditions(addValue(command))
    .option('--take <VERSION>', 'keep the value of this version')
    .description('replace all versions of a key by one, and print the id of the entry')
    .addHelpText(
      'after',
      `
Give either a VALUE or --take. A version that comes at the same time stays as a
conflict. If the key has no conflict, writes nothing and exits with code 1.`,
    )
    .addHelpText(
      'after',
      examples(
        'causeway resolve bafkrei… notes a/title --take bafkrei…',
        'causeway resolve bafkrei… notes a/title "Hello, both of you"',
      ),
    )
    .action(resolveKey)
}

async function resolveKey(
  tree: string,
  store: string,
  key: string,
  argument: string | undefined,
  options: ResolveOptions,
): Promise<void> {
  const { take, type, file } = options
  if (take !== undefined && (argument ?? type ?? file) !== undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'Expected either a VALUE, with its type, or --take, not both.',
    )
  const taken = take === undefined ? undefined : idText(idArgument(take))
  const given = taken === undefined ? await readValue(argument, options) : undefined
  await using clients = await openClients(options)
  const id = await treeArgument(clients, tree)
  const item = await readItem(clients, id, { store, key }, options)
  if (item.value === undefined) {
    complainAbsent(store, key, ': nothing was written')
    return
  }
  if (item.conflictCount === 0 && options.expect === undefined) {
    complain(
      `The key ${quoted(key)} has one version, ${idText(item.value.entry)}, and no conflict: nothing was written`,
    )
    io().exitCode = 1
    return
  }
  const value = given ? await sendValue(clients, id, given, options) : valueShown(versionIn(item, taken!))
  const replaces = versionsOf(item)
    .map(({ entry }) => entry)
    .slice(0, limits.stateNames)
  const what = { case: 'put' as const, value }
  const entry = await writeKey(clients, id, { store, key }, what, { ...options, replaces })
  print(options, { entry, replaced: replaces.map(idText) }, entry)
  const left = item.conflictCount + 1 - replaces.length
  if (left > 0 && !options.json)
    complain(
      `${quantity(left, 'other version stands', 'other versions stand')} beside it, since one entry replaces at most ${limits.stateNames}: run the command again with --take ${entry}`,
    )
}

/** Returns the version of that name. Throws INVALID_ARGUMENT if it does not stand. */
function versionIn(item: Item, name: string): Version {
  const found = versionsOf(item).find(({ entry }) => idText(entry) === name)
  if (found !== undefined) return found
  throw new CausewayError(
    'INVALID_ARGUMENT',
    `The key ${quoted(item.key!.key)} has no version ${name} that nothing replaces: \`causeway conflicts\` lists those that it has.`,
  )
}

/** Returns what to put, so that the key shows what the version shows: the number of a counter, with all that was added. */
function valueShown(version: Version): MessageInitShape<typeof PutSchema> {
  const { value, type, blob } = version
  const counter = counterOf(version)
  if (counter === undefined) return { value, type, ...(blob && { blob }) }
  return { value: Buffer.from(String(counter)), type: version.type || 'text/plain' }
}
