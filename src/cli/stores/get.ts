/** `causeway get`: prints the value of a key, or follows keys. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Item, Version } from '../../../gen/causeway/v1/store_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { type Clients, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { print, quantity } from '../output.ts'
import { ProgressBar } from '../progress.ts'
import { io, whileRead, writeOut } from '../streams.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { follow } from './follow.ts'
import { itemDocument, printedValue, sizeOf } from './item-view.ts'
import { atOption, complain, complainAbsent, quoted, type ReadingOptions, readItem } from './reading.ts'

interface GetOptions extends ReadingOptions {
  readonly watch?: boolean
  readonly number?: boolean
  readonly raw?: boolean
  readonly range?: ByteRange
}

/** Which bytes to print: the first, and how many. */
interface ByteRange {
  readonly offset: number
  readonly length?: number
}

/** Parses the numbers of the first and the last byte, as in HTTP. */
function parseRange(text: string): ByteRange {
  const [, first, last] = /^(\d{1,15})-(\d{1,15})?$/.exec(text) ?? []
  const [from, to] = [Number(first), last === undefined ? Number.POSITIVE_INFINITY : Number(last)]
  if (first === undefined || to < from)
    throw new InvalidArgumentError(
      'Expected the numbers of the first and the last byte, such as 0-499 or 500-.',
    )
  return { offset: from, ...(last !== undefined && { length: to - from + 1 }) }
}

export function addGet(program: Command): void {
  program
    .command('get')
    .argument('<TREE>', 'name or id of the tree')
    .argument('<STORE>', 'store in the tree')
    .argument('[KEY]', 'the key; with --watch, what the keys begin with')
    .description('print the value of a key, or follow keys')
    .addOption(
      new Option('--watch', 'print all keys that begin with KEY, and each that changes, until stopped'),
    )
    .addOption(
      new Option('--number', 'print the number, or exit with code 1 if there is none').conflicts([
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
    .addOption(
      new Option('--range <FIRST-LAST>', 'print these bytes of the value, counted from 0, as --raw does')
        .argParser(parseRange)
        .conflicts(['watch', 'json', 'number']),
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
        'causeway get bafkrei… photos 2024/cat --range 0-1023 | xxd',
        'causeway get bafkrei… notes a/title --at bafkrei…',
        'causeway get bafkrei… notes a/ --watch --json',
      ),
    )
    .action(async (tree: string, store: string, key: string | undefined, options: GetOptions) => {
      if (key === undefined && !options.watch)
        throw new CausewayError('INVALID_ARGUMENT', 'Expected a KEY, or --watch to follow all keys.')
      await using clients = await openClients(options)
      const id = await treeArgument(clients, tree)
      if (options.watch) await follow(clients, id, store, key ?? '', options)
      else await printItem(clients, id, await readItem(clients, id, { store, key: key! }, options), options)
    })
}

async function printItem(clients: Clients, tree: Uint8Array, item: Item, options: GetOptions): Promise<void> {
  const { store, key } = item.key!
  if (options.json) {
    print(options, itemDocument(item), '')
    if (item.value === undefined) io().exitCode = 1
    return
  }
  if (item.value === undefined) {
    complainAbsent(store, key)
    return
  }
  const { value, conflictCount } = item
  if (options.number && value.sum === undefined) {
    complain(`The value of the key ${quoted(key)} is no number, and nothing was added to it`)
    io().exitCode = 1
    return
  }
  const { raw, range } = options
  if (value.blob !== undefined && (raw || range || !io().stdout.isTTY))
    await printBlob(clients, tree, value.blob, options)
  else await printValue(value, options)
  if (conflictCount > 0) {
    const others = conflictCount === 1 ? 'stands another version' : `stand ${conflictCount} other versions`
    complain(
      `Beside this value of ${quoted(key)} ${others}: \`causeway conflicts\` shows all, and \`causeway resolve\` replaces them by one`,
    )
  }
}

async function printValue(version: Version, options: GetOptions): Promise<void> {
  const shown = outputOf(version, options)
  await writeOut(shown ?? `(${quantity(sizeOf(version), 'byte')})\n`)
  if (shown === undefined) complain('The value is no plain text: send it to a file, or give --raw')
}

/** Returns what goes to stdout, or undefined for what a terminal must not get. */
function outputOf(version: Version, { number, raw, range }: GetOptions): string | Uint8Array | undefined {
  const { value, sum, blob } = version
  if (number) return `${sum}\n`
  if (blob !== undefined) return undefined
  if (range === undefined) return raw ? value : printedValue(version, io().stdout.isTTY)
  const { offset, length = value.length } = range
  if (offset >= value.length)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `A range begins inside of the value, which has ${quantity(value.length, 'byte')}, got ${offset}.`,
    )
  return value.subarray(offset, offset + length)
}

/** Prints a blob as it comes. The node verifies it, and fetches what it lacks. */
async function printBlob(
  { stores }: Clients,
  tree: Uint8Array,
  blob: NonNullable<Version['blob']>,
  { range }: GetOptions,
): Promise<void> {
  const offset = range?.offset ?? 0
  const length = Math.min(range?.length ?? Number.POSITIVE_INFINITY, Number(blob.size) - offset)
  const bar = new ProgressBar('getting', io().stdout.isTTY, 'bytes')
  let printed = 0
  const request = { tree, blob, offset: BigInt(offset), length: BigInt(Math.max(0, length)) }
  try {
    for await (const { data } of whileRead((call) => stores.getBlob(request, call))) {
      await writeOut(data)
      printed += data.length
      bar.update(printed, length)
    }
  } finally {
    bar.end()
  }
}
