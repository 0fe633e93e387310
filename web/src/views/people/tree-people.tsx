/** The people of one tree: who waits to be let in, who may do what, who was revoked, and how to let others in. */
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { Tree } from '../../../../gen/causeway/v1/tree_pb.ts'
import { useCall, useChanged } from '../../api/use-call.ts'
import { hrefOf } from '../../app/router.ts'
import { Foreign } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { readInvitations, readPolicy, readRequests, readVoids } from './calls.ts'
import { Members } from './members.tsx'
import { Requests } from './requests.tsx'
import { Revoked } from './revoked.tsx'
import { Tickets } from './tickets.tsx'

const words = texts.people

export function TreePeople({ tree }: { readonly tree: Tree }) {
  const policy = useCall(tree.cid, (signal) => readPolicy(tree.id, signal))
  const voids = useCall(tree.cid, (signal) => readVoids(tree.id, signal), 60_000)
  const requests = useCall(tree.cid, (signal) => readRequests(signal, tree.id))
  const invitations = useCall(tree.cid, (signal) => readInvitations(signal, tree.id))
  // Whatever arrives may change who may do what, and how much is void.
  useChanged(tree.sequence, policy.again)
  useChanged(tree.sequence, voids.again)
  const again = () => {
    for (const each of [policy, requests, invitations]) each.again()
  }
  const { value } = policy
  const isAdmin = value?.own === Permission.ADMIN
  const error = policy.error || requests.error || invitations.error || voids.error
  return (
    <>
      <h1>
        {words.of} <Foreign text={texts.home.tree(tree.name)} max={60} />
      </h1>
      <p class="place-links">
        <a href={hrefOf('tree', tree.cid)}>{words.entries}</a>
      </p>
      {error !== '' && <p class="problem">{error}</p>}
      {value === undefined || requests.value === undefined || invitations.value === undefined ? (
        error === '' && <p class="loading">{texts.app.loading}</p>
      ) : (
        <div class="people">
          {!isAdmin && <p class="muted">{words.notAdmin}</p>}
          <Requests requests={requests.value} isAdmin={isAdmin} done={again} />
          <Members tree={tree} policy={value} isAdmin={isAdmin} done={again} />
          <Revoked tree={tree} policy={value} voids={voids.value} />
          <Tickets tree={tree} invitations={invitations.value} isAdmin={isAdmin} done={again} />
        </div>
      )}
    </>
  )
}
