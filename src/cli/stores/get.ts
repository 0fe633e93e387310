/** `causeway get`: prints the value of a key, or follows keys. */
import { type Command, Option } from 'commander'
import type { Item, Version } from '../../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { openClients } from '../context.ts'
import { examples } from '../help.ts'
import { idArgument, print, quantity } from '../output.ts'
import { writeOut } from '../streams.ts'
import { follow } from './follow.ts'
import { itemDocument, printedValue } from './item-view.ts'
import { atOption, complain, complainAbsent, quoted, type ReadingOptions, readItem } from './reading.ts'

interface GetOptions extends ReadingOptions {
  readonly watch?: boolean
  readonly number?: boolean
  readonly raw?: boolean
}

export function addGet(program: Command): void {
  program
    .command('get')
    .argument('<TREE>', 'id of the tree')
    .argument('<STORE>', 'store in the tree')
    .argument('[KEY]', 'the key; with --watch, what the keys begin with')
    .description('print the value of a key, or follow keys')
    .addOption(
      new Option('--watch', 'print all keys that begin with KEY, and each that changes, until stopped'),
    )
    .addOption(
      new Option('--number', 'print the number, also if the value beside it is none').conflicts([
        'watch',
        'json',
      ]),
    )
    .addOption(
      new Option('--raw', 'print the bytes of the value exactly, on a terminal too').conflicts([
        'watch',
        'json',
        'number',
      ]),
    )
    .addOption(atOption().conflicts('watch'))
    .addHelpText(
      'after',
      `
Text ends with a newline, and a counter is printed as its number; other values
are printed byte for byte, except on a terminal. If other versions stand beside
the value, a line on stderr says so. If the key is absent, the exit code is 1.

--watch needs a running node. It prints a line for each key, the line \`synced\`,
and then a line for each key that changes.`,
    )
    .addHelpText(
      'after',
      examples(
        'causeway get bafkrei… notes a/title',
        'causeway get bafkrei… photos 2024/cat > cat.jpg',
        'causeway get bafkrei… notes a/title --at bafkrei…',
        'causeway get bafkrei… notes a/ --watch --json',
      ),
    )
    .action(async (tree: string, store: string, key: string | undefined, options: GetOptions) => {
      const id = idArgument(tree)
      if (key === undefined && !options.watch)
        throw new CausewayError('INVALID_ARGUMENT', 'Expected a KEY, or --watch to follow all keys.')
      await using clients = await openClients(options)
      if (options.watch) await follow(clients, id, store, key ?? '', options)
      else await printItem(await readItem(clients, id, { store, key: key! }, options), options)
    })
}

async function printItem(item: Item, options: GetOptions): Promise<void> {
  const { store, key } = item.key!
  if (options.json) {
    print(options, itemDocument(item), '')
    if (item.value === undefined) process.exitCode = 1
    return
  }
  if (item.value === undefined) {
    complainAbsent(store, key)
    return
  }
  const { value, conflictCount } = item
  if (options.number && value.sum === undefined) {
    complain(`The value of the key ${quoted(key)} is no number, and nothing was added to it`)
    process.exitCode = 1
    return
  }
  const shown = outputOf(value, options)
  await writeOut(shown ?? `(${quantity(value.value.length, 'byte')})\n`)
  if (shown === undefined) complain('The value is no plain text: send it to a file, or give --raw')
  if (conflictCount > 0) {
    const others = conflictCount === 1 ? 'stands another version' : `stand ${conflictCount} other versions`
    complain(
      `Beside this value of ${quoted(key)} ${others}: \`causeway conflicts\` shows all, and \`causeway resolve\` replaces them by one`,
    )
  }
}

/** Returns what goes to stdout, or undefined for what a terminal must not get. */
function outputOf(version: Version, { number, raw }: GetOptions): string | Uint8Array | undefined {
  if (number) return `${version.sum}\n`
  return raw ? version.value : printedValue(version, process.stdout.isTTY)
}
