/**
 * Decides where a command's calls go: through the control socket to the node that runs on the data folder, or to a node
 * that the command opens on the folder itself. The command sees the same typed clients either way.
 */
import { type Client, createClient } from '@connectrpc/connect'
import { InvalidArgumentError, Option } from 'commander'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { sleep, systemClock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { hasNode } from '../node/data-folder.ts'
import { holderOf } from '../node/holder.ts'
import { createNode } from '../node/node.ts'
import type { QuicOptions } from '../node/options.ts'
import { RpcConnection } from '../rpc/client/connection.ts'
import { dialLocal } from '../transport/local.ts'
import { dataFolder } from './default-folder.ts'

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
  readonly stores: Client<typeof StoreService>
  readonly node: Client<typeof NodeService>
  /** Whether the calls go to a running node. */
  readonly running: boolean
}

/**
 * Opens clients for the node on the data folder. The command disposes them when it is done. Without `create`, throws
 * INVALID_ARGUMENT if the folder has no node, so that a mistyped folder is noticed. Waits for a process that has the
 * folder open, and throws STORE_LOCKED if it does not end.
 */
export async function openClients(
  options: CommonOptions,
  { create = false }: { readonly create?: boolean } = {},
): Promise<Clients> {
  const data = dataFolder(options)
  return whenFree(
    data,
    () => reachNode(data),
    async () => {
      if (!create && !hasNode(data)) throw noNodeError(data)
      const node = await createNode({ data, background: false, quic: { relay: options.relay ?? 'default' } })
      for (const { message } of node.damage()) process.stderr.write(`damaged: ${message}\n`)
      const transport = node.rpc()
      return {
        trees: createClient(TreeService, transport),
        stores: createClient(StoreService, transport),
        node: createClient(NodeService, transport),
        running: false,
        [Symbol.asyncDispose]: () => node.close(),
      }
    },
  )
}

/** Returns clients for the node that runs on the folder, or undefined if none listens there. */
async function reachNode(data: string): Promise<Clients | undefined> {
  const channel = await dialLocal(data)
  if (channel === undefined) return undefined
  const connection = new RpcConnection(channel, { clock: systemClock })
  return {
    trees: connection.client(TreeService),
    stores: connection.client(StoreService),
    node: connection.client(NodeService),
    running: true,
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  }
}

export function noNodeError(data: string): CausewayError {
  return new CausewayError(
    'INVALID_ARGUMENT',
    `The folder ${data} has no node yet: check --data and CAUSEWAY_DATA, or run \`causeway id\` to create one.`,
  )
}

/**
 * Opens a data folder, or reaches the node that runs on it, whichever can be done first. Waits at most
 * `limits.storeLockPatienceMs` for a process that has the folder open: another command that ends soon, or a node that
 * is about to listen. Throws STORE_LOCKED.
 */
export async function whenFree<Opened>(
  data: string,
  reach: () => Promise<Opened | undefined>,
  open: () => Promise<Opened>,
): Promise<Opened> {
  const end = performance.now() + limits.storeLockPatienceMs
  // Ends after `limits.storeLockPatienceMs`, when the folder is opened or its error is thrown.
  for (;;) {
    const reached = await reach()
    if (reached !== undefined) return reached
    const late = performance.now() >= end
    const holder = holderOf(data)
    // Each attempt makes LevelDB begin a new log of its work, also if it fails. So leave a known holder alone.
    if (late || holder === undefined || holder === process.pid)
      try {
        return await open()
      } catch (error) {
        const { code, message, data: facts } = CausewayError.from(error)
        if (code !== 'STORE_LOCKED') throw error
        const seconds = limits.storeLockPatienceMs / 1000
        const text = `${message} This command has waited ${seconds} s for it.`
        if (late) throw new CausewayError(code, text, { data: facts, cause: error })
      }
    await sleep(systemClock, limits.storeLockPollMs)
  }
}
