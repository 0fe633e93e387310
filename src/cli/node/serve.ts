/** `causeway serve`: a node that stays, until SIGTERM or SIGINT drains it. */
import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { formatId } from '../../dag/id.ts'
import { type PeerId, parsePeerId } from '../../dag/identity.ts'
import { createNode } from '../../node/node.ts'
import { controlPath } from '../../transport/local.ts'
import { formatByteSize, parseByteSize } from '../byte-size.ts'
import { type CommonOptions, dataFolder, type Relay, relayOption } from '../context.ts'
import { formatHostPort, type HostPort, parseHostPort } from '../host-port.ts'
import { plainText, printError } from '../output.ts'
import { permissionName } from '../permission.ts'
import { untilStopped } from '../stop.ts'

interface ServeOptions extends CommonOptions {
  /** False: --no-http. */
  readonly http: HostPort | false
  /** True: on all interfaces and a free port. */
  readonly quic?: HostPort | true
  readonly relay: Relay
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly insecure?: boolean
  readonly operator: readonly PeerId[]
  /** False: --no-auto-link. */
  readonly autoLink: boolean
  readonly maxDisk?: number
  readonly maxTree?: number
  readonly maxAuthor?: number
}

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('run a node: serve its trees to peers and applications until stopped')
    .addOption(
      new Option('--http <HOST:PORT>', 'where to serve HTTP/2 and HTTP/1.1; port 0 takes a free one')
        .argParser(parseHostPort)
        .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1:0'),
    )
    .option('--no-http', 'do not serve HTTP')
    .option('--tls-cert <FILE>', 'serve HTTPS with this certificate (PEM, with what it stands on) …')
    .option('--tls-key <FILE>', '… and its key (PEM)')
    .option('--insecure', 'serve plain HTTP beyond this machine: whoever is on the way reads along')
    .addOption(
      new Option(
        '--operator <PEER>',
        'a peer that may operate this node from afar; may be given several times',
      )
        .argParser((peer: string, others: readonly PeerId[]) => [...others, parsePeerId(peer)])
        .default([], 'its own key alone'),
    )
    .option(
      '--quic [HOST:PORT]',
      'also serve QUIC, which crosses NATs; all interfaces and a free port by default',
      parseHostPort,
    )
    .addOption(relayOption())
    .option('--no-auto-link', 'do not link trees by themselves with peers that their policies name')
    .addOption(sizeOption('--max-disk', 'how much of all trees is kept', limits.quotaNodeBytes))
    .addOption(sizeOption('--max-tree', 'how much of one tree is kept', limits.quotaTreeBytes))
    .addOption(sizeOption('--max-author', 'how much of one author in one tree', limits.quotaAuthorBytes))
    .addHelpText(
      'after',
      '\nWith --json every event is a JSON line; the first is {"event":"ready","peer":…,"addresses":[…]}.',
    )
    .action(serve)
}

async function serve(options: ServeOptions): Promise<void> {
  const data = dataFolder(options)
  const stopped = untilStopped()
  if (options.http === false && options.quic === undefined)
    throw new CausewayError('INVALID_ARGUMENT', 'Nothing to serve on: leave out --no-http, or add --quic.')
  const bind =
    options.quic === undefined || options.quic === true ? {} : { bind: formatHostPort(options.quic) }
  await using node = await createNode({
    data,
    operators: options.operator,
    autoLink: options.autoLink,
    quota: {
      nodeBytes: options.maxDisk,
      treeBytes: options.maxTree,
      authorBytes: options.maxAuthor,
    },
    ...(options.http && { http: { ...options.http, ...(await security(options)) } }),
    quic: { listen: options.quic !== undefined, relay: options.relay, ...bind },
  })
  node.on('problem', (error) => printError(error))
  const { failed } = await node.listen()
  for (const { error } of failed) printError(error)
  await node.listenControl(controlPath(data))
  say(options, { event: 'ready', peer: node.peer, addresses: node.addresses(), data }, [
    `Node ${node.peer}`,
    ...node.addresses().map((address) => `Listening on ${address}`),
    `Data in ${data}; stop with Ctrl-C.`,
  ])
  // After the line that says so: whoever starts a node reads that one first.
  node.on('entries', (tree, added) =>
    say(options, { event: 'entries', tree: formatId(tree), added: added.length }, [
      `${added.length} new entries in ${formatId(tree)}`,
    ]),
  )
  node.on('request', ({ id, peer, permission, tree }) => {
    const document = { id, peer, permission: permissionName(permission), tree: formatId(tree) }
    say(options, { event: 'request', ...document }, [
      `${peer} asks to ${document.permission} ${document.tree}: \`causeway approve ${id}\``,
    ])
  })
  node.on('join', ({ tree, peer, status, request, reason }) =>
    say(options, { event: 'join', tree: formatId(tree), peer, status, request, reason }, [
      `Joining ${formatId(tree)}: ${status}${reason && ` (${plainText(reason)})`}`,
    ]),
  )
  await stopped
  say(options, { event: 'stopping' }, ['Stopping…'])
  await node.close()
  say(options, { event: 'stopped' }, ['Stopped.'])
}

function sizeOption(flag: string, what: string, bytes: number): Option {
  return new Option(`${flag} <SIZE>`, `${what}, such as 500M`)
    .argParser(parseByteSize)
    .default(bytes, formatByteSize(bytes))
}

/** What makes plain HTTP safe, or says that it need not be. */
async function security({ tlsCert, tlsKey, insecure }: ServeOptions) {
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new CausewayError('INVALID_ARGUMENT', 'TLS takes both --tls-cert and --tls-key.')
  if (tlsCert === undefined) return insecure ? { insecure } : {}
  const [cert, key] = await Promise.all([readPem(tlsCert), readPem(tlsKey!)])
  return { tls: { cert, key } }
}

function readPem(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new CausewayError('INVALID_ARGUMENT', `${path} could not be read: ${cause.message}`, { cause })
  })
}

function say(options: ServeOptions, event: object, lines: string[]): void {
  process.stdout.write(`${options.json ? JSON.stringify(event) : lines.join('\n')}\n`)
}
