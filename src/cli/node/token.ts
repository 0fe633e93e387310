/** `causeway token`: a proof of the node's key, for calls over HTTP by programs that are no Causeway. */
import { type Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { parsePeerId } from '../../dag/identity.ts'
import { readIdentity } from '../../node/data-folder.ts'
import { makeProof } from '../../rpc/auth/proof.ts'
import { type CommonOptions, dataFolder } from '../context.ts'
import { print } from '../output.ts'

interface TokenOptions extends CommonOptions {
  readonly audience?: string
  readonly ttl: number
}

export function addToken(program: Command): void {
  program
    .command('token')
    .description(
      "print a bearer token that proves this node's key, for one call (or one connection) over HTTP",
    )
    .option('--audience <PEER>', 'the node that is to be called; by default this one')
    .option('--ttl <SECONDS>', 'how long it may be used', parseTtl, limits.proofTtlMs / 1000)
    .action(async (options: TokenOptions) => {
      const folder = dataFolder(options)
      const identity = await readIdentity(folder)
      if (identity === undefined)
        throw new CausewayError(
          'INVALID_ARGUMENT',
          `There is no node in ${folder} yet: \`causeway id\` makes one.`,
        )
      const audience = options.audience === undefined ? identity.peer : parsePeerId(options.audience)
      const token = await makeProof(identity, audience, systemClock, options.ttl * 1000)
      print(options, { token, issuer: identity.peer, audience }, token)
    })
}

function parseTtl(text: string): number {
  const seconds = Number(text)
  const max = limits.proofTtlMaxMs / 1000
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > max)
    throw new InvalidArgumentError(`It is a whole number of seconds from 1 to ${max}.`)
  return seconds
}
