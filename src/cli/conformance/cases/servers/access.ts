/** Level `access`: who may read a tree, how a caller proves who it is, and how it asks for a right. */
import { Permission } from '../../../../../gen/causeway/v1/entry_pb.ts'
import { AccessStatus } from '../../../../../gen/causeway/v1/sync_pb.ts'
import { bytesToHex } from '../../../../dag/hex.ts'
import { idToBytes } from '../../../../dag/id.ts'
import { requestOf } from '../../asking.ts'
import { type Calling, call, failure } from '../../calls.ts'
import { type Case, expectSame, type Stage } from '../../case.ts'
import { hear, type Serving, serve } from '../../serving.ts'
import { closedTree, reader, seconds, stranger, tokenOf, withToken, writer } from '../../tokens.ts'
import { Grown, kitKey } from '../../trees/trees.ts'

const read = ({ sync }: Calling) => {
  const { tree } = requestOf(closedTree())
  return hear(sync, { ...requestOf(closedTree().slice(0, 1)), tree })
}

/** Returns a case in which the program serves the closed tree. */
function served(
  name: string,
  rules: readonly string[],
  play: (serving: Serving, stage: Stage) => Promise<void>,
): Case {
  return {
    name: `access: ${name}`,
    level: 'access',
    rules,
    async run(stage) {
      await using serving = await serve(stage, closedTree())
      await play(serving, stage)
    },
  }
}

/** Returns the code with which reading fails, with data.reason; 'none' if it does not. */
async function refusal(calling: Calling): Promise<string> {
  const error = await failure(() => read(calling))
  return error === undefined ? 'none' : [error.code, error.data.reason].filter(Boolean).join(' ')
}

export function accessCases(): Case[] {
  return [...readingCases(), ...proofCases(), ...reuseCases(), ...askingCases()]
}

function readingCases(): Case[] {
  return [
    served('a caller without a proof', ['I17'], async (serving) => {
      await using calling = await call(serving)
      expectSame('I17', 'how reading fails', 'UNKNOWN_TREE', await refusal(calling))
    }),
    served('a caller whom the policy does not name', ['I17', 'P9'], async (serving) => {
      await using calling = await withToken(serving, tokenOf(stranger, serving))
      expectSame('I17', 'how reading fails', 'UNKNOWN_TREE', await refusal(calling))
    }),
    ...[reader, writer].map((key) =>
      served(
        `a caller with the right ${key === reader ? 'to read' : 'to write'}`,
        ['I1', 'I2'],
        async (serving) => {
          await using calling = await withToken(serving, tokenOf(key, serving))
          expectSame('I1', 'how reading fails', 'none', await refusal(calling))
        },
      ),
    ),
    {
      ...served('a caller over QUIC, which proves its key', ['I1'], async (serving) => {
        await using calling = await call(serving, { transport: 'quic', key: reader })
        expectSame('I1', 'how reading fails', 'none', await refusal(calling))
        await using other = await call(serving, { transport: 'quic', key: stranger })
        expectSame('I17', 'how reading fails for another key', 'UNKNOWN_TREE', await refusal(other))
      }),
      needs: 'quic',
    },
  ]
}

/** Returns the case of one token: how reading with it fails, or '' if it does not. */
const token = (
  name: string,
  rules: readonly string[],
  expected: string,
  make: (serving: Serving) => string,
): Case =>
  served(`a token ${name}`, rules, async (serving) => {
    await using calling = await withToken(serving, make(serving))
    const wanted = expected === '' ? 'none' : `UNAUTHENTICATED ${expected}`
    expectSame(rules[0]!, 'how reading fails', wanted, await refusal(calling))
  })

// Times are of the moment when the token is made: the cases before may take minutes.
const claiming = (claims: object | (() => object)) => (serving: Serving) =>
  tokenOf(reader, serving, (typeof claims === 'function' ? claims() : claims) as Record<string, unknown>)

/** Tokens by when they begin and end. */
function timeCases(): Case[] {
  return [
    token(
      'that has just ended',
      ['I3'],
      '',
      claiming(() => ({ exp: seconds(-1) })),
    ),
    token(
      'that ended 90 s ago',
      ['I3', 'I15'],
      'expired',
      claiming(() => ({ exp: seconds(-90) })),
    ),
    token(
      'that ends in 350 s',
      ['I3'],
      '',
      claiming(() => ({ exp: seconds(350) })),
    ),
    token(
      'that ends in an hour',
      ['I3', 'I15'],
      'lifetime',
      claiming(() => ({ exp: seconds(3600) })),
    ),
    token(
      'that begins in 30 s',
      ['I3'],
      '',
      claiming(() => ({ nbf: seconds(30) })),
    ),
    token(
      'made an hour ago, which decides nothing',
      ['I3'],
      '',
      claiming(() => ({ iat: seconds(-3600) })),
    ),
  ]
}

/** Tokens by what is wrong with them. */
function proofCases(): Case[] {
  return [
    token('that is none', ['I15'], 'malformed', () => 'x.y.z'),
    token('that another key signed', ['I1', 'I15'], 'signature', (serving) =>
      tokenOf(stranger, serving, { iss: kitKey(reader).peer }),
    ),
    token('for another server', ['I2', 'I15'], 'audience', claiming({ aud: kitKey(7).peer })),
    token('for several servers', ['I2'], 'malformed', claiming({ aud: [kitKey(7).peer] })),
    token('without a jti', ['I2'], 'malformed', claiming({ jti: undefined })),
    token('with an empty jti', ['I2'], 'malformed', claiming({ jti: '' })),
    token(
      'whose end is text',
      ['I2'],
      'malformed',
      claiming(() => ({ exp: String(seconds(60)) })),
    ),
    token('with a claim that nobody knows', ['I2'], '', claiming({ colour: 'blue' })),
    token('of 2,100 characters', ['I2'], 'malformed', claiming({ colour: 'b'.repeat(1500) })),
    token(
      'for another channel',
      ['C8', 'C1', 'C6'],
      'binding',
      claiming({ binding: `tls:${'ab'.repeat(32)}` }),
    ),
    token(
      'for plain HTTP that leaves the machine',
      ['C6', 'I5'],
      'binding',
      claiming({ binding: 'insecure' }),
    ),
    token('without a binding', ['I2'], 'malformed', claiming({ binding: undefined })),
    ...timeCases(),
    served('the clock of a caller that is behind', ['I16'], async (serving) => {
      const made = tokenOf(reader, serving, { iat: seconds(-600), exp: seconds(-540) })
      await using calling = await withToken(serving, made)
      const error = await failure(() => read(calling))
      const offMs = Number(error?.data.clockOffMs)
      expectSame(
        'I16',
        'whether data.clockOffMs is some -600,000',
        true,
        offMs < -590_000 && offMs > -700_000,
      )
    }),
    served('a token that does not hold, where none is needed', ['I15'], async (serving) => {
      await using calling = await withToken(serving, 'x.y.z')
      const error = await failure(() =>
        calling.sync.handshake({ version: 2, nonce: new Uint8Array(32), binding: '' }),
      )
      expectSame('I15', 'the code of the error', 'UNAUTHENTICATED', error?.code ?? 'none')
    }),
  ]
}

function reuseCases(): Case[] {
  const twice = async (serving: Serving, claims: Readonly<Record<string, unknown>>) => {
    const token = tokenOf(reader, serving, claims)
    await using first = await withToken(serving, token)
    await using second = await withToken(serving, token)
    return [await refusal(first), await refusal(first), await refusal(second)]
  }
  return [
    served('a token on a second connection', ['I6', 'I15'], async (serving) => {
      expectSame(
        'I6',
        'how reading fails',
        ['none', 'none', 'UNAUTHENTICATED replayed'],
        await twice(serving, {}),
      )
    }),
    served('a token of a call that failed, on a second connection', ['I7'], async (serving) => {
      const token = tokenOf(reader, serving)
      await using first = await withToken(serving, token)
      await failure(() => first.sync.handshake({ version: 2, nonce: new Uint8Array(1), binding: '' }))
      await using second = await withToken(serving, token)
      expectSame('I7', 'how reading fails', 'UNAUTHENTICATED replayed', await refusal(second))
    }),
    served('a reusable token on a second connection', ['I9', 'I13', 'I14'], async (serving) => {
      await using calling = await call(serving)
      const { features } = await calling.sync.handshake({
        version: 2,
        nonce: new Uint8Array(32),
        binding: '',
      })
      const takes = features.includes('reusable-tokens')
      const expected = ['none', 'none', takes ? 'none' : 'UNAUTHENTICATED replayed']
      expectSame(
        takes ? 'I9' : 'I14',
        'how reading fails',
        expected,
        await twice(serving, { reusable: true }),
      )
    }),
    served('a reusable token for plain HTTP', ['I11'], async (serving) => {
      await using calling = await withToken(
        serving,
        tokenOf(reader, serving, { reusable: true, binding: 'insecure' }),
      )
      expectSame('I11', 'how reading fails', 'UNAUTHENTICATED malformed', await refusal(calling))
    }),
    served('a token that is reusable as text', ['I2'], async (serving) => {
      await using calling = await withToken(serving, tokenOf(reader, serving, { reusable: 'true' }))
      expectSame('I2', 'how reading fails', 'UNAUTHENTICATED malformed', await refusal(calling))
    }),
  ]
}

function askingCases(): Case[] {
  const ask = ({ sync }: Calling, permission: Permission, tree = idToBytes(closedTree()[0]!.id)) =>
    sync.requestAccess({ tree, permission })
  const strange = (serving: Serving) => withToken(serving, tokenOf(stranger, serving))
  return [
    served('asking without a proof', ['A1', 'I15'], async (serving) => {
      await using calling = await call(serving)
      const error = await failure(() => ask(calling, Permission.READ))
      expectSame('A1', 'the error', 'UNAUTHENTICATED missing', `${error?.code} ${error?.data.reason}`)
    }),
    served('asking to be an admin', ['A1'], async (serving) => {
      await using calling = await strange(serving)
      const error = await failure(() => ask(calling, Permission.ADMIN))
      expectSame('A1', 'the code of the error', 'FORBIDDEN', error?.code ?? 'none')
    }),
    served('asking for what one has', ['A2'], async (serving) => {
      await using calling = await withToken(serving, tokenOf(reader, serving))
      const { status, permission } = await ask(calling, Permission.READ)
      expectSame('A2', 'the answer', ['GRANTED', 'READ'], [AccessStatus[status], Permission[permission]])
    }),
    served('asking, and asking again', ['A3', 'A5'], async (serving) => {
      await using calling = await strange(serving)
      const first = await ask(calling, Permission.READ)
      expectSame('A3', 'the status', 'PENDING', AccessStatus[first.status])
      expectSame('A3', 'the bytes of the id', 16, first.request.length)
      const again = await ask(calling, Permission.READ)
      expectSame('A5', 'the id, asked again', first.request, again.request)
      const more = await ask(calling, Permission.WRITE)
      const isOther = bytesToHex(more.request) !== bytesToHex(first.request)
      expectSame('A5', 'whether another permission has another id', true, isOther)
    }),
    served('asking for a tree that is not there', ['A6'], async (serving) => {
      await using calling = await strange(serving)
      const nowhere = idToBytes(new Grown('nowhere').root.id)
      const { status, request } = await ask(calling, Permission.READ, nowhere)
      expectSame('A6', 'status and bytes of the id', ['PENDING', 16], [AccessStatus[status], request.length])
      const again = await ask(calling, Permission.READ, nowhere)
      expectSame('A6', 'the id, asked again', request, again.request)
    }),
  ]
}
