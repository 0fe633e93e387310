/**
 * The way of a node from one key to another: the steps that `causeway key rotate` and the start of a node share. The note
 * of the rotation says what comes next; whatever was cut is done again by whoever comes next.
 */
import type { Logger } from 'pino'
import type { LinkStatus } from '../../../gen/causeway/v1/node_pb.ts'
import { CausewayError } from '../../base/errors.ts'
import {
  changePlaces,
  endRotation,
  keptKeyFile,
  noteRotation,
  type Rotation,
  readRotation,
} from '../../node/keys/rotation.ts'
import { createNode } from '../../node/node.ts'
import { type Clients, clientsOf } from '../context.ts'
import { hexText, idText } from '../output.ts'
import { askAll, deliver, giveUp, grantAll, type Request, type Standing, standingOf } from './rotation.ts'

/** What the old key has done, and the links whose peer may not know it yet. */
export interface Prepared {
  readonly rotation: Rotation
  readonly standing: Standing
  readonly waiting: readonly LinkStatus[]
}

/**
 * Lets the old key grant its rights to the new one, and waits until linked peers know it. Notes that the keys may change
 * places if all do, or if `now` does not wait for them. Throws STORE_CORRUPT if a tree is set aside.
 */
export async function prepare(
  clients: Clients,
  data: string,
  { revokeOld, timeoutMs, now }: { revokeOld: boolean; timeoutMs: number; now: boolean },
): Promise<Prepared> {
  const from = hexText((await clients.node.getNode({})).peer)
  const known = await readRotation(data)
  const rotation = await noteRotation(data, from as Rotation['from'], {
    revokeOld: revokeOld || (known?.revokeOld ?? false),
    ready: false,
  })
  const { toGrant, damaged } = await standingOf(clients, from, rotation.to)
  expectWhole(damaged)
  await grantAll(clients, toGrant, rotation)
  const standing = await standingOf(clients, from, rotation.to)
  const waiting = now ? [] : await deliver(clients, standing.granted, timeoutMs)
  if (waiting.length > 0) return { rotation, standing, waiting }
  return {
    rotation: await noteRotation(data, rotation.from, { ...rotation, ready: true }),
    standing,
    waiting,
  }
}

/** Lets the old key give up its rights, if that was asked for, and then the keys change places. The folder is free then. */
export async function change(
  clients: Clients,
  data: string,
  { rotation, standing }: Pick<Prepared, 'rotation' | 'standing'>,
): Promise<void> {
  if (rotation.revokeOld) await giveUp(clients, standing.granted, rotation.from)
  await clients[Symbol.asyncDispose]()
  await changePlaces(data, rotation)
}

/** What people have to do after a rotation. */
export interface Finished {
  /** What the new key asks for. */
  readonly requests: readonly Request[]
  /** Where an admin has revoked the new key, so that it neither has a right nor asks for one. */
  readonly revoked: Standing['revoked']
}

/** Lets the new key ask for the rights that the old one could not grant, and ends the rotation. */
export async function finish(clients: Clients, data: string, { from, to }: Rotation): Promise<Finished> {
  const { toAsk, revoked } = await standingOf(clients, from, to)
  const requests = await askAll(clients, toAsk, `The key ${to} takes the place of ${from} at this node.`)
  await endRotation(data)
  return { requests, revoked }
}

/**
 * Lets the keys change places before a node starts, if all is prepared for it. Returns the rotation that the new key has
 * to finish. Trees that came since it was prepared are granted now; if they are linked, peers have to know it first.
 */
export async function changeAtStart(data: string, log: Logger): Promise<Rotation | undefined> {
  const rotation = await readRotation(data)
  if (rotation === undefined) return undefined
  const { from, to } = rotation
  await using node = await createNode({ data, background: false })
  if (node.peer === to) return rotation
  const waits = (why: string) => log.warn({ event: 'key-waits', from, to }, why)
  if (!rotation.ready) {
    waits('the node keeps its key until `causeway key rotate` has done its part: run it again')
    return undefined
  }
  const clients = clientsOf(node)
  const { toGrant, damaged } = await standingOf(clients, from, to)
  await grantAll(clients, toGrant, rotation)
  const linked = new Set(node.status().map(({ tree }) => tree as string))
  const late = toGrant.filter(({ tree }) => linked.has(hexText(tree)))
  if (damaged.length > 0 || late.length > 0) {
    await noteRotation(data, from, { ...rotation, ready: false })
    waits(
      damaged.length > 0
        ? 'the node keeps its key, since trees are damaged: run `causeway repair`, and `causeway key rotate` again'
        : 'the node keeps its key, since peers do not know of it in trees that came later: run `causeway key rotate` again',
    )
    return undefined
  }
  await change(clients, data, { rotation, standing: await standingOf(clients, from, to) })
  log.warn({ event: 'key-changed', from, to, kept: keptKeyFile(from) }, 'the node has another key')
  return rotation
}

/** Finishes a rotation at the node that has just started with its new key. */
export async function finishAtStart(
  clients: Clients,
  data: string,
  rotation: Rotation,
  log: Logger,
): Promise<void> {
  const { requests, revoked } = await finish(clients, data, rotation)
  for (const { tree, peer, problem } of requests)
    log.warn(
      { event: 'key-asks', tree: idText(tree), ...(peer && { peer: hexText(peer) }), problem },
      'an admin of the tree has to grant the new key its right',
    )
  for (const { tree } of revoked)
    log.warn({ event: 'key-revoked', tree: idText(tree) }, 'an admin of the tree has revoked the new key')
  const { from, to } = rotation
  log.info({ event: 'key-rotated', from, to, requests: requests.length }, 'the change of the key has ended')
}

function expectWhole(damaged: Standing['damaged']): void {
  if (damaged.length === 0) return
  throw new CausewayError(
    'STORE_CORRUPT',
    `The trees ${damaged.slice(0, 8).map(idText).join(', ')} are damaged, so the key cannot be granted its rights there: run \`causeway repair\` first.`,
    { data: { trees: damaged.length } },
  )
}
