/** Who may do what in a tree, since which entry, and what an admin can change of it. */
import { useState } from 'preact/hooks'
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { PolicyMember } from '../../../../gen/causeway/v1/node_pb.ts'
import type { Tree } from '../../../../gen/causeway/v1/tree_pb.ts'
import { nodeCalls } from '../../api/clients.ts'
import { self } from '../../api/feed.ts'
import { useCell } from '../../parts/cell.ts'
import { Dialog, type Question, useQuestion } from '../../parts/dialog.tsx'
import { hexOf } from '../../parts/ids.ts'
import { Card, State, type Tone } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import type { Policy } from './calls.ts'
import { GrantDialog, OpenDialog } from './grant.tsx'
import { nameOf, Since, Who } from './who.tsx'

const words = texts.people
/** Keys that are shown at once; a policy may name thousands, and the search finds any. */
const mostShown = 100
/** Fewer keys are found by looking. */
const leastToSearch = 12

const tones: Readonly<Record<Permission, Tone>> = {
  [Permission.UNSPECIFIED]: 'quiet',
  [Permission.READ]: 'quiet',
  [Permission.WRITE]: 'good',
  [Permission.ADMIN]: 'warn',
}

interface Parts {
  readonly tree: Tree
  readonly policy: Policy
  readonly isAdmin: boolean
  readonly done: () => void
}

type Asked =
  | { readonly kind: 'grant'; readonly member?: PolicyMember }
  | { readonly kind: 'revoke'; readonly member: PolicyMember }
  | { readonly kind: 'open' }

export function Members({ tree, policy, isAdmin, done }: Parts) {
  const [question, ask] = useQuestion<Asked>()
  const [text, setText] = useState('')
  const named = policy.members.filter(({ revoked }) => !revoked).sort(byRight)
  const wanted = text.trim().toLowerCase()
  const found = named.filter(
    ({ peer, name }) =>
      wanted === '' || hexOf(peer).startsWith(wanted) || nameOf(peer, name).toLowerCase().includes(wanted),
  )
  return (
    <Card
      title={words.members}
      aside={
        isAdmin && (
          <button type="button" class="button" onClick={() => ask({ kind: 'grant' })}>
            {words.letIn}
          </button>
        )
      }
    >
      {named.length >= leastToSearch && (
        <input
          type="text"
          class="members-search"
          aria-label={words.find}
          placeholder={words.find}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      )}
      <ul class="members">
        <Everybody tree={tree} policy={policy} isAdmin={isAdmin} ask={() => ask({ kind: 'open' })} />
        {found.slice(0, mostShown).map((member) => (
          <Member
            key={hexOf(member.peer)}
            {...{ tree, policy, member, isAdmin }}
            ask={(kind) => ask({ kind, member })}
          />
        ))}
      </ul>
      {found.length > mostShown && <p class="muted">{texts.tree.more(found.length - mostShown)}</p>}
      {found.length === 0 && (
        <p class="muted">{named.length === 0 ? words.noMembers : texts.tree.notFound}</p>
      )}
      {question && <Asking key={question.key} {...{ tree, policy, question, done }} />}
    </Card>
  )
}

function Asking({
  tree,
  policy,
  question: { about, close },
  done,
}: Omit<Parts, 'isAdmin'> & { readonly question: Question<Asked> }) {
  if (about.kind === 'open')
    return <OpenDialog tree={tree} now={policy.publicAccess} done={done} close={close} />
  if (about.kind === 'revoke')
    return <RevokeDialog tree={tree} member={about.member} done={done} close={close} />
  return <GrantDialog tree={tree} member={about.member} done={done} close={close} />
}

function byRight(a: PolicyMember, b: PolicyMember): number {
  return b.permission - a.permission || nameOf(a.peer, a.name).localeCompare(nameOf(b.peer, b.name))
}

function Everybody({ tree, policy, isAdmin, ask }: Omit<Parts, 'done'> & { readonly ask: () => void }) {
  const { publicAccess, publicAccessEntry, signed } = policy
  return (
    <li class="member">
      <strong>{words.everybody}</strong>
      <State tone={publicAccess > 1 ? 'warn' : 'quiet'}>{words.access[publicAccess]}</State>
      <Since tree={tree.cid} entry={publicAccessEntry} signed={signed.get(hexOf(publicAccessEntry))} />
      {isAdmin && (
        <span class="member-buttons">
          <button
            type="button"
            class="link-button"
            aria-label={words.changeOf(words.everybody.toLowerCase())}
            onClick={ask}
          >
            {words.change}
          </button>
        </span>
      )}
    </li>
  )
}

function Member({
  tree,
  policy,
  member,
  isAdmin,
  ask,
}: Omit<Parts, 'done'> & {
  readonly member: PolicyMember
  readonly ask: (kind: 'grant' | 'revoke') => void
}) {
  const { peer, name, permission, entry } = member
  const own = useCell(self)
  const isSelf = own !== undefined && hexOf(own.peer) === hexOf(peer)
  const called = nameOf(peer, name)
  return (
    <li class="member">
      <Who peer={peer} name={name} />
      <State tone={tones[permission]}>{words.may[permission]}</State>
      <Since tree={tree.cid} entry={entry} signed={policy.signed.get(hexOf(entry))} />
      {isAdmin && !isSelf && (
        <span class="member-buttons">
          <button
            type="button"
            class="link-button"
            aria-label={words.changeOf(called)}
            onClick={() => ask('grant')}
          >
            {words.change}
          </button>
          <button
            type="button"
            class="link-button harsh"
            aria-label={words.revokeOf(called)}
            onClick={() => ask('revoke')}
          >
            {words.revoke}
          </button>
        </span>
      )}
    </li>
  )
}

function RevokeDialog({
  tree,
  member: { peer, name },
  done,
  close,
}: Pick<Parts, 'tree' | 'done'> & { readonly member: PolicyMember; readonly close: () => void }) {
  return (
    <Dialog
      title={<bdi>{words.revokeOf(nameOf(peer, name))}</bdi>}
      action={words.revoking.action}
      isHarsh
      act={() => nodeCalls.revokeKey({ tree: tree.id, peer }).then(done)}
      close={close}
    >
      <Who peer={peer} name={name} />
      <p>{words.revoking.does}</p>
      <p>{words.revoking.reads}</p>
      <p class="muted">{words.grant.lasting}</p>
    </Dialog>
  )
}
