/** `causeway serve`: runs a node until SIGTERM or SIGINT, and then finishes what is under way. */
import { readFile } from 'node:fs/promises'
import { type Command, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { parseHost, parseOrigin } from '../../base/hosts.ts'
import { limits } from '../../base/limits.ts'
import { formatId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { holderOf } from '../../node/holder.ts'
import { createNode, type Node } from '../../node/node.ts'
import { parseCertificateHash } from '../../rpc/auth/binding.ts'
import { dialLocal } from '../../transport/local.ts'
import { formatByteSize, parseByteSize } from '../byte-size.ts'
import { type CommonOptions, type Relay, relayOption, whenFree } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { formatHostPort, type HostPort, parseHostPort } from '../host-port.ts'
import { parsePeer, plainText, printError, quantity } from '../output.ts'
import { permissionName } from '../permission.ts'
import { untilStopped } from '../stop.ts'
import { damageLine } from '../trees/damage-view.ts'

interface ServeOptions extends CommonOptions {
  /** False with --no-http. */
  readonly http: HostPort | false
  /** True without a value: all interfaces and a free port. */
  readonly quic?: HostPort | true
  readonly relay: Relay
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly insecure?: boolean
  readonly tlsBinding: readonly string[]
  readonly allowedHost: readonly string[]
  readonly corsOrigin: readonly string[]
  /** False with --no-admin. */
  readonly admin: HostPort | false
  readonly operator: readonly PeerId[]
  /** False with --no-auto-link. */
  readonly autoLink: boolean
  readonly maxDisk?: number
  readonly maxTree?: number
  readonly maxAuthor?: number
}

export function addServe(program: Command): void {
  const command = program.command('serve').description('run a node that serves its trees until it is stopped')
  addListeners(command)
    .addOption(
      new Option('--operator <PEER>', 'peer that may operate this node remotely; can be repeated')
        .argParser((peer: string, others: readonly PeerId[]) => [...others, parsePeer(peer)])
        .default([], "only the node's own key"),
    )
    .option('--no-auto-link', 'do not link a tree automatically with peers that its policy names')
    .addOption(sizeOption('--max-disk', 'maximum size of all trees together', limits.quotaNodeBytes))
    .addOption(sizeOption('--max-tree', 'maximum size of one tree', limits.quotaTreeBytes))
    .addOption(
      sizeOption(
        '--max-author',
        'maximum size of the entries of one other author in one tree',
        limits.quotaAuthorBytes,
      ),
    )
    .addHelpText(
      'after',
      `
Sizes count the bodies and signatures of entries; the disk needs about half as
much again. With --json, every event is a JSON line. The first one is
{"event":"ready","peer":…,"addresses":[…],"admin":…}.`,
    )
    .addHelpText(
      'after',
      examples(
        'causeway serve --http 127.0.0.1:8080',
        'causeway serve --http 0.0.0.0:443 --tls-cert cert.pem --tls-key key.pem',
        'causeway serve --no-http --quic',
      ),
    )
    .action(serve)
}

/** Adds the options that say where the node listens, and to whom. */
function addListeners(command: Command): Command {
  const names = (parse: (text: string) => string) => (text: string, others: readonly string[]) => [
    ...others,
    parse(text),
  ]
  return command
    .addOption(
      new Option('--http <HOST:PORT>', 'address to serve HTTP/2 and HTTP/1.1 on; port 0 means any free port')
        .argParser(parseHostPort)
        .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1:0'),
    )
    .option('--no-http', 'do not serve HTTP')
    .option('--tls-cert <FILE>', 'serve HTTPS with this certificate chain (PEM); needs --tls-key')
    .option('--tls-key <FILE>', 'private key of the certificate (PEM)')
    .option('--insecure', 'allow plain HTTP beyond this machine; anyone on the network path can read it')
    .addOption(
      new Option(
        '--tls-binding <HASH>',
        'hash of the certificate of a proxy that ends TLS in front of this node; can be repeated',
      )
        .argParser(names(parseCertificateHash))
        .default([], 'none'),
    )
    .addOption(
      new Option('--allowed-host <NAME>', 'name by which requests may call this node; can be repeated')
        .argParser(names(parseHost))
        .default([], "localhost and the certificate's names"),
    )
    .addOption(
      new Option('--cors-origin <ORIGIN>', 'origin whose web pages may call this node; can be repeated')
        .argParser(names(parseOrigin))
        .default([], 'none'),
    )
    .addOption(
      new Option('--admin <HOST:PORT>', "address for operators' tools: /metrics, /healthz and /readyz")
        .argParser(parseHostPort)
        .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1:0'),
    )
    .option('--no-admin', "do not serve operators' tools, except through the control socket")
    .option(
      '--quic [HOST:PORT]',
      'also serve QUIC, which crosses NATs (default: off; without HOST:PORT, all interfaces and a free port)',
      parseHostPort,
    )
    .addOption(relayOption())
}

async function serve(options: ServeOptions): Promise<void> {
  const data = dataFolder(options)
  const stopped = untilStopped()
  if (options.http === false && options.quic === undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'There is nothing to serve on; remove --no-http or add --quic.',
    )
  await using node = await whenFree(
    data,
    () => refuseSecondNode(data),
    async () => openNode(data, options),
  )
  for (const { message } of node.damage()) process.stderr.write(`${damageLine({ message })}\n`)
  node.on('problem', (error) => printError(error))
  const { admin: at, insecure = false } = options
  const admin = at === false ? null : await node.listenAdmin({ ...at, insecure })
  const { failed } = await node.listen()
  for (const { error } of failed) printError(error)
  await node.listenControl()
  report(
    options,
    { event: 'ready', peer: node.peer, addresses: node.addresses(), binding: node.binding, admin, data },
    [
      `Node ${node.peer}`,
      ...node.addresses().map((address) => `Listening on ${address}`),
      ...(node.binding === '' ? [] : [`Tokens for it name ${node.binding}`]),
      ...(admin === null ? [] : [`Metrics and health for operators on ${admin}`]),
      `Data folder ${data}`,
      'Press Ctrl-C to stop.',
    ],
  )
  // Only now, so that the ready line is the first one that a program reads.
  reportEvents(options, node)
  await stopped
  report(options, { event: 'stopping' }, ['Stopping…'])
  await node.close()
  report(options, { event: 'stopped' }, ['Stopped.'])
}

/** Reports what happens at the node from now on. */
function reportEvents(options: ServeOptions, node: Node): void {
  node.on('entries', (tree, added) =>
    report(options, { event: 'entries', tree: formatId(tree), added: added.length }, [
      `${quantity(added.length, 'new entry', 'new entries')} in ${formatId(tree)}`,
    ]),
  )
  node.on('request', ({ id, peer, permission, tree }) => {
    const document = { id, peer, permission: permissionName(permission), tree: formatId(tree) }
    report(options, { event: 'request', ...document }, [
      `${peer} requests ${document.permission} access to ${document.tree}; run \`causeway approve ${id}\` to grant it`,
    ])
  })
  node.on('join', ({ tree, peer, status, request, reason }) =>
    report(options, { event: 'join', tree: formatId(tree), peer, status, request, reason }, [
      `Joining ${formatId(tree)}: ${status}${reason && ` (${plainText(reason)})`}`,
    ]),
  )
}

async function openNode(data: string, options: ServeOptions): Promise<Node> {
  const bind =
    options.quic === undefined || options.quic === true ? {} : { bind: formatHostPort(options.quic) }
  return createNode({
    data,
    operators: options.operator,
    allowedHosts: options.allowedHost,
    corsOrigins: options.corsOrigin,
    autoLink: options.autoLink,
    tlsBindings: options.tlsBinding,
    quota: {
      nodeBytes: options.maxDisk,
      treeBytes: options.maxTree,
      authorBytes: options.maxAuthor,
    },
    ...(options.http && { http: { ...options.http, ...(await security(options)) } }),
    quic: { listen: options.quic !== undefined, relay: options.relay, ...bind },
  })
}

/** Throws STORE_LOCKED if a node listens on the folder already. */
async function refuseSecondNode(data: string): Promise<undefined> {
  const channel = await dialLocal(data)
  if (channel === undefined) return undefined
  channel.stream.destroy()
  const pid = holderOf(data)
  const who = pid === undefined ? 'A node' : `A node (process ${pid})`
  throw new CausewayError(
    'STORE_LOCKED',
    `${who} runs on the folder ${data} already: stop it first, or give this one another folder with --data.`,
    { data: { folder: data, ...(pid !== undefined && { pid }) } },
  )
}

function sizeOption(flag: string, description: string, bytes: number): Option {
  return new Option(`${flag} <SIZE>`, `${description}, such as 500M`)
    .argParser(parseByteSize)
    .default(bytes, formatByteSize(bytes))
}

/** Returns the TLS certificate and key, or the consent to plain HTTP beyond this machine. */
async function security({ tlsCert, tlsKey, insecure }: ServeOptions) {
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new CausewayError('INVALID_ARGUMENT', 'TLS needs both --tls-cert and --tls-key.')
  if (tlsCert === undefined) return insecure ? { insecure } : {}
  const [cert, key] = await Promise.all([readPem(tlsCert), readPem(tlsKey!)])
  return { tls: { cert, key } }
}

function readPem(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: Error) => {
    throw new CausewayError('INVALID_ARGUMENT', `The file ${path} cannot be read: ${cause.message}`, {
      cause,
    })
  })
}

function report(options: ServeOptions, event: object, lines: string[]): void {
  process.stdout.write(`${options.json ? JSON.stringify(event) : lines.join('\n')}\n`)
}
