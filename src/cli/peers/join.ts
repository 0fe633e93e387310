/** `causeway join`: joins a tree by a ticket, immediately or once an admin has approved it. */
import { type Command, Option } from 'commander'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { JoinTreeResponse } from '../../../gen/causeway/v1/node_pb.ts'
import { AccessStatus } from '../../../gen/causeway/v1/sync_pb.ts'
import { CausewayError, type ErrorCode } from '../../base/errors.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { examples, textOption } from '../help.ts'
import { hexText, idText, plainText, print, quantity } from '../output.ts'
import { parsePermission, permissionName } from '../permission.ts'
import { io } from '../streams.ts'
import { addDialOptions } from './relay.ts'
import { syncNow } from './sync.ts'

interface JoinOptions extends CommonOptions {
  readonly permission: Permission
  readonly message: string
  readonly wait?: boolean
}

/** No admin has decided yet. */
const pendingExitCode = 4

export function addJoin(program: Command): void {
  const command = program
    .command('join')
    .argument('<TICKET>', 'ticket of the tree')
    .description('join a tree by a ticket, and keep it in sync')
    .addOption(
      new Option('--permission <read|write>', 'access to request')
        .argParser(parsePermission(['read', 'write']))
        .default(Permission.READ, 'read'),
    )
    .addOption(textOption('--message <TEXT>', 'message to the admins'))
    .option('--wait', 'wait until an admin has decided')
  addDialOptions(command)
    .addHelpText(
      'after',
      `
If access is granted immediately, because this node already has it or the ticket
holds an invitation, the tree is linked and synced. Otherwise the request is
saved. A running \`causeway serve\` keeps asking, across restarts, and syncs the
tree once an admin has approved the request on the other side (\`causeway
requests\`, \`causeway approve\`). \`causeway status\` shows the request, and
\`causeway unlink\` withdraws it.

Exit codes:
  0  joined and synced
  1  rejected
  3  the peer could not be reached; it will be asked again
  4  waiting for an admin to decide`,
    )
    .addHelpText(
      'after',
      examples('causeway join "causeway:?db=…"', 'causeway join "causeway:?db=…" --permission write --wait'),
    )
    .action(join)
}

async function join(
  ticket: string,
  { permission, message, wait = false, ...options }: JoinOptions,
): Promise<void> {
  await using clients = await openClients(options, { create: true })
  let standing: JoinTreeResponse | undefined
  for await (const each of clients.node.joinTree({ ticket, permission, message, wait })) {
    if (wait && standing === undefined && each.status === AccessStatus.PENDING && !options.json)
      io().stderr.write(`${pendingText(each)}\n`)
    standing = each
  }
  await report(clients, ticket, standing!, options)
}

/** Prints how the request stands. If it is granted, syncs the tree first. */
async function report(
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
    throw new CausewayError('ACCESS_REJECTED', rejectedText(standing))
  if (standing.status === AccessStatus.PENDING) {
    if (standing.errorCode !== '')
      throw new CausewayError(
        standing.errorCode as ErrorCode,
        `${standing.errorMessage} The request is saved, and \`causeway serve\` keeps asking.`,
      )
    const hint = clients.running
      ? ''
      : '\nStart `causeway serve` to keep asking and to sync once it is approved.'
    print(options, document, pendingText(standing) + hint)
    io().exitCode = pendingExitCode
    return
  }
  const sync = await syncNow(clients, { remote: ticket }, options)
  // Not what this session received: a running node may have fetched the tree before.
  const { count } = (await clients.trees.getTree({ tree: standing.tree })).tree!
  const entries = quantity(Number(count), 'entry', 'entries')
  const text = `Joined ${document.tree} with ${document.permission} access: ${entries} are here.`
  const reason = plainText(standing.reason)
  print(options, { ...document, sync }, reason === '' ? text : `${text}\n${reason}`)
}

function rejectedText({ request, reason, permission }: JoinTreeResponse): string {
  const id = hexText(request)
  const what = id === '' ? 'The join was rejected' : `An admin has rejected the request ${id}`
  const because = reason && `: ${plainText(reason)}`
  const hint =
    permission === Permission.WRITE ? '; if only write access was rejected, try `--permission read`' : ''
  return `${what}${because}${hint}.`
}

function pendingText({ request, reason, errorMessage }: JoinTreeResponse): string {
  if (errorMessage !== '') return `${plainText(errorMessage, 1000)} The peer will be asked again.`
  const id = hexText(request)
  return `The request ${id} waits for an admin to run \`causeway approve ${id}\`.${reason && ` ${plainText(reason)}`}`
}
