/**
 * Level `access`: what an admin at the server decides, and what an invitation is for. The program is told what its admin
 * does by the requests `decide` and `invite`.
 */
import { Permission, PublicAccess } from '../../../../../gen/causeway/v1/entry_pb.ts'
import { AccessStatus, type RequestAccessResponse } from '../../../../../gen/causeway/v1/sync_pb.ts'
import type { VerifiedEntry } from '../../../../dag/entry.ts'
import { bytesToHex, hexToBytes } from '../../../../dag/hex.ts'
import { idToBytes } from '../../../../dag/id.ts'
import { type Case, expectSame, type Stage } from '../../case.ts'
import { type Serving, serve, serverKey } from '../../serving.ts'
import { callAs, stranger } from '../../tokens.ts'
import { Grown, granting } from '../../trees/trees.ts'

/** A closed tree of which the server is an admin, and another one. */
function administered(name = 'administered'): readonly VerifiedEntry[] {
  const tree = new Grown(name, PublicAccess.NONE)
  tree.add([tree.root], { changes: granting(Permission.ADMIN, serverKey) })
  return tree.entries
}

const tree = () => administered()[0]!.id
const second = stranger + 1

interface Asked {
  readonly permission?: Permission
  readonly invitation?: string
  readonly of?: VerifiedEntry['id']
}

/** Asks for access to the tree as a key. */
async function ask(
  serving: Serving,
  key: number,
  { permission = Permission.READ, invitation = '', of = tree() }: Asked = {},
): Promise<RequestAccessResponse> {
  await using calling = await callAs(serving, key)
  const fields = { tree: idToBytes(of), permission, invitation: hexToBytes(invitation) }
  return await calling.sync.requestAccess(fields)
}

const shown = ({ status, permission }: RequestAccessResponse) =>
  [AccessStatus[status], Permission[permission]] as const

function served(
  name: string,
  rules: readonly string[],
  play: (serving: Serving, stage: Stage) => Promise<void>,
): Case {
  return {
    ...{ name: `access: ${name}`, level: 'access', rules },
    async run(stage) {
      await using serving = await serve(stage, [...administered(), ...administered('another')])
      await play(serving, stage)
    },
  }
}

/** The admin decides a request; NONE rejects it. */
const decide = (
  { program }: Stage,
  request: Uint8Array,
  permission: 'NONE' | 'READ' | 'WRITE',
  reason = '',
) => program.expect('decide', { request: bytesToHex(request), permission, reason })

const invite = async ({ program }: Stage, permission: 'READ' | 'WRITE'): Promise<string> =>
  String((await program.expect('invite', { tree: tree(), permission })).invitation)

export function adminCases(): Case[] {
  return [...decisionCases(), ...invitationCases()]
}

function decisionCases(): Case[] {
  const { READ, WRITE } = Permission
  return [
    served('a request that an admin approved, for less', ['A2', 'A3'], async (serving, stage) => {
      const { request } = await ask(serving, stranger, { permission: WRITE })
      await decide(stage, request, 'READ')
      const answer = await ask(serving, stranger, { permission: WRITE })
      // What it may do now is what the admin granted; it still wants more, so that request may wait as well.
      const isGranted = answer.status === AccessStatus.GRANTED && answer.permission === READ
      expectSame('A2', 'whether READ is granted', true, isGranted || answer.status === AccessStatus.PENDING)
      expectSame('A2', 'what is granted', ['GRANTED', 'READ'], shown(await ask(serving, stranger)))
    }),
    served('a request that an admin rejected', ['A4'], async (serving, stage) => {
      const { request } = await ask(serving, stranger)
      await decide(stage, request, 'NONE', 'not today')
      const answer = await ask(serving, stranger)
      expectSame('A4', 'the status', 'REJECTED', AccessStatus[answer.status])
      expectSame('A4', 'the reason', 'not today', answer.reason)
      const more = await ask(serving, stranger, { permission: WRITE })
      expectSame(
        'A4',
        'status and reason for more',
        ['REJECTED', 'not today'],
        [AccessStatus[more.status], more.reason],
      )
      const other = await ask(serving, second)
      expectSame('A4', 'the status for another key', 'PENDING', AccessStatus[other.status])
    }),
    served('a request for less than one that an admin rejected', ['A4'], async (serving, stage) => {
      const { request } = await ask(serving, stranger, { permission: WRITE })
      await decide(stage, request, 'NONE', 'not today')
      const less = await ask(serving, stranger)
      expectSame('A4', 'the status', 'PENDING', AccessStatus[less.status])
    }),
  ]
}

function invitationCases(): Case[] {
  return [
    served('an invitation, whatever is asked for', ['A7', 'A2'], async (serving, stage) => {
      const invitation = await invite(stage, 'WRITE')
      expectSame('A7', 'the digits of the secret', 64, invitation.length)
      const answer = await ask(serving, stranger, { invitation })
      expectSame('A7', 'what is granted', ['GRANTED', 'WRITE'], shown(answer))
    }),
    served('an invitation for less than what is asked for', ['A7'], async (serving, stage) => {
      const invitation = await invite(stage, 'READ')
      await ask(serving, stranger, { invitation, permission: Permission.WRITE })
      expectSame('A7', 'what is granted', ['GRANTED', 'READ'], shown(await ask(serving, stranger)))
    }),
    served('an invitation that somebody has used', ['A7'], async (serving, stage) => {
      const invitation = await invite(stage, 'READ')
      await ask(serving, stranger, { invitation })
      const answer = await ask(serving, second, { invitation })
      expectSame('A7', 'the status', 'PENDING', AccessStatus[answer.status])
    }),
    served('an invitation to another tree', ['A7'], async (serving, stage) => {
      const invitation = await invite(stage, 'READ')
      const answer = await ask(serving, stranger, { invitation, of: administered('another')[0]!.id })
      expectSame('A7', 'the status', 'PENDING', AccessStatus[answer.status])
    }),
    served('an invitation that nobody made', ['A7'], async (serving) => {
      const answer = await ask(serving, stranger, { invitation: 'ab'.repeat(32) })
      expectSame('A7', 'the status', 'PENDING', AccessStatus[answer.status])
    }),
  ]
}
