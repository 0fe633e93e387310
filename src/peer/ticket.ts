/**
 * A ticket: a tree with addresses, to hand to somebody. `causeway:?db=<tree>&by=<peer>&pr=http://…&pr=iroh:…`, where
 * `by` is the peer that issued it, so that nobody else can pose as the first contact. With `in=<secret>` it is an
 * invitation: the first peer to join with it gets access immediately. Further `by=…&pr=…` name other peers that have
 * the tree, so that a first sync can fetch from several.
 */

import { CausewayError } from '../base/errors.ts'
import { limits } from '../base/limits.ts'
import { hex32, list, object, optional, text as textShape } from '../base/shape.ts'
import { formatId, parseId, type TreeId } from '../dag/id.ts'
import { type PeerId, parsePeerId } from '../dag/identity.ts'

/** A peer that a ticket names, with its addresses. */
export interface TicketPeer {
  readonly peer: PeerId
  readonly addresses: readonly string[]
}

export interface Ticket {
  readonly tree: TreeId
  /** The issuer; absent in tickets made by hand. */
  readonly peer?: PeerId
  readonly addresses: readonly string[]
  /** The secret of the issuer's one-time invitation, 32 bytes in hex. */
  readonly invitation?: string
  /** Other peers that have the tree. */
  readonly others?: readonly TicketPeer[]
}

const scheme = 'causeway:?'

const ticketShape = object({
  tree: hex32,
  peer: optional(hex32),
  addresses: list(textShape),
  invitation: optional(hex32),
  others: optional(list(object({ peer: hex32, addresses: list(textShape) }))),
})

/** Returns whether a text is meant as a ticket rather than an address. */
export function isTicket(text: string): boolean {
  return text.startsWith('causeway:')
}

export function formatTicket(ticket: Ticket): string {
  ticketShape(ticket, 'ticket')
  const parts = [`db=${formatId(ticket.tree)}`]
  if (ticket.peer !== undefined) parts.push(`by=${ticket.peer}`)
  if (ticket.invitation !== undefined) parts.push(`in=${ticket.invitation}`)
  parts.push(...ticket.addresses.map(formatAddress))
  for (const { peer, addresses } of ticket.others ?? [])
    parts.push(`by=${peer}`, ...addresses.map(formatAddress))
  return scheme + parts.join('&')
}

/** Escapes all but letters, digits and `-._~:/`. */
function formatAddress(address: string): string {
  const escaped = encodeURIComponent(address).replaceAll('%3A', ':').replaceAll('%2F', '/')
  return `pr=${escaped.replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)}`
}

/** Parses a ticket. Throws INVALID_ARGUMENT. Parameters of newer versions are ignored. */
export function parseTicket(text: string): Ticket {
  textShape(text, 'text')
  if (text.length > limits.ticketBytes)
    throw bad(`has at most ${limits.ticketBytes} characters, got ${text.length}`)
  if (!text.startsWith(scheme)) throw bad(`begins with ${scheme}, got ${JSON.stringify(text.slice(0, 40))}`)
  const parameters = text.slice(scheme.length).split('&').map(readParameter)
  const valuesOf = (wanted: string) =>
    parameters.filter(([name]) => name === wanted).map(([, value]) => value)
  const [tree, ...otherTrees] = valuesOf('db')
  if (tree === undefined || otherTrees.length > 0) throw bad('names exactly one tree (db=…)')
  const [invitation, ...otherInvitations] = valuesOf('in')
  if (otherInvitations.length > 0) throw bad('has at most one invitation (in=…)')
  if (invitation !== undefined && !/^[0-9a-f]{64}$/.test(invitation))
    throw bad('has an invitation (in=…) of 64 hex digits')
  const [first, ...others] = readPeers(parameters)
  const { peer, addresses } = first!
  return {
    tree: parseId(tree),
    addresses,
    ...(peer !== undefined && { peer }),
    ...(invitation !== undefined && { invitation }),
    ...(others.length > 0 && { others: others as TicketPeer[] }),
  }
}

type Parameter = readonly [name: string, value: string]

/** Reads `name=value`. URLSearchParams would keep what is escaped wrong, and not say so. */
function readParameter(parameter: string): Parameter {
  const [name = '', ...rest] = parameter.split('=')
  try {
    return [name, decodeURIComponent(rest.join('=').replaceAll('+', ' '))]
  } catch {
    throw bad(`has values that are escaped as in URLs, got ${JSON.stringify(parameter.slice(0, 40))}`)
  }
}

/** Returns each `by` with the addresses that follow it. The first `by` may follow its addresses, or be absent. */
function readPeers(parameters: readonly Parameter[]): { peer?: PeerId; addresses: string[] }[] {
  const peers: { peer?: PeerId; addresses: string[] }[] = [{ addresses: [] }]
  for (const [name, value] of parameters) {
    const last = peers.at(-1)!
    if (name === 'pr') last.addresses.push(value)
    else if (name === 'by') {
      const peer = parsePeerId(value)
      if (peers.some((other) => other.peer === peer)) throw bad('names each peer once (by=…)')
      if (peers.length === 1 && last.peer === undefined) last.peer = peer
      else peers.push({ peer, addresses: [] })
    }
  }
  if (peers.length > limits.gatherSources)
    throw bad(`names at most ${limits.gatherSources} peers, got ${peers.length}`)
  for (const { addresses } of peers) {
    if (addresses.length > limits.ticketAddresses)
      throw bad(`has at most ${limits.ticketAddresses} addresses a peer, got ${addresses.length}`)
    if (addresses.length === 0) throw bad('has at least one address a peer (pr=…)')
  }
  return peers
}

function bad(expected: string): CausewayError {
  return new CausewayError('INVALID_ARGUMENT', `A ticket ${expected}.`)
}
