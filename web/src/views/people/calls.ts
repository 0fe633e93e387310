/** What the node says of who may do what: policies with the entries that say so, requests, invitations, void entries. */
import type {
  AccessRequest,
  GetPolicyResponse,
  Invitation,
  ListAccessRequestsResponse,
  ListInvitationsResponse,
} from '../../../../gen/causeway/v1/node_pb.ts'
import { EntryView } from '../../../../gen/causeway/v1/tree_pb.ts'
import { nodeCalls, treeCalls } from '../../api/clients.ts'
import { hexOf } from '../../parts/ids.ts'

/** Who signed an entry, and when. */
export interface Signed {
  readonly author: Uint8Array
  readonly atMs: number
}

export interface Policy extends GetPolicyResponse {
  /** Who signed the policy entries, by id in hex. */
  readonly signed: ReadonlyMap<string, Signed>
}

/** Entries that one call asks for. */
const idsAsked = 1000

/** Returns a tree's policy, with who signed the entries that say what it is. */
export async function readPolicy(tree: Uint8Array, signal: AbortSignal): Promise<Policy> {
  const policy = await nodeCalls.getPolicy({ tree }, { signal })
  const ids = new Map([[hexOf(policy.publicAccessEntry), policy.publicAccessEntry]])
  for (const { entry } of policy.members) ids.set(hexOf(entry), entry)
  const signed = new Map<string, Signed>()
  let wanted = [...ids.values()]
  // Ends with the list: each turn asks for some of it, and a page has at least one of them.
  while (wanted.length > 0) {
    const asked = wanted.slice(0, idsAsked)
    const { entries, missing } = await treeCalls.getEntries(
      { ids: asked, view: EntryView.OUTLINE },
      { signal },
    )
    for (const { id, body } of entries)
      signed.set(hexOf(id), { author: body!.author, atMs: Number(body!.createdAtMs) })
    const done = new Set([...entries.map(({ id }) => hexOf(id)), ...missing.map(hexOf)])
    if (done.size === 0) break
    wanted = wanted.filter((id) => !done.has(hexOf(id)))
  }
  return { ...policy, signed }
}

/** The void entries of one author. */
export interface Voided {
  readonly count: number
  /** The newest of them. */
  readonly newest: Uint8Array
}

export interface Voids {
  /** By author in hex. */
  readonly byAuthor: ReadonlyMap<string, Voided>
  /** Whether there are more than were read. */
  readonly isMore: boolean
}

/** Void entries that are read, newest first: enough to say how many, in a moment. */
const mostVoids = 5000

export async function readVoids(tree: Uint8Array, signal: AbortSignal): Promise<Voids> {
  const byAuthor = new Map<string, Voided>()
  let [read, pageToken] = [0, '']
  do {
    const page = await treeCalls.listEntries(
      { tree, pageToken, pageSize: 1000, newestFirst: true, onlyVoid: true, view: EntryView.OUTLINE },
      { signal },
    )
    for (const { id, body } of page.entries) {
      const author = hexOf(body!.author)
      const { count, newest } = byAuthor.get(author) ?? { count: 0, newest: id }
      byAuthor.set(author, { count: count + 1, newest })
    }
    read += page.entries.length
    pageToken = page.nextPageToken
  } while (pageToken !== '' && read < mostVoids)
  return { byAuthor, isMore: pageToken !== '' }
}

/** Returns all requests that wait, of one tree or of all. A node keeps some thousands at most. */
export async function readRequests(signal: AbortSignal, tree?: Uint8Array): Promise<AccessRequest[]> {
  const all: AccessRequest[] = []
  let pageToken = ''
  do {
    const page: ListAccessRequestsResponse = await nodeCalls.listAccessRequests(
      { pageSize: 1000, pageToken },
      { signal },
    )
    all.push(...page.requests)
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  return tree === undefined ? all : all.filter((request) => hexOf(request.tree) === hexOf(tree))
}

/** Returns the invitations that have not ended, of one tree or of all, newest first. */
export async function readInvitations(signal: AbortSignal, tree?: Uint8Array): Promise<Invitation[]> {
  const all: Invitation[] = []
  let pageToken = ''
  do {
    const page: ListInvitationsResponse = await nodeCalls.listInvitations(
      { pageSize: 1000, pageToken },
      { signal },
    )
    all.push(...page.invitations)
    pageToken = page.nextPageToken
  } while (pageToken !== '')
  return all.filter((each) => tree === undefined || hexOf(each.tree) === hexOf(tree)).reverse()
}
