/**
 * What the command `causeway` can do: its commands, one file each, and how a mistake is reported, in one sentence. A
 * program is made anew for each run, so that tests run commands without a process for each.
 */
import { Command, CommanderError, Option } from 'commander'
import { version } from '../base/version.ts'
import { addCompletion } from './completion/completion.ts'
import { addConformance } from './conformance/conformance.ts'
import { defaultDataFolder } from './default-folder.ts'
import { helpLayout } from './help.ts'
import { addBackup } from './node/backup.ts'
import { addConfig } from './node/config.ts'
import { addDoctor } from './node/doctor.ts'
import { addId } from './node/id.ts'
import { addKey } from './node/key.ts'
import { addMigrate } from './node/migrate.ts'
import { addRestore } from './node/restore.ts'
import { addServe } from './node/serve.ts'
import { addToken } from './node/token.ts'
import { addTunnel } from './node/tunnel.ts'
import { addUi } from './node/ui.ts'
import { exitCodeOf, printError } from './output.ts'
import { addApp } from './peers/app.ts'
import { addConnections } from './peers/connections.ts'
import { addJoin } from './peers/join.ts'
import { addFlush, addLink } from './peers/link.ts'
import { addOffers } from './peers/offers.ts'
import { addPair } from './peers/pair.ts'
import { addPeer } from './peers/peer.ts'
import { addPolicy } from './peers/policy.ts'
import { addRequests } from './peers/requests.ts'
import { addStatus } from './peers/status.ts'
import { addSync } from './peers/sync.ts'
import { addTicket } from './peers/ticket.ts'
import { addAdd } from './stores/add.ts'
import { addConflicts } from './stores/conflicts.ts'
import { addDelete } from './stores/delete.ts'
import { addGet } from './stores/get.ts'
import { addHistory } from './stores/history.ts'
import { addList } from './stores/list.ts'
import { addPut } from './stores/put.ts'
import { addResolve } from './stores/resolve.ts'
import { addStores } from './stores/stores.ts'
import { io } from './streams.ts'
import { addText } from './texts/text.ts'
import { addCommit } from './trees/commit.ts'
import { addImport } from './trees/import.ts'
import { addLog } from './trees/log.ts'
import { addRepair } from './trees/repair.ts'
import { addShow } from './trees/show.ts'
import { addTips } from './trees/tips.ts'
import { addTree } from './trees/tree.ts'
import { addVerify } from './trees/verify.ts'
import { addWatch } from './trees/watch.ts'

/** The commands by the headings under which `causeway --help` lists them. */
const groups = {
  'Trees:': [addTree, addCommit, addLog, addShow, addTips, addWatch, addVerify, addRepair, addImport],
  'Keys and values:': [
    addPut,
    addGet,
    addList,
    addAdd,
    addDelete,
    addHistory,
    addConflicts,
    addResolve,
    addStores,
    addText,
  ],
  'Peers and links:': [addPair, addPeer, addTicket, addSync, addLink, addStatus, addFlush, addConnections],
  'Access:': [addJoin, addRequests, addOffers, addPolicy, addApp],
  'Node:': [
    addServe,
    addUi,
    addDoctor,
    addConfig,
    addId,
    addKey,
    addToken,
    addTunnel,
    addBackup,
    addRestore,
    addMigrate,
    addConformance,
  ],
}

/** Commands that take --data like all others, and have no use for it. */
const withoutFolder: ReadonlySet<string> = new Set(['causeway conformance', 'causeway completion'])

/** Returns the program with all commands. */
export function createProgram(): Command {
  const defaultFolder = defaultDataFolder() ?? 'none, since this user has no home folder'
  const program = new Command('causeway')
    .description("Causeway replicates signed Merkle-DAGs between services and between people's machines.")
    .version(version)
    .exitOverride()
    // The list of commands shows names; the help of each command shows its arguments.
    .configureHelp(helpLayout)
    .configureOutput({
      writeOut: (text) => io().stdout.write(text),
      writeErr: (text) => io().stderr.write(text),
      outputError: (text, write) => write(explained(text)),
    })
    .addHelpText('after', programHelp(defaultFolder))
  for (const [heading, adders] of Object.entries(groups)) {
    program.commandsGroup(heading)
    for (const add of adders) add(program)
  }
  program.commandsGroup('Help:').helpCommand(true)
  addCompletion(program)

  for (const command of everyCommand(program)) {
    const path = commandPath(command)
    command.showHelpAfterError(`Run \`${path} --help\` for usage.`)
    if (command.commands.length > 0) continue
    command
      .optionsGroup('Common options:')
      .helpOption('-h, --help', 'display help for command')
      .addOption(
        new Option('--data <DIR>', `data folder (default: ${defaultFolder}, env: CAUSEWAY_DATA)`).hideHelp(
          withoutFolder.has(path),
        ),
      )
      .option('--json', 'print JSON instead of text')
  }
  return program
}

/** Returns what the help of the program says beside its commands. */
function programHelp(defaultFolder: string): string {
  return `
Run \`causeway COMMAND --help\` for the arguments and options of a command.
Every command takes --data DIR and --json, which come after its name. If a node
runs on the data folder, the command goes through that node; otherwise it opens
the folder itself.

Environment:
  CAUSEWAY_DATA   data folder (currently ${defaultFolder})
  CAUSEWAY_RELAY  value for --relay
  CAUSEWAY_RELAY_TOKEN  token for these relays
  CAUSEWAY_DEBUG  if set, print the stack of an error as well
  CAUSEWAY_…      value for any option of serve; see \`causeway serve --help\`

Exit codes:
  0  success
  1  failure, or a check that found a problem
  2  wrong usage
  3  a remote node could not be reached
  4  an admin has to decide first (join)
  5  a key does not have the versions that --expect names

Get started:
  causeway tree create diary                       # create a tree
  echo hello | causeway commit diary --store text  # write an entry to it
  causeway log diary                               # list its entries
  causeway put diary pages greeting hello          # put a value under a key
  causeway get diary pages greeting                # read it
  causeway serve                                   # serve it to other nodes
  causeway ticket diary                            # print a ticket to hand over
  causeway join TICKET                             # elsewhere: join the tree
  causeway requests                                # list requests for access
  causeway approve ID                              # approve one
  causeway status --watch                          # follow the status of links
  causeway ui                                      # look at it in a browser`
}

/** Runs a command, reports its error if it fails, and sets the exit code. */
export async function runCommand(args: readonly string[]): Promise<void> {
  const program = createProgram()
  // The node's own timers do not keep the process alive, and a command may wait for nothing else: without this, `flush`
  // ended silently while a peer could not be reached.
  const keepAlive = setInterval(() => {}, 2 ** 30)
  try {
    await program.parseAsync(withHelp(program, args), { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) io().exitCode = error.exitCode === 0 ? 0 : 2
    else {
      printError(error)
      io().exitCode = exitCodeOf(error)
    }
  } finally {
    clearInterval(keepAlive)
  }
}

/**
 * Returns `help COMMAND` as the command with --help. What is no command stands alone then, so that the parser reports it
 * and suggests the nearest one.
 */
function withHelp(program: Command, args: readonly string[]): readonly string[] {
  const [first, ...words] = args
  if (first !== 'help' || words.length === 0) return args
  let command: Command | undefined = program
  for (const word of words) {
    command = command.commands.find((each) => each.name() === word)
    if (command === undefined) return words
  }
  return [...words, '--help']
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

/** Returns what the parser says of a mistake in this command's own words, and what it does not know: where options go. */
function explained(text: string): string {
  return text
    .replace(/^error: /, 'causeway: ')
    .replace(/command-argument value (.*) is invalid for argument /, 'value $1 is invalid for the argument ')
    .replace(
      /unknown option '(--data|--json)'/,
      '$&: it comes after the command, as in `causeway tree list $1`',
    )
}

/** Returns the words that run a command, such as `causeway tree create`. */
function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`
}
