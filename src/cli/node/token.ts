/** `causeway token`: proves the node's key to programs that call a node over HTTP and do not use Causeway. */
import type { Command } from 'commander'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { systemClock } from '../../base/clock.ts'
import { limits } from '../../base/limits.ts'
import { readIdentity } from '../../node/data-folder.ts'
import { makeProof } from '../../rpc/auth/proof.ts'
import { RpcConnection } from '../../rpc/client/connection.ts'
import { dialLocal } from '../../transport/local.ts'
import { type CommonOptions, noNodeError } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { parsePeer, print } from '../output.ts'
import { parseWholeNumber } from '../whole-number.ts'

interface TokenOptions extends CommonOptions {
  readonly audience?: string
  readonly binding?: string
  readonly ttl: number
}

const maxSeconds = limits.proofTtlMaxMs / 1000

export function addToken(program: Command): void {
  program
    .command('token')
    .description("print a bearer token that proves this node's key over HTTP")
    .option('--audience <PEER>', 'PeerId of the node to call (default: this node)')
    .option(
      '--binding <BINDING>',
      "channel that the token is for, as `serve` prints it; '' for an address on this machine (default: that of the running node)",
    )
    .option(
      '--ttl <SECONDS>',
      `lifetime of the token, at most ${maxSeconds} s`,
      parseWholeNumber(1, maxSeconds),
      limits.proofTtlMs / 1000,
    )
    .addHelpText(
      'after',
      `
A token is valid for one call, or for all calls on one connection, and only on
the channel that it names: tls:HASH for a node or proxy with that certificate,
host:NAME where it was given --allowed-host NAME.`,
    )
    .addHelpText(
      'after',
      examples(
        'curl --json \'{}\' -H "authorization: Bearer $(causeway token)" \\',
        '  http://127.0.0.1:8080/causeway.v1.TreeService/ListTrees',
      ),
    )
    .action(async (options: TokenOptions) => {
      const folder = dataFolder(options)
      const identity = await readIdentity(folder)
      if (identity === undefined) throw noNodeError(folder)
      const audience = options.audience === undefined ? identity.peer : parsePeer(options.audience)
      const binding = options.binding ?? (audience === identity.peer ? await runningBinding(folder) : '')
      const token = await makeProof(identity, audience, systemClock, { binding, ttlMs: options.ttl * 1000 })
      print(options, { token, issuer: identity.peer, audience, binding }, token)
    })
}

/** Returns the binding of the node that runs on the folder; '' if none runs, since it then serves nothing. */
async function runningBinding(folder: string): Promise<string> {
  const channel = await dialLocal(folder)
  if (channel === undefined) return ''
  await using connection = new RpcConnection(channel, { clock: systemClock })
  return (await connection.client(NodeService).getNode({})).binding
}
