/** `causeway pair`: introduces two machines in one LAN to each other, by digits that two people compare. */
import { hostname } from 'node:os'
import { type Command, Option } from 'commander'
import { Permission } from '../../../gen/causeway/v1/entry_pb.ts'
import type { PairingDone, PairingFound, PairingWaiting } from '../../../gen/causeway/v1/node_pb.ts'
import type { PairingTree } from '../../../gen/causeway/v1/sync_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { type Clients, type CommonOptions, openClients } from '../context.ts'
import { examples } from '../help.ts'
import { dateText, hexText, idText, plainText } from '../output.ts'
import { parsePermission, permissionName } from '../permission.ts'
import { io } from '../streams.ts'
import { askYes } from '../trees/confirm.ts'
import { treeArgument } from '../trees/tree-argument.ts'

interface PairOptions extends CommonOptions {
  readonly tree?: string
  readonly permission: Permission
  readonly name: string
}

export function addPair(program: Command): void {
  program
    .command('pair')
    .description('pair with another machine in this network, by comparing digits')
    .option('--tree <TREE>', 'share this tree with the other machine; this node must be an admin of it')
    .addOption(
      new Option('--permission <read|write>', 'what the other machine may do in the tree')
        .argParser(parsePermission(['read', 'write']))
        .default(Permission.WRITE, 'write'),
    )
    .addOption(
      new Option('--name <NAME>', 'what this machine calls itself to the other one').default(
        ownName(),
        'the name of this machine',
      ),
    )
    .addHelpText(
      'after',
      `
Run it on both machines, each beside \`causeway serve\`, within two minutes. At
least one of the two nodes must be reachable in the network: \`causeway serve
--quic\`. Both show six digits. If they are the same, nobody is in between: say
yes on both. Then each node has the other in its peer book, with its address.

With --tree on one of them, the other machine also gets access to the tree, and
both keep it in sync. If the digits differ, or you do not know the other
machine, say no: then nothing is kept.

While it runs, and only then, the node tells the network its PeerId and
answers strangers that pair. Without a terminal, and with --json, the answer is
a line of the input: yes or no. JSON: a line for each of waiting, found, paired.

Exit codes:
  0  paired
  1  one of the two said no
  3  no other machine was found in time`,
    )
    .addHelpText('after', examples('causeway pair', 'causeway pair --tree diary --permission read'))
    .action(pair)
}

/** The machine's name, as far as a name of a peer may be long. */
function ownName(): string {
  return Buffer.from(hostname())
    .subarray(0, limits.nameBytes)
    .toString()
    .replace(/\ufffd+$/, '')
}

async function pair({ tree, permission, name, ...options }: PairOptions): Promise<void> {
  await using clients = await openClients(options)
  if (!clients.running)
    throw new CausewayError(
      'NOT_STARTED',
      'Pairing needs a running node: start `causeway serve --quic` first.',
    )
  const wish = {
    name,
    permission,
    tree: tree === undefined ? new Uint8Array(0) : await treeArgument(clients, tree),
  }
  const over = new AbortController()
  let answering: Promise<unknown> | undefined
  try {
    for await (const { part } of clients.node.startPairing(wish)) {
      if (part.case === 'waiting') showWaiting(part.value, options)
      else if (part.case === 'found') answering = answer(clients, part.value, options, over.signal)
      else if (part.case === 'paired') showPaired(part.value, options)
      // What the answer throws ends the pairing, and is the reason to show.
      answering?.catch(() => {})
    }
  } finally {
    over.abort()
  }
}

async function answer(
  clients: Clients,
  found: PairingFound,
  options: CommonOptions,
  signal: AbortSignal,
): Promise<void> {
  const { peer, name, digits } = found
  if (options.json) printLine({ event: 'found', peer: hexText(peer), name, digits })
  else io().stdout.write(`Found ${who(found)}.\n\n    ${digits.slice(0, 3)} ${digits.slice(3)}\n\n`)
  const prompt = options.json ? '' : 'Does the other machine show the same digits? [y/N] '
  const accept = await askYes(prompt, undefined, signal)
  if (signal.aborted) return
  if (accept && !options.json) io().stderr.write('Waiting for the answer on the other machine.\n')
  await clients.node.answerPairing({ peer, accept })
}

function showWaiting({ untilMs, dialable }: PairingWaiting, options: CommonOptions): void {
  if (options.json) {
    printLine({ event: 'waiting', until: dateText(untilMs), dialable })
    return
  }
  io().stderr.write('Waiting two minutes for another machine: run `causeway pair` there too.\n')
  if (!dialable)
    io().stderr.write(
      'No machine in the network can reach this node, so the other one has to be reachable: `causeway serve --quic`.\n',
    )
}

function showPaired(done: PairingDone, options: CommonOptions): void {
  const { peer, name, addresses, given, taken } = done
  if (options.json) {
    const trees = { given: treeDocument(given), taken: treeDocument(taken) }
    printLine({ event: 'paired', peer: hexText(peer), name, addresses, ...trees })
    return
  }
  const lines = [`Paired with ${who(done)}.`]
  if (given !== undefined) lines.push(`It may ${permissionName(given.permission)} ${treeText(given)}.`)
  if (taken !== undefined)
    lines.push(`It shares ${treeText(taken)}, which this node may ${permissionName(taken.permission)}.`)
  io().stdout.write(`${lines.join('\n')}\n`)
}

function who({ peer, name }: { readonly peer: Uint8Array; readonly name: string }): string {
  return name === '' ? hexText(peer) : `“${plainText(name)}” (${hexText(peer)})`
}

function treeText({ tree, name }: PairingTree): string {
  return `the tree “${plainText(name)}” (${idText(tree)})`
}

function treeDocument(shared: PairingTree | undefined) {
  if (shared === undefined) return null
  const { tree, name, permission } = shared
  return { tree: idText(tree), name, permission: permissionName(permission) }
}

function printLine(document: object): void {
  io().stdout.write(`${JSON.stringify(document)}\n`)
}
