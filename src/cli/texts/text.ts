/** `causeway text show`, `causeway text edit` and `causeway text insert`: texts that several people edit. */
import { type Command, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { formatId } from '../../dag/id.ts'
import { insertAt, noteText } from '../../rpc/client/texts/edit-text.ts'
import { openTextOf, readTextOf, type TextName } from '../../rpc/client/texts/open-text.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { print } from '../output.ts'
import { textOf } from '../stores/item-view.ts'
import { atOption, complain, quoted, type ReadingOptions, whenCounted } from '../stores/reading.ts'
import { io, readStdin, writeOut } from '../streams.ts'
import { treeArgument } from '../trees/tree-argument.ts'
import { parseWholeNumber } from '../whole-number.ts'
import { changesOf } from './changes.ts'
import { editText } from './editor.ts'

type Action<Options> = (clients: Clients, name: TextName, options: Options) => Promise<void>

export function addText(program: Command): void {
  const text = program.command('text').description('show and edit texts that several people edit')
  const add = (name: string) =>
    text
      .command(name)
      .argument('<TREE>', 'name or id of the tree')
      .argument('<STORE>', 'store in the tree')
      .argument('<KEY>', 'the key')
  add('show')
    .description('print a text, of any length')
    .addOption(atOption())
    .addHelpText('after', '\nIf the key has no text, the exit code is 1.')
    .addHelpText('after', examples('causeway text show diary notes a/log'))
    .action((tree: string, store: string, key: string, options: ReadingOptions) =>
      withText(tree, store, key, options, show),
    )
  add('edit')
    .description('change a text in your editor ($VISUAL, $EDITOR)')
    .addHelpText(
      'after',
      `
What others type while your editor is open stays: only what you have changed is
written, as the node's edits. A key without a text gets one. Without a terminal,
$VISUAL or $EDITOR has to name an editor that needs none.`,
    )
    .addHelpText(
      'after',
      examples(
        'causeway text edit diary notes a/log',
        'VISUAL="code --wait" causeway text edit diary notes a/log',
      ),
    )
    .action((tree: string, store: string, key: string, options: CommonOptions) =>
      withText(tree, store, key, options, edit),
    )
  add('insert')
    .argument('[TEXT]', 'what to insert, or - for standard input; may be left out if that is a pipe')
    .description('insert into a text, and print the ids of the entries')
    .addOption(
      new Option('--position <N>', 'insert after so many characters (default: at the end)').argParser(
        parseWholeNumber(0),
      ),
    )
    .addHelpText(
      'after',
      examples(
        "causeway text insert bafkrei… notes a/log 'One more line.'",
        'causeway text insert bafkrei… notes a/log --position 0 < title.txt',
      ),
    )
    .action(
      async (
        tree: string,
        store: string,
        key: string,
        argument: string | undefined,
        options: InsertOptions,
      ) => {
        const inserted = await textArgument(argument)
        await withText(tree, store, key, options, (clients, name) => insert(clients, name, inserted, options))
      },
    )
}

interface InsertOptions extends CommonOptions {
  readonly position?: number
}

async function withText<Options extends CommonOptions>(
  tree: string,
  store: string,
  key: string,
  options: Options,
  action: Action<Options>,
): Promise<void> {
  await using clients = await openClients(options)
  await action(clients, { tree: await treeArgument(clients, tree), store, key }, options)
}

const show: Action<ReadingOptions> = async (clients, name, options) => {
  const text = await whenCounted(() => readTextOf(clients.stores, name, options.at), options)
  if (options.json) print(options, { store: name.store, key: name.key, text: text ?? null }, '')
  else if (text !== undefined) await writeOut(text === '' || text.endsWith('\n') ? text : `${text}\n`)
  if (text !== undefined) return
  io().exitCode = 1
  if (!options.json) complain(`The key ${quoted(name.key)} has no text in the store ${quoted(name.store)}`)
}

const edit: Action<CommonOptions> = async (clients, name, options) => {
  await using text = await openText(clients, name, options)
  // As it is when the editor opens: by it the places of the changes are found in what the text is then.
  const former = await noteText(text)
  await using edited = await editText(former.text)
  try {
    former.replace(changesOf(former.text, edited.text))
    await printWritten(clients, name, options, await text.flush())
  } catch (error) {
    edited.keep()
    complain(`What you typed is in ${edited.file}`)
    throw error
  }
}

async function openText({ stores, node }: Clients, name: TextName, options: CommonOptions) {
  const { peer } = await node.getNode({})
  return whenCounted(() => openTextOf(stores, peer, name), options)
}

async function insert(
  clients: Clients,
  name: TextName,
  inserted: string,
  options: InsertOptions,
): Promise<void> {
  await using text = await openText(clients, name, options)
  // People count characters, and the document UTF-16 units.
  const characters = [...text.toString()]
  const { position = characters.length } = options
  if (position > characters.length)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The text has ${characters.length} characters, so nothing can be inserted after ${position}.`,
    )
  if (inserted !== '') insertAt(text, characters.slice(0, position).join('').length, inserted)
  await printWritten(clients, name, options, await text.flush())
}

async function textArgument(argument: string | undefined): Promise<string> {
  if (argument !== undefined && argument !== '-') return argument
  if (argument === undefined && io().stdin.isTTY)
    throw new CausewayError('INVALID_ARGUMENT', 'Expected a TEXT, or a text on standard input.')
  const most = limits.textTypedBytes
  const bytes = await readStdin(
    most,
    () =>
      new CausewayError('LIMIT_EXCEEDED', `At most ${most} bytes can be inserted at once.`, {
        data: { max: most },
      }),
  )
  const text = textOf(bytes)
  if (text === undefined) throw new CausewayError('INVALID_ARGUMENT', 'A text is UTF-8, and this is not.')
  return text
}

async function printWritten(
  clients: Clients,
  name: TextName,
  options: CommonOptions,
  ids: readonly string[],
): Promise<void> {
  const entries = ids.map((id) => formatId(id as never))
  if (entries.length === 0 && !options.json) complain('The text is as it was: nothing is written')
  else print(options, { entries }, entries.join('\n'))
  if (!options.json && (await hasValue(clients, name)))
    complain(
      `The key ${quoted(name.key)} also has a value, and \`get\` and \`list\` show that one: \`causeway text show\` shows the text`,
    )
}

/** Reports whether a key has a value beside its text, which reads of the key then show. */
async function hasValue({ stores }: Clients, { tree, store, key }: TextName): Promise<boolean> {
  // The first key that begins so is the key itself, if it has a value.
  const { items } = await whenCounted(() => stores.list({ tree, store, prefix: key, pageSize: 1 }))
  return items[0]?.key?.key === key
}
