/** What the commands that read stores share: waiting until the state is computed, and lists that print page by page. */
import type { MessageInitShape } from '@bufbuild/protobuf'
import { Option } from 'commander'
import type { Item, ReadOptionsSchema } from '../../../gen/causeway/v1/store_pb.ts'
import { sleep, systemClock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import type { Clients, CommonOptions } from '../context.ts'
import { asCausewayError, idArgument, plainText } from '../output.ts'
import { allPages } from '../pages.ts'
import { ProgressBar } from '../progress.ts'
import { io, whileRead, writeOut } from '../streams.ts'
import { parseWholeNumber } from '../whole-number.ts'

/** Options of every command that reads keys. */
export interface ReadingOptions extends CommonOptions {
  readonly at?: readonly Uint8Array[]
}

/** Options of every command that lists keys. */
export interface ListingOptions extends ReadingOptions {
  readonly limit?: number
}

/** Returns a parser for an option that is given once for each id. */
export function parseIds(text: string, before: readonly Uint8Array[] = []): Uint8Array[] {
  return [...before, idArgument(text)]
}

/** Returns the option `--at`: which writes a command has to see. */
export function atOption(): Option {
  return new Option(
    '--at <ENTRY>',
    'wait until this entry, which a write has printed, is here; may be given several times',
  ).argParser(parseIds)
}

/** Returns the option `--limit` of lists. */
export function limitOption(rows: string): Option {
  return new Option('--limit <N>', `maximum number of ${rows} (default: all)`).argParser(parseWholeNumber(1))
}

export function readOptions({ at = [] }: ReadingOptions): MessageInitShape<typeof ReadOptionsSchema> {
  return { at: [...at] }
}

/**
 * Makes a call again while the node computes the state of the tree. Gives up after `limits.stateStalledTries` calls in a
 * row between which the node counted nothing, and throws VIEW_BUILDING.
 */
export async function whenCounted<Result>(
  call: () => Promise<Result>,
  { json = false }: Pick<CommonOptions, 'json'> = {},
  pause = () => sleep(systemClock, limits.stateRetryMs),
): Promise<Result> {
  const bar = new ProgressBar('computing the state', json)
  let best = -1
  let stalled = 0
  try {
    // Each turn finds more counted, or is one of a few.
    for (;;)
      try {
        return await call()
      } catch (error) {
        const { code, data } = asCausewayError(error)
        if (code !== 'VIEW_BUILDING') throw error
        const counted = Number(data.counted)
        stalled = counted > best ? 0 : stalled + 1
        if (stalled >= limits.stateStalledTries) throw error
        best = Math.max(best, counted)
        bar.update(counted, Number(data.count))
        await pause()
      }
  } finally {
    bar.end()
  }
}

/** Returns one key with its conflicts; without a value if it is absent. */
export async function readItem(
  clients: Clients,
  tree: Uint8Array,
  key: { readonly store: string; readonly key: string },
  options: ReadingOptions,
): Promise<Item> {
  const request = { tree, keys: [key], read: readOptions(options) }
  const { items } = await whenCounted(() => clients.stores.get(request), options)
  return items[0]!
}

/** Prints one sentence on stderr, as errors are. */
export function complain(sentence: string): void {
  io().stderr.write(`causeway: ${sentence}.\n`)
}

/** Says on stderr that a key is absent, and makes the exit code 1. */
export function complainAbsent(store: string, key: string, consequence = ''): void {
  complain(`The key ${quoted(key)} is absent in the store ${quoted(store)}${consequence}`)
  io().exitCode = 1
}

/** Returns a name for a sentence: in quotes, and safe for the terminal. */
export function quoted(text: string): string {
  return JSON.stringify(plainText(text))
}

interface Listing<Page, Row> {
  /** The name of the list in the document. */
  readonly name: string
  readonly fetch: (
    request: { readonly pageToken: string; readonly pageSize: number },
    call: { readonly signal: AbortSignal },
  ) => Promise<Page>
  readonly rows: (page: Page) => readonly Row[]
  readonly document: (row: Row) => object | string
  readonly line: (row: Row) => string
}

/** Yields the rows of a list, at most `--limit` of them, until stdout cannot be written any more. */
export async function* listed<Page extends { readonly nextPageToken: string }, Row>(
  { fetch, rows }: Pick<Listing<Page, Row>, 'fetch' | 'rows'>,
  options: ListingOptions,
): AsyncGenerator<Row> {
  const { limit = Number.MAX_SAFE_INTEGER } = options
  const pages = whileRead((call) =>
    allPages((request) => whenCounted(() => fetch(request, call), options), limit),
  )
  let count = 0
  for await (const page of pages)
    for (const row of rows(page)) {
      yield row
      if (++count === limit) return
    }
}

/**
 * Prints rows as they come, so that a list of any length needs little memory: with --json as one document, otherwise a
 * line each. Prints `none` if there are none.
 */
export async function printRows<Row>(
  rows: AsyncIterable<Row>,
  { name, document, line }: Pick<Listing<never, Row>, 'name' | 'document' | 'line'>,
  options: CommonOptions,
  none: string,
): Promise<void> {
  // Nothing is printed before the first page is there, so that a call that fails prints only its error.
  let separator = `{"${name}":[`
  let count = 0
  for await (const row of rows) {
    const text = options.json ? `${separator}${JSON.stringify(document(row))}` : `${line(row)}\n`
    separator = ','
    count++
    await writeOut(text)
  }
  if (options.json) await writeOut(`${count === 0 ? separator : ''}]}\n`)
  else if (count === 0) await writeOut(`${none}\n`)
}
