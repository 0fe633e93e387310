/** Requests for access to a tree: who asks for what, in its own words, and the decision. */
import { useState } from 'preact/hooks'
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { AccessRequest } from '../../../../gen/causeway/v1/node_pb.ts'
import { nodeCalls } from '../../api/clients.ts'
import { Dialog, useQuestion } from '../../parts/dialog.tsx'
import { hexOf } from '../../parts/ids.ts'
import { Card, Foreign, When } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { Choice } from './grant.tsx'
import { nameOf, Who } from './who.tsx'

const all = texts.people
const words = all.requests
/** A message has at most 1,024 bytes. */
const longestMessage = 1024
/** Lines of a message that stay lines: more would push all else away. */
const mostLines = 12
/** Requests that are shown; those that were decided make room. */
const mostShown = 50

interface Decision {
  readonly request: AccessRequest
  readonly isApproval: boolean
}

export function Requests({
  requests,
  isAdmin,
  done,
}: {
  readonly requests: readonly AccessRequest[]
  readonly isAdmin: boolean
  readonly done: () => void
}) {
  const [question, decide] = useQuestion<Decision>()
  return (
    <Card title={words.title}>
      {requests.length === 0 && <p class="muted">{words.none}</p>}
      <ul class="members">
        {requests.slice(0, mostShown).map((request) => (
          <Request key={hexOf(request.id)} request={request} isAdmin={isAdmin} decide={decide} />
        ))}
      </ul>
      {requests.length > mostShown && <p class="muted">{texts.tree.more(requests.length - mostShown)}</p>}
      {question && (
        <DecisionDialog key={question.key} {...question.about} done={done} close={question.close} />
      )}
    </Card>
  )
}

function Request({
  request,
  isAdmin,
  decide,
}: {
  readonly request: AccessRequest
  readonly isAdmin: boolean
  readonly decide: (decision: Decision) => void
}) {
  const { peer, permission, message, createdAtMs } = request
  const called = nameOf(peer)
  return (
    <li class="member request">
      <Who peer={peer} />
      <span>{words.asks[permission]}</span>
      <span class="muted">
        <When ms={Number(createdAtMs)} say={words.asked} />
      </span>
      <span class="member-buttons">
        {isAdmin && (
          <button
            type="button"
            class="button"
            aria-label={words.approveOf(called)}
            onClick={() => decide({ request, isApproval: true })}
          >
            {words.approve}
          </button>
        )}
        <button
          type="button"
          class="button"
          aria-label={words.rejectOf(called)}
          onClick={() => decide({ request, isApproval: false })}
        >
          {words.reject}
        </button>
      </span>
      <Message text={message} />
    </li>
  )
}

function Message({ text }: { readonly text: string }) {
  if (text === '') return <p class="message muted">{words.noMessage}</p>
  const isShort = text.split('\n').length <= mostLines
  return (
    <blockquote class="message">
      <Foreign text={isShort ? text : text.replace(/\n+/g, ' ')} max={longestMessage} keepLines />
    </blockquote>
  )
}

function DecisionDialog({
  request,
  isApproval,
  done,
  close,
}: Decision & { readonly done: () => void; readonly close: () => void }) {
  const [permission, setPermission] = useState<Permission>(request.permission)
  const [reason, setReason] = useState('')
  const called = nameOf(request.peer)
  const granted = isApproval ? permission : Permission.UNSPECIFIED
  return (
    <Dialog
      title={<bdi>{isApproval ? words.approveOf(called) : words.rejectOf(called)}</bdi>}
      action={isApproval ? words.approve : words.reject}
      isHarsh={!isApproval}
      act={() => nodeCalls.decideAccess({ id: request.id, permission: granted, reason }).then(done)}
      close={close}
    >
      <Who peer={request.peer} />
      <Message text={request.message} />
      {isApproval && (
        <Choice
          name={words.permission}
          options={all.grant.permissions.slice(0, request.permission + 1)}
          from={1}
          chosen={permission}
          choose={setPermission}
        />
      )}
      <label class="field">
        <span>{words.reason}</span>
        <input
          type="text"
          value={reason}
          maxLength={longestMessage}
          autocomplete="off"
          onInput={(event) => setReason(event.currentTarget.value)}
        />
      </label>
      <p class="muted">{isApproval ? words.approving : words.rejecting}</p>
    </Dialog>
  )
}
