/** `causeway requests`, `approve` and `reject`: list and decide requests for access to trees on this node. */
import type { Command, Option } from 'commander'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { AccessRequest } from '../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { examples, textOption } from '../help.ts'
import { agoText, hexText, idText, plainText, print } from '../output.ts'
import { allPages } from '../pages.ts'
import { parsePermission, permissionName } from '../permission.ts'

const idHelp = 'id of the request, or its first 4 or more digits'

export function addRequests(program: Command): void {
  program
    .command('requests')
    .description('list the access requests that wait for a decision')
    .addHelpText('after', examples('causeway requests', 'causeway approve 375eae1e'))
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const requests = await allRequests(clients)
      const text = requests.map(requestText).join('\n') || 'No pending requests.'
      print(options, { requests: requests.map(requestDocument) }, text)
    })
  program
    .command('approve')
    .argument('<ID>', idHelp)
    .description('approve an access request, in full or in part')
    .option(
      '--permission <read|write>',
      'access to grant, at most the requested one (default: the requested one)',
      parsePermission(['read', 'write']),
    )
    .addOption(reasonOption())
    .addHelpText(
      'after',
      examples('causeway approve 375eae1e', 'causeway approve 375eae1e --permission read'),
    )
    .action(async (text: string, options: CommonOptions & { permission?: Permission; reason: string }) => {
      await using clients = await openClients(options)
      const { id, permission: asked } = await findRequest(clients, text)
      const permission = options.permission ?? asked
      const { request } = await clients.node.decideAccess({ id, permission, reason: options.reason })
      const { tree, peer } = request!
      const name = permissionName(permission)
      const document = { ...requestDocument(request!), approved: name }
      print(options, document, `Granted ${name} access to ${idText(tree)} to ${hexText(peer)}.`)
    })
  program
    .command('reject')
    .argument('<ID>', idHelp)
    .description('reject an access request')
    .addOption(reasonOption())
    .addHelpText('after', examples('causeway reject 375eae1e --reason "not yet"'))
    .action(async (text: string, options: CommonOptions & { reason: string }) => {
      await using clients = await openClients(options)
      const { id } = await findRequest(clients, text)
      const { request } = await clients.node.decideAccess({
        ...{ id, permission: Permission.UNSPECIFIED, reason: options.reason },
      })
      print(options, { ...requestDocument(request!), approved: null }, 'Rejected.')
    })
}

function reasonOption(): Option {
  return textOption('--reason <TEXT>', 'message to the peer that asked')
}

async function allRequests(clients: Clients): Promise<AccessRequest[]> {
  const requests: AccessRequest[] = []
  for await (const page of allPages((request) => clients.node.listAccessRequests(request)))
    requests.push(...page.requests)
  return requests
}

/** Finds the request that the text names. A whole id that is not pending is left for the node to refuse. */
async function findRequest(
  clients: Clients,
  typed: string,
): Promise<{ id: Uint8Array; permission: Permission }> {
  const text = typed.toLowerCase()
  if (!/^[0-9a-f]{4,32}$/.test(text))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `Expected the id of a request or its first 4 or more hex digits, got ${JSON.stringify(typed)}; \`causeway requests\` lists the ids.`,
    )
  const found = (await allRequests(clients)).filter(({ id }) => hexText(id).startsWith(text))
  if (found.length > 1)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `${found.length} request ids begin with ${text}; give more digits of the id.`,
    )
  if (found[0] !== undefined) return found[0]
  if (text.length < 32)
    throw new CausewayError(
      'UNKNOWN_REQUEST',
      `No pending request has an id that begins with ${text}; \`causeway requests\` lists the ids.`,
    )
  return { id: new Uint8Array(Buffer.from(text, 'hex')), permission: Permission.READ }
}

function requestDocument({ id, tree, peer, permission, message, createdAtMs, askedAtMs }: AccessRequest) {
  return {
    id: hexText(id),
    peer: hexText(peer),
    permission: permissionName(permission),
    message,
    tree: idText(tree),
    createdAtMs: Number(createdAtMs),
    askedAtMs: Number(askedAtMs),
  }
}

function requestText(request: AccessRequest): string {
  const { id, peer, permission, message, tree } = requestDocument(request)
  const quote = message === '' ? '' : `\n    “${plainText(message, 1000)}”`
  return `${id}  ${permission.padEnd(5)}  ${agoText(request.createdAtMs)}\n    peer ${peer}\n    tree ${tree}${quote}`
}
