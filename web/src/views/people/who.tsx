/** A key that a policy or a request names: by its name there, else by the one in the peer book, and always by its start. */
import { peers, self } from '../../api/feed.ts'
import { hrefOf } from '../../app/router.ts'
import { useCell } from '../../parts/cell.ts'
import { cidOf, hexOf, shortCid, shortPeer } from '../../parts/ids.ts'
import { Foreign, Id, PeerDot, PeerName, plain, When } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import type { Signed } from './calls.ts'

const words = texts.people

/** Returns what a key is called here. */
export function nameOf(peer: Uint8Array, name = ''): string {
  const hex = hexOf(peer)
  const own = self.get()
  if (own !== undefined && hexOf(own.peer) === hex) return texts.parts.self
  return plain(name || peers.get().get(hex)?.name || shortPeer(hex), 40)
}

export function Who({ peer, name = '' }: { readonly peer: Uint8Array; readonly name?: string }) {
  useCell(peers)
  useCell(self)
  const hex = hexOf(peer)
  return (
    <span class="who">
      <span class="peer" title={hex}>
        <PeerDot peer={hex} />
        <strong>
          <Foreign text={nameOf(peer, name)} max={41} />
        </strong>
      </span>
      <span class="muted">
        <Id text={hex} short={shortPeer(hex)} what={`${texts.node.peer} ${shortPeer(hex)}`} />
      </span>
    </span>
  )
}

/** Since which entry something is so: a link to it in the view of its tree, when, and by whom. */
export function Since({
  tree,
  entry,
  signed,
}: {
  readonly tree: string
  readonly entry: Uint8Array
  readonly signed: Signed | undefined
}) {
  const cid = cidOf(entry)
  return (
    <span class="since muted">
      <a href={hrefOf('tree', tree, cid)} title={cid}>
        {words.entry} <code>{shortCid(cid)}</code>
      </a>
      {signed !== undefined && (
        <>
          <When ms={signed.atMs} />
          <span>
            {words.by} <PeerName peer={signed.author} />
          </span>
        </>
      )}
    </span>
  )
}
