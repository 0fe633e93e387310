/** What the commands that write keys share: the options, and the call. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { KeyChangeSchema } from '../../../gen/causeway/v1/store_pb.ts'
import type { Clients } from '../context.ts'
import { idText, print } from '../output.ts'
import { atOption, parseIds, type ReadingOptions, readItem, whenCounted } from './reading.ts'

/** A key of a store, as the contract has it. */
export interface KeyName {
  readonly store: string
  readonly key: string
}

/** Options of every command that writes a key. */
export interface WritingOptions extends ReadingOptions {
  /** Exactly the versions that the key must have; none: it must be absent. */
  readonly expect?: readonly Uint8Array[]
  readonly replaces?: readonly Uint8Array[]
}

const none = 'none'
/** What `--expect none` yields. It is found by identity, since `--expect` with ids never makes this list. */
const noVersions: readonly Uint8Array[] = []

function parseExpect(text: string, before?: readonly Uint8Array[]): readonly Uint8Array[] {
  if ((text === none && before !== undefined && before.length > 0) || before === noVersions)
    throw new InvalidArgumentError('Expected either `none` or the versions, not both.')
  return text === none ? noVersions : parseIds(text, before)
}

/** Adds `--expect` and `--at`. */
export function addConditions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--expect <VERSION|none>',
        'write only if the key has exactly these versions, or is absent; may be given several times',
      ).argParser(parseExpect),
    )
    .addOption(atOption())
}

/** Returns the option `--replaces`. */
export function replacesOption(): Option {
  return new Option(
    '--replaces <VERSION>',
    'replace only this version, and leave others as conflicts; may be given several times (default: all that this node shows)',
  ).argParser(parseIds)
}

/**
 * Writes one change to a key, and prints the id of the entry once it is on the disk. The entry's id names the version,
 * and is what `--at` takes.
 */
export async function writeKey(
  clients: Clients,
  tree: Uint8Array,
  key: KeyName,
  what: MessageInitShape<typeof KeyChangeSchema>['what'],
  options: WritingOptions,
): Promise<string> {
  const { at = [], expect, replaces } = options
  if (at.length > 0) await readItem(clients, tree, key, options)
  const request = {
    tree,
    changes: [{ key, what: what!, ...(replaces && { replaces: { entries: [...replaces] } }) }],
    expect: expect === undefined ? [] : [{ key, versions: [...expect] }],
    durable: true,
  }
  const written = await whenCounted(() => clients.stores.write(request), options)
  return idText(written.at[0]!)
}

/** Prints what a write made. */
export function printWritten(options: WritingOptions, entry: string): void {
  print(options, { entry }, entry)
}
