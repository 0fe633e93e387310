/** `causeway key rotate`: gives the node another key, which has in each tree what the old one had. */
import type { Command } from 'commander'
import { hasNode } from '../../node/data-folder.ts'
import { keptKeyFile, type Rotation, readRotation } from '../../node/keys/rotation.ts'
import { type Clients, type CommonOptions, noNodeError, openClients } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { linkDocument, linkTable } from '../link-view.ts'
import { hexText, idText, plainText, print, quantity } from '../output.ts'
import { addDialOptions } from '../peers/relay.ts'
import { io } from '../streams.ts'
import { namesOf } from '../view/names.ts'
import { parseWholeNumber } from '../whole-number.ts'
import { change, finish, prepare } from './rotating.ts'
import { type Request, rightDocument, type Standing, standingOf, type TreeRight } from './rotation.ts'

interface RotateOptions extends CommonOptions {
  readonly revokeOld?: boolean
  readonly dryRun?: boolean
  readonly now?: boolean
  readonly timeout: number
}

export function addKey(program: Command): void {
  const key = program.command('key').description("replace the node's key")
  const rotate = key
    .command('rotate')
    .description('give the node another key, with the rights that the old one has')
    .option('--revoke-old', 'revoke the old key after its last entries, in each tree that it administers')
    .option('--dry-run', 'only say what would be done in which tree')
    .option('--timeout <SECONDS>', 'maximum time to wait for linked peers', parseWholeNumber(1), 30)
    .option('--now', 'do not wait for linked peers: those that are away have to be told by people')
  addDialOptions(rotate)
    .addHelpText(
      'after',
      `
The old key grants the new one its rights in each tree that it administers, and
linked peers get these entries. Then the keys change places: at once, or if a
node runs, when it starts again. Where the old key is no admin, the new one asks
linked peers for access. The old key stays in the data folder, in a file
identity.old-….key, until you remove it. Whatever cuts this, run it again.

Exit codes:
  0  the node has the new key, or takes it when it starts again
  1  linked peers do not know the new key yet: nothing has changed places`,
    )
    .addHelpText(
      'after',
      examples('causeway key rotate --dry-run', 'causeway key rotate --revoke-old', 'causeway key rotate'),
    )
    .action(rotateKey)
}

async function rotateKey(options: RotateOptions): Promise<void> {
  const data = dataFolder(options)
  if (!hasNode(data)) throw noNodeError(data)
  const clients = await openClients(options)
  try {
    const own = hexText((await clients.node.getNode({})).peer)
    const known = await readRotation(data)
    if (options.dryRun) return await showPlan(clients, options, own, known)
    if (known?.to === own) return await end(clients, options, known)
    const { revokeOld = false, now = false, timeout } = options
    const prepared = await prepare(clients, data, { revokeOld, now, timeoutMs: timeout * 1000 })
    if (!prepared.rotation.ready) return await showWaiting(clients, options, prepared)
    if (clients.running) return showRestart(options, prepared)
    await change(clients, data, prepared)
    await using fresh = await openClients(options)
    await end(fresh, options, prepared.rotation)
  } finally {
    await clients[Symbol.asyncDispose]()
  }
}

/** Lets the new key do the rest, and says what people have to do. */
async function end(clients: Clients, options: RotateOptions, rotation: Rotation): Promise<void> {
  const data = dataFolder(options)
  const { requests, revoked } = await finish(clients, data, rotation)
  const { apps } = await clients.node.listApps({ pageSize: 1 })
  const { from, to } = rotation
  const keptKey = keptKeyFile(from)
  const lines = [
    `The node is ${to} now, and was ${from}.`,
    ...requests.map(requestLine),
    ...revoked.map(({ tree }) => `An admin of ${idText(tree)} has revoked it there.`),
    `Its tickets, invitations and tokens named ${from}: issue new ones.`,
    ...(apps.length > 0
      ? ['Applications keep their rights: tell them the new PeerId, for their tokens.']
      : []),
    `The old key lies in ${keptKey}: remove it when nothing needs it any more.`,
  ]
  const asked = requests.map(({ peer, problem, ...right }) => ({
    ...{ ...rightDocument(right), peer: peer ? hexText(peer) : null },
    problem: problem || null,
  }))
  const document = { state: 'changed', from, to, asked, revoked: revoked.map(rightDocument), keptKey }
  print(options, document, lines.join('\n'))
}

function requestLine({ tree, peer, problem }: Request): string {
  const what = `An admin of ${idText(tree)} has to grant it access`
  if (peer === undefined) return `${what}: no linked peer can be asked for it.`
  const late = problem === '' ? '' : ` It could not be reached: ${plainText(problem, 500)}`
  return `${what}: ${hexText(peer)} is asked for it.${late}`
}

async function showPlan(
  clients: Clients,
  options: RotateOptions,
  own: string,
  known: Rotation | undefined,
): Promise<void> {
  const { from, to } = known ?? { from: own, to: undefined }
  const standing = await standingOf(clients, from, to)
  const { toGrant, granted, toAsk, revoked, damaged } = standing
  const names = await namesOf(clients)
  const line = (tree: Uint8Array) => `  ${idText(tree)}  ${names.treeName(idText(tree)) ?? ''}`.trimEnd()
  const section = (title: string, rights: readonly TreeRight[]) =>
    rights.length === 0 ? [] : [title, ...rights.map(({ tree }) => line(tree))]
  const lines = [
    ...section('The old key will grant the new one its rights in:', toGrant),
    ...section('It has granted them in:', granted),
    ...section('Somebody else will have to grant the new key its right in:', toAsk),
    ...section('An admin has revoked the new key, and it gets no right in:', revoked),
    ...section(
      'Damaged, and to be repaired before:',
      damaged.map((tree) => ({ tree, permission: 0 })),
    ),
  ]
  print(
    options,
    { state: 'planned', from, to: to ?? null, ...standingDocument(standing) },
    lines.join('\n') || 'There are no trees in which the key has a right.',
  )
}

async function showWaiting(
  clients: Clients,
  options: RotateOptions,
  { rotation, standing, waiting }: Awaited<ReturnType<typeof prepare>>,
): Promise<void> {
  const names = await namesOf(clients)
  const { from, to } = rotation
  print(
    options,
    {
      ...{ state: 'waiting', from, to, ...standingDocument(standing) },
      waiting: waiting.map((link) => linkDocument(link, names)),
    },
    [
      `${quantity(waiting.length, 'link')} may lack the entries that name the new key. Run this again when the peers are there, or with --now.`,
      ...linkTable(waiting, names, io().stdout.columns),
    ].join('\n'),
  )
  io().exitCode = 1
}

function showRestart(
  options: RotateOptions,
  { rotation, standing }: Awaited<ReturnType<typeof prepare>>,
): void {
  const { from, to } = rotation
  print(
    options,
    { state: 'restart', from, to, ...standingDocument(standing) },
    `The trees know the new key ${to}. Stop the node and start it again: it takes the new key as it starts.`,
  )
}

function standingDocument({ toGrant, granted, toAsk, revoked, damaged }: Standing) {
  return {
    toGrant: toGrant.map(rightDocument),
    granted: granted.map(rightDocument),
    toAsk: toAsk.map(rightDocument),
    revoked: revoked.map(rightDocument),
    damaged: damaged.map(idText),
  }
}
