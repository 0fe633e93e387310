/** Tickets to a tree, as a text and as a QR code, and the invitations that were made: their life, their use, their end. */
import { useState } from 'preact/hooks'
import { Permission } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { CreateTicketResponse, Invitation } from '../../../../gen/causeway/v1/node_pb.ts'
import type { Tree } from '../../../../gen/causeway/v1/tree_pb.ts'
import { nodeCalls, sentenceOf } from '../../api/clients.ts'
import { Dialog, useQuestion } from '../../parts/dialog.tsx'
import { hexOf } from '../../parts/ids.ts'
import { Card, Id, PeerName, State, When } from '../../parts/parts.tsx'
import { texts } from '../../texts.ts'
import { Choice } from './grant.tsx'
import { QrCode } from './qr.tsx'

const words = texts.people.tickets
/** Invitations that are shown, newest first. */
const mostShown = 50

interface Parts {
  readonly tree: Tree
  readonly invitations: readonly Invitation[]
  readonly isAdmin: boolean
  readonly done: () => void
}

export function Tickets({ tree, invitations, isAdmin, done }: Parts) {
  const [made, setMade] = useState<CreateTicketResponse>()
  const [question, askToRevoke] = useQuestion<Invitation>()
  const usedOne =
    made && invitations.find(({ id, usedBy }) => usedBy.length > 0 && hexOf(id) === hexOf(made.invitation))
  return (
    <Card title={words.title}>
      <p class="muted">{words.intro}</p>
      <Maker
        tree={tree}
        isAdmin={isAdmin}
        onMade={(ticket) => {
          setMade(ticket)
          done()
        }}
      />
      <div aria-live="polite">{made && usedOne === undefined && <Ticket ticket={made} />}</div>
      <h3 class="part">{words.list}</h3>
      {invitations.length === 0 && <p class="muted">{words.none}</p>}
      <ul class="members">
        {invitations.slice(0, mostShown).map((invitation) => (
          <Invited
            key={hexOf(invitation.id)}
            invitation={invitation}
            revoke={() => askToRevoke(invitation)}
          />
        ))}
      </ul>
      {invitations.length > mostShown && (
        <p class="muted">{texts.tree.more(invitations.length - mostShown)}</p>
      )}
      {question && (
        <Dialog
          key={question.key}
          title={words.revokeOne(words.to[question.about.permission]!.toLowerCase())}
          action={words.revoke}
          isHarsh
          act={async () => {
            const { id } = question.about
            await nodeCalls.revokeInvitation({ id })
            if (made && hexOf(made.invitation) === hexOf(id)) setMade(undefined)
            done()
          }}
          close={question.close}
        >
          <p>{words.revoking}</p>
        </Dialog>
      )}
    </Card>
  )
}

/** The form that makes a ticket. */
function Maker({
  tree,
  isAdmin,
  onMade,
}: Pick<Parts, 'tree' | 'isAdmin'> & { readonly onMade: (ticket: CreateTicketResponse) => void }) {
  const [invitation, setInvitation] = useState<Permission>(Permission.UNSPECIFIED)
  const [lan, setLan] = useState(false)
  const [withPeers, setWithPeers] = useState(false)
  const [error, setError] = useState('')
  const [isBusy, setBusy] = useState(false)
  const make = async (event: Event) => {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    setError('')
    try {
      onMade(await nodeCalls.createTicket({ tree: tree.id, invitation, lan, withPeers }))
    } catch (reason) {
      setError(sentenceOf(reason))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form class="maker" onSubmit={make}>
      <Choice
        name={words.kind}
        options={isAdmin ? words.kinds : words.kinds.slice(0, 1)}
        from={0}
        chosen={invitation}
        choose={setInvitation}
      />
      <label class="check">
        <input type="checkbox" checked={lan} onChange={(event) => setLan(event.currentTarget.checked)} />
        {words.lan}
      </label>
      <label class="check">
        <input
          type="checkbox"
          checked={withPeers}
          onChange={(event) => setWithPeers(event.currentTarget.checked)}
        />
        {words.peers}
      </label>
      <button type="submit" class="button main-button">
        {words.make}
      </button>
      <p class="problem" role="alert">
        {error}
      </p>
    </form>
  )
}

function Ticket({ ticket: { ticket, warning, expiresMs } }: { readonly ticket: CreateTicketResponse }) {
  return (
    <div class="ticket">
      <QrCode text={ticket} name={words.qr} tooLong={words.tooLong} />
      <div class="ticket-text">
        <Id text={ticket} what={words.ticket} />
        {expiresMs > 0n && (
          <p>
            {words.secret} <When ms={Number(expiresMs)} say={words.ends} />
          </p>
        )}
        {warning !== '' && <p class="muted">{warning}</p>}
      </div>
    </div>
  )
}

function Invited({ invitation, revoke }: { readonly invitation: Invitation; readonly revoke: () => void }) {
  const { permission, createdAtMs, expiresMs, usedBy, usedAtMs } = invitation
  const isUsed = usedBy.length > 0
  return (
    <li class="member">
      <strong>{words.to[permission]}</strong>
      <State tone={isUsed ? 'quiet' : 'good'}>
        {isUsed ? <When ms={Number(usedAtMs)} say={words.used} /> : words.unused}
        {isUsed && <PeerName peer={usedBy} />}
      </State>
      <span class="since muted">
        {!isUsed && <span>{words.once}</span>}
        <When ms={Number(createdAtMs)} say={words.made} />
        <When ms={Number(expiresMs)} say={words.ends} />
      </span>
      {!isUsed && (
        <span class="member-buttons">
          <button
            type="button"
            class="link-button harsh"
            aria-label={words.revokeOne(words.to[permission]!.toLowerCase())}
            onClick={revoke}
          >
            {words.revoke}
          </button>
        </span>
      )}
    </li>
  )
}
