/** A version of a key: its value, who wrote it and when, and the entry in the tree that says so. */
import type { ComponentChildren } from 'preact'
import type { Version } from '../../../../gen/causeway/v1/store_pb.ts'
import { hrefOf } from '../../app/router.ts'
import { cidOf, shortCid } from '../../parts/ids.ts'
import { Foreign, PeerName, When } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { Value, type ValueProps } from './value.tsx'

const words = texts.stores

/** The zero version is of no entry. */
const isZero = ({ entry }: Version) => entry.every((byte) => byte === 0)

export function VersionBy({
  cid,
  version,
  putsValue = true,
}: {
  readonly cid: string
  readonly version: Version
  readonly putsValue?: boolean
}) {
  if (isZero(version)) return <p class="by muted">{words.never}</p>
  const entry = cidOf(version.entry)
  return (
    <p class="by muted">
      <PeerName peer={version.author} />
      <When ms={Number(version.createdAtMs)} />
      <a href={hrefOf('tree', cid, entry)}>
        {words.entry} <code>{shortCid(entry)}</code>
      </a>
      {putsValue && (
        <code>
          <Foreign text={version.type || words.untyped} max={60} />
        </code>
      )}
    </p>
  )
}

/** One of several versions that stand beside each other, or the only one. */
export function VersionCard({
  cid,
  title,
  children,
  ...of
}: ValueProps & { readonly cid: string; readonly title?: string; readonly children?: ComponentChildren }) {
  return (
    <section class="card version">
      {title !== undefined && <h3>{title}</h3>}
      <VersionBy cid={cid} version={of.version} />
      <Value {...of} />
      {children}
    </section>
  )
}
