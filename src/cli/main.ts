#!/usr/bin/env node
/** The command `causeway`: wires the commands, one file each, and turns whatever goes wrong into one sentence. */
import './heap.ts'
import { Command, CommanderError } from 'commander'
import { version } from '../base/version.ts'
import { defaultDataFolder } from './context.ts'
import { addId } from './node/id.ts'
import { addServe } from './node/serve.ts'
import { addToken } from './node/token.ts'
import { addTunnel } from './node/tunnel.ts'
import { exitCodeOf, printError } from './output.ts'
import { addConnections } from './peers/connections.ts'
import { addJoin } from './peers/join.ts'
import { addFlush, addLink } from './peers/link.ts'
import { addPeer } from './peers/peer.ts'
import { addPolicy } from './peers/policy.ts'
import { addRequests } from './peers/requests.ts'
import { addStatus } from './peers/status.ts'
import { addSync } from './peers/sync.ts'
import { addTicket } from './peers/ticket.ts'
import { addCommit } from './trees/commit.ts'
import { addImport } from './trees/import.ts'
import { addLog } from './trees/log.ts'
import { addShow } from './trees/show.ts'
import { addTips } from './trees/tips.ts'
import { addTree } from './trees/tree.ts'
import { addVerify } from './trees/verify.ts'
import { addWatch } from './trees/watch.ts'

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
