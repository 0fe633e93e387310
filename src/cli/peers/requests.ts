/** `causeway requests`, `approve` and `reject`: who asks to be let into trees here, and what the admin says. */
import type { Command } from 'commander'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { AccessRequest } from '../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { agoText, hexText, idText, plainText, print } from '../output.ts'
import { parsePermission, permissionName } from '../permission.ts'

export function addRequests(program: Command): void {
  program
    .command('requests')
    .description('list who asks to be let into trees here')
    .action(async (options: CommonOptions) => {
      await using clients = await openClients(options)
      const requests = await allRequests(clients)
      const text = requests.map(requestText).join('\n') || 'Nobody waits.'
      print(options, { requests: requests.map(requestDocument) }, text)
    })
  program
    .command('approve')
    .argument('<ID>', "a request's id, or how it begins: see `causeway requests`")
    .description('let in who asks: with what it asks for, or with less')
    .option('--permission <read|write>', 'what to give', parsePermission(['read', 'write']))
    .option('--reason <TEXT>', 'a word to who asks', '')
    .action(async (text: string, options: CommonOptions & { permission?: Permission; reason: string }) => {
      await using clients = await openClients(options)
      const { id, permission: asked } = await find(clients, text)
      const permission = options.permission ?? asked
      const { request } = await clients.node.decideAccess({ id, permission, reason: options.reason })
      const { tree, peer } = request!
      const name = permissionName(permission)
      const document = { ...requestDocument(request!), approved: name }
      print(options, document, `${hexText(peer)} may now ${name} ${idText(tree)}.`)
    })
  program
    .command('reject')
    .argument('<ID>', "a request's id, or how it begins: see `causeway requests`")
    .description('refuse who asks')
    .option('--reason <TEXT>', 'a word to who asks', '')
    .action(async (text: string, options: CommonOptions & { reason: string }) => {
      await using clients = await openClients(options)
      const { id } = await find(clients, text)
      const { request } = await clients.node.decideAccess({
        ...{ id, permission: Permission.UNSPECIFIED, reason: options.reason },
      })
      print(options, { ...requestDocument(request!), approved: null }, 'Rejected.')
    })
}

async function allRequests(clients: Clients): Promise<AccessRequest[]> {
  const requests: AccessRequest[] = []
  let pageToken = ''
  do {
    const page = await clients.node.listAccessRequests({ pageToken, pageSize: 1000 })
    requests.push(...page.requests)
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  return requests
}

/** The request that the text names. One that is not among those that wait is left to the node to judge. */
async function find(clients: Clients, text: string): Promise<{ id: Uint8Array; permission: Permission }> {
  if (!/^[0-9a-f]{4,32}$/.test(text))
    throw new CausewayError(
      'INVALID_ARGUMENT',
      "A request's id has 32 hex digits, of which the first 4 or more do.",
    )
  const found = (await allRequests(clients)).filter(({ id }) => hexText(id).startsWith(text))
  if (found.length > 1)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `${found.length} requests begin with ${text}: give more of the id.`,
    )
  if (found[0] !== undefined) return found[0]
  if (text.length < 32)
    throw new CausewayError('UNKNOWN_REQUEST', `No request that begins with ${text} waits here.`)
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
  const words = message === '' ? '' : `\n    “${plainText(message, 1000)}”`
  return `${id}  ${permission.padEnd(5)}  ${agoText(request.createdAtMs)}\n    ${peer}\n    wants into ${tree}${words}`
}
