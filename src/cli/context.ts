/**
 * Decides where a command's calls go: through the control socket to the node that runs on the data folder, or to a node
 * that the command opens on the folder itself. The command sees the same typed clients either way.
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
import { dialLocal } from '../transport/local.ts'

/** Options that every command takes. */
export interface CommonOptions {
  readonly data?: string
  readonly json?: boolean
  /** Which QUIC relays to use, if the command has this option. */
  readonly relay?: Relay
}

export type Relay = NonNullable<QuicOptions['relay']>

/** Parses `default`, `off`, or relay URLs separated by commas. */
function parseRelay(text: string): Relay {
  if (text === 'default' || text === 'off') return text
  const urls = text.split(',')
  if (!urls.every((url) => /^https?:\/\/[^\s/]+/.test(url)))
    throw new InvalidArgumentError('Expected default, off, or relay URLs separated by commas.')
  return urls
}

/** Returns the option `--relay`, for commands that may use QUIC. */
export function relayOption(): Option {
  return new Option(
    '--relay <default|off|URL,…>',
    'relays that QUIC uses to cross NATs; default means the public ones of n0',
  )
    .env('CAUSEWAY_RELAY')
    .argParser(parseRelay)
    .default('default', 'default')
}

export interface Clients extends AsyncDisposable {
  readonly trees: Client<typeof TreeService>
  readonly node: Client<typeof NodeService>
  /** Whether the calls go to a running node. */
  readonly running: boolean
}

export function defaultDataFolder(): string {
  return process.env.CAUSEWAY_DATA || envPaths('causeway', { suffix: '' }).data
}

export function dataFolder(options: CommonOptions): string {
  return options.data ?? defaultDataFolder()
}

/** Opens clients for the node on the data folder. The command disposes them when it is done. */
export async function openClients(options: CommonOptions): Promise<Clients> {
  const data = dataFolder(options)
  const channel = await dialLocal(data)
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
