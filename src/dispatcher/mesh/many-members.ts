/** Joins what decides about trees with many members, and lets it act on the lanes of their peers. */
import type { TreeId } from '../../dag/id.ts'
import type { PeerId } from '../../dag/identity.ts'
import { Mesh, type MeshParts } from './mesh.ts'
import { Spreading, type SpreadingParts } from './spreading.ts'
import type { Hearing } from './tree-mesh.ts'

/** What a lane does for them. */
export interface MeshLane {
  hearing(tree: TreeId): Hearing
  placeChanged(tree: TreeId): void
  probe(tree: TreeId): void
  watchAnew(): void
  confirmEqual(tree: TreeId, sequence: number): Promise<void>
}

export interface ManyMembersParts
  extends Pick<MeshParts, 'clock' | 'book' | 'links' | 'outbox' | 'store'>,
    Pick<SpreadingParts, 'self'> {
  /** Returns how many members a tree has, if it is known. */
  memberCount?(tree: TreeId): number | undefined
  onError?(error: unknown, where: string): void
}

/** `laneOf` returns the lane of a peer, if it has one. */
export function openMesh(
  parts: ManyMembersParts,
  laneOf: (peer: PeerId) => MeshLane | undefined,
): { readonly mesh: Mesh; readonly spreading: Spreading } {
  const onError = (where: string) => (error: unknown) => parts.onError?.(error, where)
  const probe = (tree: TreeId, peer: PeerId) => laneOf(peer)?.probe(tree)
  const mesh: Mesh = new Mesh({
    ...parts,
    hearing: (tree, peer) =>
      laneOf(peer)?.hearing(tree) ?? { heard: false, failed: false, shut: false, roundTripMs: undefined },
    onPlace: (tree, peer) => {
      spreading.forget(tree, peer)
      laneOf(peer)?.placeChanged(tree)
    },
    probe,
    onError: onError('the marks of neighbours'),
  })
  const spreading: Spreading = new Spreading({
    ...parts,
    isMesh: (tree) => mesh.isMesh(tree),
    memberCount: (tree) => mesh.memberCount(tree, parts.memberCount?.(tree)),
    onDirection: (peer) => laneOf(peer)?.watchAnew(),
    fetch: probe,
    onEqual: (tree, peer, sequence) => {
      laneOf(peer)?.confirmEqual(tree, sequence).catch(onError('the marks of neighbours'))
    },
    onError: onError('what neighbours announced'),
  })
  parts.outbox.isPassive = (link) => mesh.waitsNowhere(link)
  return { mesh, spreading }
}
