/**
 * A ticket: a tree with addresses, to hand to somebody. `causeway:?db=<tree>&by=<peer>&pr=http://…&pr=iroh:…`, where
 * `by` is the peer that issued it, so that the first contact cannot be somebody else. With `in=<secret>` it invites: who
 * first joins by it is let in at once.
 */
import { formatId, parseId, type TreeId } from '../dag/id.ts'
import { type PeerId, parsePeerId } from '../dag/identity.ts'
import { CausewayError } from '../errors.ts'
import { limits } from '../limits.ts'

export interface Ticket {
  readonly tree: TreeId
  /** Who issued it; absent in tickets made by hand. */
  readonly peer?: PeerId
  readonly addresses: readonly string[]
  /** The secret of a one-time invitation by the issuer, 32 bytes in hex. */
  readonly invitation?: string
}

const scheme = 'causeway:?'

/** Whether a text is meant as a ticket, rather than as an address. */
export function isTicket(text: string): boolean {
  return text.startsWith('causeway:')
}

export function formatTicket(ticket: Ticket): string {
  const parts = [`db=${formatId(ticket.tree)}`]
  if (ticket.peer !== undefined) parts.push(`by=${ticket.peer}`)
  if (ticket.invitation !== undefined) parts.push(`in=${ticket.invitation}`)
  for (const address of ticket.addresses)
    parts.push(`pr=${encodeURIComponent(address).replaceAll('%3A', ':').replaceAll('%2F', '/')}`)
  return scheme + parts.join('&')
}

/** Reads a ticket; INVALID_ARGUMENT says what is wrong with it. Unknown parameters are left to newer versions. */
export function parseTicket(text: string): Ticket {
  if (text.length > limits.ticketBytes)
    throw bad(`has at most ${limits.ticketBytes} characters, got ${text.length}`)
  if (!text.startsWith(scheme)) throw bad(`begins with ${scheme}, got ${JSON.stringify(text.slice(0, 40))}`)
  const parameters = new URLSearchParams(text.slice(scheme.length))
  const [tree, ...otherTrees] = parameters.getAll('db')
  if (tree === undefined || otherTrees.length > 0) throw bad('names exactly one tree (db=…)')
  const [peer, ...otherPeers] = parameters.getAll('by')
  if (otherPeers.length > 0) throw bad('names at most one issuer (by=…)')
  const [invitation, ...otherInvitations] = parameters.getAll('in')
  if (otherInvitations.length > 0) throw bad('has at most one invitation (in=…)')
  if (invitation !== undefined && !/^[0-9a-f]{64}$/.test(invitation))
    throw bad('has an invitation (in=…) of 64 hex digits')
  const addresses = parameters.getAll('pr')
  if (addresses.length > limits.ticketAddresses)
    throw bad(`has at most ${limits.ticketAddresses} addresses, got ${addresses.length}`)
  if (addresses.length === 0) throw bad('has at least one address (pr=…)')
  return {
    tree: parseId(tree),
    addresses,
    ...(peer !== undefined && { peer: parsePeerId(peer) }),
    ...(invitation !== undefined && { invitation }),
  }
}

function bad(expected: string): CausewayError {
  return new CausewayError('INVALID_ARGUMENT', `A ticket ${expected}.`)
}
