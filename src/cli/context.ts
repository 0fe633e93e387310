/**
 * Where a command's calls go: to the node that runs on the data folder, through its control socket, or to a node that
 * the command opens on the folder for itself. Either way the command sees the same typed clients.
 */
import { type Client, createClient } from '@connectrpc/connect'
import { InvalidArgumentError, Option } from 'commander'
import envPaths from 'env-paths'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { systemClock } from '../base/clock.ts'
import { createNode } from '../node/node.ts'
import type { QuicOptions } from '../node/options.ts'
import { RpcConnection } from '../rpc/client/connection.ts'
import { controlPath, dialLocal } from '../transport/local.ts'

/** Options that every command takes. */
export interface CommonOptions {
  readonly data?: string
  readonly json?: boolean
  /** Which QUIC relays to use, where the command has that option. */
  readonly relay?: Relay
}

export type Relay = NonNullable<QuicOptions['relay']>

/** Reads `default`, `off`, or the URLs of own relays, separated by commas. */
function parseRelay(text: string): Relay {
  if (text === 'default' || text === 'off') return text
  const urls = text.split(',')
  if (!urls.every((url) => /^https?:\/\/[^\s/]+/.test(url)))
    throw new InvalidArgumentError('It is default, off, or the URLs of relays, separated by commas.')
  return urls
}

/** Adds `--relay` to a command that may use QUIC. */
export function relayOption(): Option {
  const option = new Option('--relay <default|off|URL,…>', 'which relays QUIC may use to cross NATs')
  return option.env('CAUSEWAY_RELAY').argParser(parseRelay).default('default')
}

export interface Clients extends AsyncDisposable {
  readonly trees: Client<typeof TreeService>
  readonly node: Client<typeof NodeService>
  /** Whether a running node answers. */
  readonly running: boolean
}

export function defaultDataFolder(): string {
  return process.env.CAUSEWAY_DATA || envPaths('causeway', { suffix: '' }).data
}

export function dataFolder(options: CommonOptions): string {
  return options.data ?? defaultDataFolder()
}

/** Clients for the node on the data folder; dispose them when the command is done. */
export async function openClients(options: CommonOptions): Promise<Clients> {
  const data = dataFolder(options)
  const channel = await dialLocal(controlPath(data))
  if (channel !== undefined) {
    const connection = new RpcConnection(channel, { clock: systemClock })
    return {
      trees: connection.client(TreeService),
      node: connection.client(NodeService),
      running: true,
      [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
    }
  }
  const node = await createNode({ data, background: false, quic: { relay: options.relay ?? 'default' } })
  const transport = node.rpc()
  return {
    trees: createClient(TreeService, transport),
    node: createClient(NodeService, transport),
    running: false,
    [Symbol.asyncDispose]: () => node.close(),
  }
}
