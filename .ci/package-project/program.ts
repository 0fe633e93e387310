/** What a project in TypeScript names: it compiles, and is never run. */
import {
  type AcceptResult,
  type AuditResult,
  CausewayError,
  type CommitOptions,
  createNode,
  type LinkStatus,
  type Node,
  type PeerEntry,
  Permission,
  type StoredEntry,
  type TreeId,
} from 'causeway-sync'
import { type EntryBody, readEntry } from 'causeway-sync/dag'
import { SyncService } from 'causeway-sync/proto'

const quick: CommitOptions = { durable: false }

export async function main(tree: TreeId): Promise<string[]> {
  const node: Node = await createNode()
  const listening: AcceptResult = await node.listen()
  const links: readonly LinkStatus[] = node.status()
  const peers: readonly PeerEntry[] = node.peers.list()
  const audit: AuditResult = await node.verify(tree)
  await node.grant(tree, node.peer, Permission.READ)
  await node.commit(tree, [{ store: 'text', kind: '', payload: new Uint8Array(1) }], quick)
  const bodies: EntryBody[] = []
  for await (const page of node.entries(tree))
    for (const { signed } of page satisfies readonly StoredEntry[]) bodies.push(readEntry(signed).body)
  node.on('problem', (error) => console.error(CausewayError.from(error).code))
  return [
    ...listening.started,
    SyncService.typeName,
    `${links.length} ${peers.length} ${audit.checked} ${bodies.length}`,
  ]
}
