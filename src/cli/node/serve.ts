/** `causeway serve`: runs a node until SIGTERM or SIGINT, and then finishes what is under way. */

import { Command, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import { parseAllowedOrigin, parseHost } from '../../base/hosts.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { Rotation } from '../../node/keys/rotation.ts'
import { createNode, type Node } from '../../node/node.ts'
import { parseCertificateHash } from '../../rpc/auth/binding.ts'
import { type ProxySends, proxySends } from '../../transport/forwarded.ts'
import { isPortTaken } from '../../transport/listening.ts'
import { TrustedProxies } from '../../transport/proxied.ts'
import { formatByteSize, parseByteSize } from '../byte-size.ts'
import { Reloader, readCertificate } from '../config/reload.ts'
import { applySettings, configOption, settingsOf } from '../config/settings.ts'
import { shown } from '../config/shown.ts'
import { type CommonOptions, clientsOf, whenFree } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { formatHostPort, type HostPort, parseHostPort } from '../host-port.ts'
import { followNode, logProblem, migrationLog } from '../log/follow.ts'
import { type LogOptions, logOptions, type OpenLog, openLog } from '../log/log.ts'
import { parsePeer } from '../output.ts'
import { addRelayOptions, relaysOf } from '../peers/relay.ts'
import { relayDocument, startingRelayLine } from '../peers/relay-view.ts'
import { HangUps, untilStopped } from '../stop.ts'
import { io } from '../streams.ts'
import { report, reportEvents } from './reporting.ts'
import { changeAtStart, finishAtStart } from './rotating.ts'
import { refuseSecondNode } from './second-node.ts'

interface ServeOptions extends CommonOptions, LogOptions {
  /** False with --no-http. Without a port: the one that stays. */
  readonly http: (Omit<HostPort, 'port'> & { readonly port?: number }) | false
  /** True without a value: all interfaces and the port that stays. */
  readonly quic?: HostPort | true
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly insecure?: boolean
  readonly trustedProxy: readonly string[]
  readonly proxySends: ProxySends
  readonly tlsBinding: readonly string[]
  readonly allowedHost: readonly string[]
  readonly corsOrigin: readonly string[]
  /** False with --no-admin. */
  readonly admin: HostPort | false
  readonly advertise: readonly string[]
  readonly seed: readonly string[]
  /** False with --no-lan. */
  readonly lan: boolean
  readonly operator: readonly PeerId[]
  /** False with --no-auto-link. */
  readonly autoLink: boolean
  readonly traceStrangers?: boolean
  readonly maxDisk?: number
  readonly maxTree?: number
  readonly maxAuthor?: number
}

/** Adds the options of `serve`, each of which is a setting. */
export function serveOptions(command: Command): Command {
  addListeners(command.optionsGroup('Where the node listens:'))
  addNames(command.optionsGroup('Proxies, names and web pages:'))
  addRelayOptions(command.optionsGroup('Relays:'))
  addBounds(command.optionsGroup('Rights and quotas:'))
  command.optionsGroup('Settings and log:').addOption(configOption())
  for (const option of logOptions()) command.addOption(option)
  return command
}

/** Adds the options that say who may do what, and how much is kept. */
function addBounds(command: Command): void {
  command
    .addOption(
      new Option('--operator <PEER>', 'peer that may operate this node remotely; can be repeated')
        .argParser((peer: string, others: readonly PeerId[]) => [...others, parsePeer(peer)])
        .default([], "only the node's own key"),
    )
    .option('--no-auto-link', 'do not link a tree automatically with peers that its policy names')
    .option('--trace-strangers', 'let calls of strangers, too, continue the traces that they name')
    .addOption(sizeOption('--max-disk', 'maximum size of all trees together', limits.quotaNodeBytes))
    .addOption(sizeOption('--max-tree', 'maximum size of one tree', limits.quotaTreeBytes))
    .addOption(
      sizeOption(
        '--max-author',
        'maximum size of what one other author has in one tree',
        limits.quotaAuthorBytes,
      ),
    )
}

export function addServe(program: Command): void {
  const command = program.command('serve').description('run a node that serves its trees until it is stopped')
  serveOptions(command)
    .hook('preAction', (_, serving) => applySettings(serving))
    .addHelpText(
      'after',
      `
Every option is also a variable of the environment and a key of the file that
--config names: --max-disk is CAUSEWAY_MAX_DISK and max-disk. SIGHUP reads them
anew. Sizes count entries and chunks of blobs; on disk entries take about half
as much again. With --json, every event is a JSON line. The first one is
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
    .action((options: ServeOptions) => serve(options, command))
}

/** Returns an address or a network as it is. Throws INVALID_ARGUMENT if it is none. */
function parseNetwork(network: string): string {
  new TrustedProxies([network])
  return network
}

/** Adds the options that say who else stands for the node: proxies, names and web pages. */
function addNames(command: Command): Command {
  const names = (parse: (text: string) => string) => (text: string, others: readonly string[]) => [
    ...others,
    parse(text),
  ]
  return command
    .addOption(
      new Option(
        '--trusted-proxy <NETWORK>',
        'address or network of proxies that say from where others come; can be repeated',
      )
        .argParser(names(parseNetwork))
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--proxy-sends <proxy|forwarded|x-forwarded-for>',
        'how they say so: by the PROXY protocol, or by this header of each request',
      )
        .choices(proxySends)
        .default('proxy', 'proxy'),
    )
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
      new Option(
        '--cors-origin <ORIGIN>',
        'origin whose web pages may call this node, or * for all without a token; can be repeated',
      )
        .argParser(names(parseAllowedOrigin))
        .default([], 'none'),
    )
}

/** Adds the options that say where the node listens, and to whom. */
function addListeners(command: Command): Command {
  return command
    .addOption(
      new Option('--http <HOST:PORT>', 'address to serve HTTP/2 and HTTP/1.1 on; port 0 means any free port')
        .argParser(parseHostPort)
        .default(
          { host: '127.0.0.1' },
          `127.0.0.1:${limits.defaultPort}, or a free port, and from then on that one`,
        ),
    )
    .option('--no-http', 'do not serve HTTP')
    .option('--tls-cert <FILE>', 'serve HTTPS with this certificate chain (PEM); needs --tls-key')
    .option('--tls-key <FILE>', 'private key of the certificate (PEM)')
    .option(
      '--insecure',
      'serve and dial plain HTTP beyond this machine; anyone on the network path can read it',
    )
    .addOption(
      new Option(
        '--advertise <ADDRESS>',
        'address at which others reach this node and that it cannot see itself: http(s)://HOST:PORT or quic:IP:PORT; can be repeated',
      )
        .argParser((address: string, others: readonly string[]) => [...others, address])
        .default([], 'none'),
    )
    .addOption(
      new Option(
        '--seed <SEED>',
        'where to look for peers without known addresses: dns+srv:NAME, dns+http://HOST:PORT or file:PATH; can be repeated',
      )
        .argParser((seed: string, others: readonly string[]) => [...others, seed])
        .default([], 'none'),
    )
    .option('--no-lan', 'neither find known peers in the LAN by beacons nor be found by them')
    .addOption(
      new Option('--admin <HOST:PORT>', "address for operators' tools: /metrics, /healthz and /readyz")
        .argParser(parseHostPort)
        .default({ host: '127.0.0.1', port: 0 }, '127.0.0.1:0'),
    )
    .option('--no-admin', "do not serve operators' tools, except through the control socket")
    .option(
      '--quic [HOST:PORT]',
      `also serve QUIC, which crosses NATs (default: off; without HOST:PORT, all interfaces and UDP port ${limits.defaultPort}, or a free port, and from then on that one)`,
      parseHostPort,
    )
}

/** Throws INVALID_ARGUMENT if the options leave nothing to serve on. */
export function expectListener({ http, quic }: Pick<ServeOptions, 'http' | 'quic'>): void {
  if (http === false && quic === undefined)
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'There is nothing to serve on; remove --no-http or add --quic.',
    )
}

async function serve(options: ServeOptions, command: Command): Promise<void> {
  const data = dataFolder(options)
  // In a terminal, a hang-up is the end of it; a service is told so to read its settings.
  using hangUps = io().stdin.isTTY ? undefined : new HangUps()
  const stopped = untilStopped(hangUps && ['SIGTERM', 'SIGINT'])
  expectListener(options)
  const logs = await openLog(options)
  const { log } = logs
  let settings = () => settingsOf(command).map(shown)
  let rotation: Rotation | undefined
  await using node = await whenFree(
    data,
    () => refuseSecondNode(data),
    async () => {
      rotation = await changeAtStart(data, log)
      return openNode(data, options, { logs, settings: () => settings() })
    },
  )
  for (const { message } of node.damage()) log.error({ event: 'damage', code: 'STORE_CORRUPT' }, message)
  followNode(node, log)
  const { admin: at, insecure = false } = options
  const admin = at === false ? null : await node.listenAdmin({ ...at, insecure })
  const { failed } = await node.listen()
  // Peers were told the port that was given: a node without it would wait for them in vain.
  const taken = failed.find(({ error }) => isPortTaken(error))
  if (taken !== undefined) throw taken.error
  for (const { error } of failed) logProblem(log, error, 'listening')
  await node.listenControl()
  report(
    options,
    {
      ...{ event: 'ready', peer: node.peer, addresses: node.addresses(), binding: node.binding, admin, data },
      relay: relayDocument(node.reach.relay()),
    },
    [
      `Node ${node.peer}`,
      ...node.addresses().map((address) => `Listening on ${address}`),
      ...(node.binding === '' ? [] : [`Tokens for it name ${node.binding}`]),
      ...(admin === null ? [] : [`Metrics and health for operators on ${admin}`]),
      ...relayLines(node, options),
      `Data folder ${data}`,
      'Press Ctrl-C to stop.',
    ],
  )
  // Only now, so that the ready line is the first one that a program reads.
  reportEvents(options, node)
  log.info({ event: 'started', peer: node.peer, addresses: node.addresses(), admin, data }, 'node started')
  if (rotation !== undefined)
    void finishAtStart(clientsOf(node), data, rotation, log).catch((error) =>
      logProblem(log, error, 'changing the key'),
    )
  using reloader = reloading(options, { node, logs, command, hangUps })
  settings = () => reloader.settings()
  await stopped
  log.info({ event: 'stopping' }, 'node stops')
  report(options, { event: 'stopping' }, ['Stopping…'])
  await node.close()
  log.info({ event: 'stopped' }, 'node stopped')
  report(options, { event: 'stopped' }, ['Stopped.'])
}

interface ReloadingParts {
  readonly node: Node
  readonly logs: OpenLog
  readonly command: Command
  /** Ask for it; undefined if nothing does. */
  readonly hangUps: HangUps | undefined
}

/** Reads settings anew on SIGHUP, and when certificate files change, until it is disposed. */
function reloading(options: ServeOptions, parts: ReloadingParts): Disposable & Pick<Reloader, 'settings'> {
  const { node, logs, command, hangUps } = parts
  const { log } = logs
  const reloader = new Reloader({
    node,
    command,
    fresh: () => serveOptions(new Command()).option('--data <DIR>'),
    onValues: (values) => logs.setLevel(values),
  })
  const reload = (isAsked: boolean) => {
    try {
      const { changed, needRestart } = reloader.reload()
      if (!isAsked && changed.length === 0) return
      log.info({ event: 'reload', changed, needRestart }, 'settings read anew')
      report(options, { event: 'reload', changed, needRestart }, [
        changed.length === 0 ? 'Read the settings: nothing changed.' : `Changed ${changed.join(', ')}.`,
        ...(needRestart.length === 0 ? [] : [`Start the node again to change ${needRestart.join(', ')}.`]),
      ])
    } catch (error) {
      logProblem(log, error, 'reading settings')
    }
  }
  hangUps?.follow(() => reload(true))
  return { ...reloader.watchCertificate(() => reload(false)), settings: () => reloader.settings() }
}

/** Returns what there is to know about the relay of QUIC, and who learns what by it. */
function relayLines(node: Node, { quic, relay }: ServeOptions): string[] {
  if (quic === undefined) return []
  const state = node.reach.relay()
  if (state === undefined) return ['No relay: peers behind other NATs may not reach this node; see --relay']
  const whose = relay === 'n0' ? 'n0, who run it, learn' : 'Whoever runs it learns'
  return [startingRelayLine(state), `${whose} which nodes talk with this one, from where, when and how much`]
}

async function openNode(
  data: string,
  options: ServeOptions,
  { logs, settings }: Pick<ReloadingParts, 'logs'> & Pick<Reloader, 'settings'>,
): Promise<Node> {
  const bind =
    options.quic === undefined || options.quic === true ? {} : { bind: formatHostPort(options.quic) }
  return createNode({
    data,
    onMigration: migrationLog(logs.log),
    ...{ log: logs.ring, settings },
    operators: options.operator,
    advertise: options.advertise,
    seeds: options.seed,
    lan: options.lan,
    allowedHosts: options.allowedHost,
    corsOrigins: options.corsOrigin,
    autoLink: options.autoLink,
    insecure: options.insecure ?? false,
    traceStrangers: options.traceStrangers ?? false,
    tlsBindings: options.tlsBinding,
    quota: {
      nodeBytes: options.maxDisk,
      treeBytes: options.maxTree,
      authorBytes: options.maxAuthor,
    },
    ...(options.http && { http: { ...options.http, ...security(options) } }),
    quic: { listen: options.quic !== undefined, ...(await relaysOf(options)), ...bind },
  })
}

function sizeOption(flag: string, description: string, bytes: number): Option {
  return new Option(`${flag} <SIZE>`, `${description}, such as 500M`)
    .argParser(parseByteSize)
    .default(bytes, formatByteSize(bytes))
}

/** Returns the TLS certificate and key, or the consent to plain HTTP beyond this machine. */
function security(options: ServeOptions) {
  const tls = readCertificate(options)
  const proxies = { trustedProxies: options.trustedProxy, proxySends: options.proxySends }
  if (tls !== undefined) return { tls, ...proxies }
  return { ...proxies, ...(options.insecure && { insecure: true }) }
}
