/** What a node can be reached by: its ports, its relay, its addresses, and the NAT in front of it. */
import { limits } from '../../base/limits.ts'
import type { Finding } from '../../rpc/services/doctor-service.ts'
import type { RelayState } from '../../transport/transport.ts'
import { fine, notice, problem } from './findings.ts'

/** One of the node's servers. */
export interface ServerState {
  readonly name: 'HTTP' | 'QUIC'
  /** Whether the node was told to serve it. */
  readonly wanted: boolean
  /** Whether its port was left to the node. */
  readonly chosen: boolean
  /** The port that it has; undefined while it does not listen. */
  readonly port: number | undefined
  readonly addresses: readonly string[]
}

/** Says what listens where, and whether the documented port was taken. */
export function listeningFindings(servers: readonly ServerState[]): Finding[] {
  const topic = 'listening'
  if (servers.every(({ port }) => port === undefined))
    return [
      notice(
        topic,
        'This node does not listen: it calls its peers, and nobody can call it.',
        'To let peers call it, run `causeway serve`.',
      ),
    ]
  return servers
    .filter(({ wanted }) => wanted)
    .map(({ name, chosen, port, addresses }) => {
      const option = `--${name.toLowerCase()}`
      if (port === undefined)
        return problem(
          topic,
          `${name} is not served, although this node is set to.`,
          `Read in the log of \`causeway serve\` why not, or choose another port with ${option} HOST:PORT.`,
        )
      // Those of QUIC are long: each has the node's key.
      const where = name === 'HTTP' ? ` at ${addresses.join(', ')}` : ` on port ${port}`
      if (!chosen || port === limits.defaultPort) return fine(topic, `${name} is served${where}.`)
      return notice(
        topic,
        `${name} is served${where}, since port ${limits.defaultPort} was taken when this node first chose one. It keeps this port.`,
        `Open this port in the firewall, and not ${limits.defaultPort}.`,
      )
    })
}

/** Says whether the relay is connected, and which networks can reach the node. */
export function reachFindings(
  relay: RelayState | undefined,
  reachProblem: string | undefined,
  farAddresses: readonly string[],
): Finding[] {
  const findings: Finding[] = []
  const name = relay?.url === undefined ? 'The relay' : `The relay ${relay.url}`
  if (relay?.connected) findings.push(fine('relay', `${name} is connected.`))
  else if (relay !== undefined)
    findings.push(
      problem(
        'relay',
        `${name} is not connected: nobody reaches this node through it.`,
        'Check that this machine can open its URL, that its certificate is of a public authority, and its token (--relay-token-file).',
      ),
    )
  if (reachProblem !== undefined)
    findings.push(
      notice(
        'reach',
        reachProblem,
        'If it only calls others, this is as it should be. Else use a relay (--relay), or forward a port to this machine and name it with --advertise.',
      ),
    )
  else if (farAddresses.length > 0) findings.push(fine('reach', 'Other networks may reach this node.'))
  return findings
}

/**
 * Says which NAT is in front of QUIC, from the sockets at which observers of different origin see this node. A NAT that
 * shows all of them one socket lets holes be punched; one that shows each another port does not.
 */
export function natFindings(sockets: readonly string[]): Finding[] {
  const topic = 'nat'
  const different = [...new Set(sockets)]
  if (sockets.length === 0) return []
  if (sockets.length === 1)
    return [
      fine(
        topic,
        `One peer sees this node at ${different[0]}. A second one in another network would show the kind of NAT.`,
      ),
    ]
  if (different.length === 1)
    return [
      fine(
        topic,
        `${sockets.length} peers in different networks see this node at ${different[0]}: holes can be punched to it.`,
      ),
    ]
  return [
    notice(
      topic,
      `Peers in different networks see this node at different addresses (${different.slice(0, 3).join(', ')}): a symmetric NAT is in front of it, or its address has just changed. No holes can be punched to it.`,
      'Use a relay, or forward a UDP port to this machine and name it with --advertise quic:IP:PORT.',
    ),
  ]
}
