/** `causeway token`: proves the node's key to programs that call a node over HTTP and do not use Causeway. */
import type { Command } from 'commander'
import { NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { systemClock } from '../../base/clock.ts'
import { CausewayError } from '../../base/errors.ts'
import { limits } from '../../base/limits.ts'
import { readIdentity } from '../../node/data-folder.ts'
import { parseCertificateHash } from '../../rpc/auth/binding.ts'
import { makeToken } from '../../rpc/auth/token.ts'
import { RpcConnection } from '../../rpc/client/connection.ts'
import { dialLocal } from '../../transport/local.ts'
import { type CommonOptions, noNodeError } from '../context.ts'
import { dataFolder } from '../default-folder.ts'
import { examples } from '../help.ts'
import { parsePeer, print } from '../output.ts'
import { expectKeyFile } from '../peers/key-file.ts'
import { parseWholeNumber } from '../whole-number.ts'

interface TokenOptions extends CommonOptions {
  readonly audience?: string
  readonly binding?: string
  readonly ttl: number
  readonly reusable?: boolean
  readonly key?: string
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
    .option('--key <FILE>', "prove this key of an application instead of the node's")
    .option('--reusable', 'let it be shown on any number of connections while it lives')
    .addHelpText(
      'after',
      `
A token is valid for one call, or for all calls on one connection, and only on
the channel that it names: tls:HASH for a node or proxy with that certificate,
host:NAME where it was given --allowed-host NAME. A reusable one is valid on any
connection of that channel, so whoever reads it can use it until it expires.`,
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
      const own = await readIdentity(folder)
      const identity = options.key === undefined ? own : await expectKeyFile(options.key)
      const audience = options.audience === undefined ? own?.peer : parsePeer(options.audience)
      if (identity === undefined || audience === undefined) throw noNodeError(folder)
      const binding =
        parseBinding(options.binding) ?? (audience === own?.peer ? await runningBinding(folder) : '')
      const { reusable = false } = options
      const ttlMs = options.ttl * 1000
      const token = await makeToken(identity, audience, systemClock, { binding, ttlMs, reusable })
      print(options, { token, issuer: identity.peer, audience, binding, reusable }, token)
    })
}

/** Returns the binding that was given, if any. Throws INVALID_ARGUMENT for what no node takes. */
function parseBinding(text: string | undefined): string | undefined {
  if (text === undefined || text === '' || text === 'insecure' || /^host:./.test(text)) return text
  if (text.startsWith('tls:')) return `tls:${parseCertificateHash(text)}`
  throw new CausewayError(
    'INVALID_ARGUMENT',
    `A binding is tls:HASH, host:NAME, or '' for an address on this machine, got ${JSON.stringify(text)}.`,
  )
}

/** Returns the binding of the node that runs on the folder; '' if none runs, since it then serves nothing. */
async function runningBinding(folder: string): Promise<string> {
  const channel = await dialLocal(folder)
  if (channel === undefined) return ''
  await using connection = new RpcConnection(channel, { clock: systemClock })
  return (await connection.client(NodeService).getNode({})).binding
}
