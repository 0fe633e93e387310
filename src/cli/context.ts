/**
 * Decides where a command's calls go: through the control socket to the node that runs on the data folder, or to a node
 * that the command opens on the folder itself. The command sees the same typed clients either way.
 */
import { type Client, createClient } from '@connectrpc/connect'
import { NodeService } from '../../gen/causeway/v1/node_pb.ts'
import { StoreService } from '../../gen/causeway/v1/store_pb.ts'
import { TreeService } from '../../gen/causeway/v1/tree_pb.ts'
import { sleep, systemClock } from '../base/clock.ts'
import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { hasNode } from '../node/data-folder.ts'
import { holderOf } from '../node/holder.ts'
import { createNode, type Node } from '../node/node.ts'
import type { NodeOptions } from '../node/options.ts'
import { RpcConnection } from '../rpc/client/connection.ts'
import { dialLocal } from '../transport/local.ts'
import { dataFolder } from './default-folder.ts'
import { type DialOptions, relaysOf } from './peers/relay.ts'
import { ProgressBar } from './progress.ts'
import { io } from './streams.ts'

/** Options that every command takes, and those for dialling, which some do. */
export interface CommonOptions extends DialOptions {
  readonly data?: string
  readonly json?: boolean
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
 * INVALID_ARGUMENT if the folder has no node, so that a mistyped folder is noticed; also if `insecure` is asked of a node
 * that runs without it. Waits for a process that has the folder open, and throws STORE_LOCKED if it does not end.
 */
export async function openClients(
  options: CommonOptions,
  { create = false }: { readonly create?: boolean } = {},
): Promise<Clients> {
  const data = dataFolder(options)
  const clients = await whenFree(
    data,
    () => reachNode(data),
    async () => {
      if (!create && !hasNode(data)) throw noNodeError(data)
      const onMigration = migrationBar(options)
      const quic = await relaysOf(options)
      const node = await createNode({
        data,
        background: false,
        quic,
        onMigration,
        insecure: options.insecure ?? false,
      })
      for (const { message } of node.damage()) io().stderr.write(`damaged: ${message}\n`)
      return clientsOf(node)
    },
  )
  await expectConsent(clients, options)
  return clients
}

/**
 * Closes the clients and throws INVALID_ARGUMENT if the command shall dial plain HTTP, and the node that runs on the folder,
 * which dials in its place, does not.
 */
async function expectConsent(clients: Clients, { insecure }: CommonOptions): Promise<void> {
  if (!clients.running || !insecure) return
  try {
    const { settings } = await clients.node.getSettings({})
    // A program that runs a node with other options does not tell them.
    if (settings.find(({ name }) => name === 'insecure')?.value !== 'off') return
    throw new CausewayError(
      'INVALID_ARGUMENT',
      'The node that runs on this folder would dial, and it was started without --insecure: stop it and run `causeway serve --insecure`, or leave out the option of this command.',
    )
  } catch (error) {
    await clients[Symbol.asyncDispose]()
    throw error
  }
}

/** Returns clients for a node of this process, which is closed with them. */
export function clientsOf(node: Pick<Node, 'rpc' | 'close'>): Clients {
  const transport = node.rpc()
  return {
    trees: createClient(TreeService, transport),
    stores: createClient(StoreService, transport),
    node: createClient(NodeService, transport),
    running: false,
    [Symbol.asyncDispose]: () => node.close(),
  }
}

/** Says on stderr that the store is migrated, once, and shows how far it is. */
function migrationBar({ json }: CommonOptions): NonNullable<NodeOptions['onMigration']> {
  const bar = new ProgressBar('migrating', json)
  return ({ from, to, done, count, ended }) => {
    if (done === 0) io().stderr.write(`The store is migrated from format ${from} to ${to}.\n`)
    bar.update(done, Math.max(done, count))
    if (ended) bar.end()
  }
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
