/** Keys that were revoked, since which entry, and what of theirs is void. */
import type { Tree } from '../../../../gen/causeway/v1/tree_pb.ts'
import { hrefOf } from '../../app/router.ts'
import { cidOf, hexOf } from '../../parts/ids.ts'
import { Card, State } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import type { Policy, Voids } from './calls.ts'
import { Since, Who } from './who.tsx'

const words = texts.people
const mostShown = 100

export function Revoked({
  tree,
  policy,
  voids,
}: {
  readonly tree: Tree
  readonly policy: Policy
  readonly voids: Voids | undefined
}) {
  const revoked = policy.members.filter((member) => member.revoked)
  return (
    <Card title={words.revoked}>
      {revoked.length === 0 && <p class="muted">{words.noRevoked}</p>}
      <ul class="members">
        {revoked.slice(0, mostShown).map(({ peer, name, entry }) => (
          <li key={hexOf(peer)} class="member">
            <Who peer={peer} name={name} />
            <State tone="bad">{words.revoked}</State>
            <Since tree={tree.cid} entry={entry} signed={policy.signed.get(hexOf(entry))} />
            {voids && <Voided tree={tree} voids={voids} peer={hexOf(peer)} />}
          </li>
        ))}
      </ul>
      {revoked.length > mostShown && <p class="muted">{texts.tree.more(revoked.length - mostShown)}</p>}
    </Card>
  )
}

function Voided({
  tree,
  voids,
  peer,
}: {
  readonly tree: Tree
  readonly voids: Voids
  readonly peer: string
}) {
  const own = voids.byAuthor.get(peer)
  if (own === undefined) return <span class="voided muted">{words.noneVoid}</span>
  return (
    <span class="voided">
      {words.voided(own.count, voids.isMore)}.{' '}
      <a href={hrefOf('tree', tree.cid, cidOf(own.newest))}>{words.newestVoid}</a>
    </span>
  )
}
