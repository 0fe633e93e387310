/** `causeway join`: gets this node into a tree by a ticket, at once or when an admin has decided. */
import type { Command } from 'commander'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { JoinTreeResponse } from '../../../gen/causeway/v1/node_pb.ts'
import { AccessStatus } from '../../../gen/causeway/v1/sync_pb.ts'
import { CausewayError, type ErrorCode } from '../../base/errors.ts'
import { type Clients, type CommonOptions, openClients, relayOption } from '../context.ts'
import { hexText, idText, plainText, print } from '../output.ts'
import { parsePermission, permissionName } from '../permission.ts'
import { syncNow } from './sync.ts'

interface JoinOptions extends CommonOptions {
  readonly permission: Permission
  readonly message: string
  readonly wait?: boolean
}

/** Nobody has decided yet. */
const pendingExitCode = 4

export function addJoin(program: Command): void {
  program
    .command('join')
    .argument('<TICKET>', 'a ticket; one with an invitation lets its first user in')
    .description("join somebody's tree: ask to be let in where that takes an admin, then keep it equal")
    .option(
      '--permission <read|write>',
      'what to ask for',
      parsePermission(['read', 'write']),
      Permission.READ,
    )
    .option('--message <TEXT>', 'a word to the admins', '')
    .option('--wait', 'wait until an admin has decided')
    .addOption(relayOption())
    .addHelpText(
      'after',
      `
Let in, the tree is linked and synced. Else the wish stays: \`causeway serve\` goes on asking, across restarts, and syncs
when an admin has approved (\`causeway requests\`, \`causeway approve\` at the other side); \`causeway status\` tells how it
stands, and \`causeway unlink\` takes it back.

Exit codes: 0 let in and synced, 4 an admin has to decide, 3 the peer was not reached and will be asked later, 1 refused.`,
    )
    .action(async (ticket: string, { permission, message, wait = false, ...options }: JoinOptions) => {
      await using clients = await openClients(options)
      let standing: JoinTreeResponse | undefined
      for await (const each of clients.node.joinTree({ ticket, permission, message, wait })) {
        if (wait && standing === undefined && each.status === AccessStatus.PENDING && !options.json)
          process.stderr.write(`${waitingText(each)}\n`)
        standing = each
      }
      await tell(clients, ticket, standing!, options)
    })
}

async function tell(
  clients: Clients,
  ticket: string,
  standing: JoinTreeResponse,
  options: CommonOptions,
): Promise<void> {
  const document = {
    status: AccessStatus[standing.status]!.toLowerCase(),
    tree: idText(standing.tree),
    peer: hexText(standing.peer),
    permission: permissionName(standing.permission),
    request: hexText(standing.request) || null,
    reason: standing.reason || null,
  }
  if (standing.status === AccessStatus.REJECTED)
    throw new CausewayError(
      'ACCESS_REJECTED',
      `An admin has refused the request ${document.request}${standing.reason && `: ${plainText(standing.reason)}`}. For less than that you may ask at once.`,
    )
  if (standing.status === AccessStatus.PENDING) {
    if (standing.errorCode !== '')
      throw new CausewayError(
        standing.errorCode as ErrorCode,
        `${standing.errorMessage} The wish to join is noted, and \`causeway serve\` goes on asking.`,
      )
    const how = clients.running ? '' : '\nStart `causeway serve`, which goes on asking and then syncs.'
    print(options, document, waitingText(standing) + how)
    process.exitCode = pendingExitCode
    return
  }
  const sync = await syncNow(clients, { remote: ticket }, options)
  const text = `Joined ${document.tree}: this node may ${document.permission}. It has ${sync.tips.length} tip(s), and received ${sync.received} entries now.`
  print(options, { ...document, sync }, text)
}

function waitingText({ request, reason }: JoinTreeResponse): string {
  const id = hexText(request)
  return `The request ${id} waits for an admin, who runs \`causeway approve ${id}\`.${reason && ` ${plainText(reason)}`}`
}
