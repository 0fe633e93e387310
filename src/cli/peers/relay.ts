/** The options of commands that dial: which relays QUIC uses, and whether plain HTTP may leave the machine. */
import { readFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { CausewayError } from '../../base/errors.ts'
import type { QuicOptions } from '../../node/options.ts'
import { io } from '../streams.ts'
import { parseWholeNumber } from '../whole-number.ts'

type Relay = NonNullable<QuicOptions['relay']>

/** What `addRelayOptions` adds. */
export interface RelayOptions {
  readonly relay?: Relay
  readonly relayTokenFile?: string
  readonly relayDiscoveryPort?: number
}

/** What `addDialOptions` adds. */
export interface DialOptions extends RelayOptions {
  readonly insecure?: boolean
}

/** Adds them to a command that dials peers with this node's key, if no node runs. */
export function addDialOptions(command: Command): Command {
  return addRelayOptions(command.addOption(insecureOption()))
}

/** Returns the option that consents to plain HTTP. */
export function insecureOption(): Option {
  return new Option(
    '--insecure',
    'allow plain HTTP that leaves this machine; anyone on the network path can read it',
  )
}

/** Adds them to a command that may use QUIC. */
export function addRelayOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--relay <off|n0|URL,…>',
        'relays that QUIC uses to cross NATs; n0 means the public ones of iroh',
      )
        .env('CAUSEWAY_RELAY')
        .argParser(parseRelay)
        .default('off', 'off'),
    )
    .option(
      '--relay-token-file <FILE>',
      'file with the token that these relays ask for (env: CAUSEWAY_RELAY_TOKEN)',
    )
    .addOption(
      new Option(
        '--relay-discovery-port <PORT>',
        'UDP port at which these relays tell nodes where they are seen',
      ).argParser(parseWholeNumber(1, 65_535)),
    )
}

/** Parses `off`, `n0`, or relay URLs separated by commas. */
function parseRelay(text: string): Relay {
  if (text === 'n0' || text === 'off') return text
  const urls = text.split(',')
  if (!urls.every((url) => /^https?:\/\/[^\s/]+/.test(url)))
    throw new InvalidArgumentError('Expected off, n0, or relay URLs separated by commas.')
  return urls
}

/** Returns the relays that a command's options choose. Throws INVALID_ARGUMENT if the token's file cannot be read. */
export async function relaysOf(options: RelayOptions): Promise<QuicOptions> {
  const { relay = 'off', relayTokenFile: file, relayDiscoveryPort } = options
  const token = file === undefined ? io().env.CAUSEWAY_RELAY_TOKEN : await readToken(file)
  return { relay, ...(token && { relayToken: token }), ...(relayDiscoveryPort && { relayDiscoveryPort }) }
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim()
  } catch (cause) {
    const { message } = cause as Error
    throw new CausewayError('INVALID_ARGUMENT', `The file ${file} cannot be read: ${message}`, { cause })
  }
}
