/** Questions before the policy of a tree changes: what a key may do, and what everybody may. */
import { useState } from 'preact/hooks'
import type { Permission, PublicAccess } from '../../../../gen/causeway/v1/entry_pb.ts'
import type { PolicyMember } from '../../../../gen/causeway/v1/node_pb.ts'
import type { Tree } from '../../../../gen/causeway/v1/tree_pb.ts'
import { nodeCalls } from '../../api/clients.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { bytesOf, hexOf } from '../../parts/ids.ts'
import { texts } from '../../texts.ts'
import { nameOf, Who } from './who.tsx'

const words = texts.people

interface Parts {
  readonly tree: Tree
  readonly done: () => void
  readonly close: () => void
}

export function GrantDialog({
  tree,
  member,
  done,
  close,
}: Parts & { readonly member: PolicyMember | undefined }) {
  const [peer, setPeer] = useState(member === undefined ? '' : hexOf(member.peer))
  const [name, setName] = useState(member?.name ?? '')
  const [permission, setPermission] = useState<Permission>(member?.permission ?? 1)
  const act = async () => {
    const key = peer.trim().toLowerCase()
    if (!/^[0-9a-f]{64}$/.test(key)) throw new Error(words.grant.notPeer)
    await nodeCalls.changePolicy({
      tree: tree.id,
      grants: [{ peer: bytesOf(key), permission, name: name.trim() }],
    })
    done()
  }
  const title = member === undefined ? words.letIn : words.changeOf(nameOf(member.peer, member.name))
  return (
    <Dialog title={<bdi>{title}</bdi>} action={words.grant.action} act={act} close={close}>
      {member === undefined ? (
        <label class="field">
          <span>{words.grant.peer}</span>
          <input
            type="text"
            class="code-input"
            value={peer}
            required
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setPeer(event.currentTarget.value)}
          />
          <small class="muted">{words.grant.peerHint}</small>
        </label>
      ) : (
        <Who peer={member.peer} name={member.name} />
      )}
      <label class="field">
        <span>{words.grant.name}</span>
        <input
          type="text"
          value={name}
          maxLength={128}
          autocomplete="off"
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <small class="muted">{words.grant.nameHint}</small>
      </label>
      <Choice
        name={words.grant.permission}
        options={words.grant.permissions}
        from={member === undefined ? 1 : 0}
        chosen={permission}
        choose={setPermission}
      />
      <p class="says">{words.grant.says[permission]}</p>
      <p class="muted">{words.grant.lasting}</p>
    </Dialog>
  )
}

export function OpenDialog({ tree, now, done, close }: Parts & { readonly now: PublicAccess }) {
  const [access, setAccess] = useState<PublicAccess>(now || 1)
  return (
    <Dialog
      title={words.opening.title}
      action={words.grant.action}
      act={() => nodeCalls.changePolicy({ tree: tree.id, publicAccess: access }).then(done)}
      close={close}
    >
      <Choice
        name={words.everybody}
        options={words.opening.options}
        from={1}
        chosen={access}
        choose={setAccess}
      />
      <p class="says">{words.opening.says[access]}</p>
      <p class="muted">{words.grant.lasting}</p>
    </Dialog>
  )
}

/** One of several values of an enum. */
export function Choice<Value extends number>({
  name,
  options,
  from,
  chosen,
  choose,
}: {
  readonly name: string
  readonly options: readonly string[]
  /** The first value that can be chosen. */
  readonly from: number
  readonly chosen: Value
  readonly choose: (value: Value) => void
}) {
  return (
    <label class="field">
      <span>{name}</span>
      <select value={chosen} onChange={(event) => choose(Number(event.currentTarget.value) as Value)}>
        {options.map(
          (option, value) =>
            value >= from && (
              <option key={option} value={value}>
                {option}
              </option>
            ),
        )}
      </select>
    </label>
  )
}
