/** What the next start of a node will find: whether the ports are free that it would take. For while no node runs. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { limits } from '../../base/limits.ts'
import type { Finding } from '../../rpc/services/doctor-service.ts'
import { type KeptPort, KeptPorts } from '../reach/kept-ports.ts'
import { fine, notice, problem } from './findings.ts'

const protocols: Readonly<Record<KeptPort, 'TCP' | 'UDP'>> = { http: 'TCP', quic: 'UDP' }

/** Says whether the ports are free that a node on this data folder had last, or takes first; of QUIC only if it had one. */
export async function portFindings(folder: string): Promise<Finding[]> {
  const ports = await KeptPorts.read(folder)
  const findings: Finding[] = []
  for (const transport of ['http', 'quic'] as const) {
    const last = ports.last(transport)
    if (last !== undefined || transport === 'http') findings.push(await portFinding(transport, last))
  }
  return findings
}

async function portFinding(transport: KeptPort, last: number | undefined): Promise<Finding> {
  const port = last ?? limits.defaultPort
  const name = `${protocols[transport]} port ${port}`
  if (await (transport === 'http' ? isFreeTcp(port) : isFreeUdp(port)))
    return fine('ports', `${name}, which the next start takes, is free.`)
  if (last === undefined)
    return notice(
      'ports',
      `${name} is in use: the next start takes one of the next ones.`,
      'Stop the program that has it before, or choose a port with --http HOST:PORT.',
    )
  return problem(
    'ports',
    `${name} is in use by another program. This node had it, and peers know it there.`,
    'Stop that program before you start the node.',
  )
}

async function isFreeTcp(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

async function isFreeUdp(port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  try {
    socket.bind(port)
    await once(socket, 'listening')
    return true
  } catch {
    return false
  } finally {
    socket.close()
  }
}
