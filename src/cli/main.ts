#!/usr/bin/env node
/** The command `causeway`: wires the commands, one file each, and turns whatever goes wrong into one sentence. */
import './heap.ts'
import { Command, CommanderError } from 'commander'
import { version } from '../version.ts'
import { addCommit } from './commit.ts'
import { addConnections } from './connections.ts'
import { defaultDataFolder } from './context.ts'
import { addId } from './id.ts'
import { addImport } from './import.ts'
import { addJoin } from './join.ts'
import { addFlush, addLink } from './link.ts'
import { addLog } from './log.ts'
import { exitCodeOf, printError } from './output.ts'
import { addPeer } from './peer.ts'
import { addPolicy } from './policy.ts'
import { addRequests } from './requests.ts'
import { addServe } from './serve.ts'
import { addShow } from './show.ts'
import { addStatus } from './status.ts'
import { addSync } from './sync.ts'
import { addTicket } from './ticket.ts'
import { addTips } from './tips.ts'
import { addToken } from './token.ts'
import { addTree } from './tree.ts'
import { addTunnel } from './tunnel.ts'
import { addVerify } from './verify.ts'
import { addWatch } from './watch.ts'

const program = new Command('causeway')
  .description("Replicates signed Merkle-DAGs between services and between people's machines.")
  .version(version)
  .showHelpAfterError('(run with --help for what it takes)')
  .addHelpText(
    'after',
    `
Every command takes --data DIR (default: $CAUSEWAY_DATA, else ${defaultDataFolder()}) and --json.
If a node runs on the folder, commands go through it; else they open the folder themselves.

Exit codes: 0 done, 1 failed or not in order, 2 wrong usage, 3 a remote could not be reached, 4 an admin has to decide.

Try it:
  causeway tree create notes                       make a tree
  echo hello | causeway commit TREE --store text   write to it
  causeway serve                                   let others sync
  causeway ticket TREE                             a ticket to hand over
  causeway join TICKET                             on the other machine: equal from now on, while it serves
  causeway requests                                who asks to be let in
  causeway grant TREE PEER write                   let somebody write
  causeway status --watch                          how every link stands`,
  )

for (const add of [
  addServe,
  addId,
  addConnections,
  addTree,
  addTips,
  addLog,
  addShow,
  addCommit,
  addVerify,
  addImport,
  addTicket,
  addJoin,
  addRequests,
  addPolicy,
  addToken,
  addSync,
  addPeer,
  addLink,
  addStatus,
  addFlush,
  addWatch,
  addTunnel,
])
  add(program)

for (const command of everyCommand(program)) {
  command.exitOverride()
  if (command.commands.length > 0) continue
  command.option('--data <DIR>', 'the data folder').option('--json', 'print JSON')
}

// Who reads the output may stop reading (`| head`); that is no reason to fail, let alone to end a running node.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    printError(error)
    process.exitCode = exitCodeOf(error)
  }
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}
