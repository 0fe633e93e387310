/** How servers take a port: the first free one of several; the error if it is taken; and the address that they have then. */
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { CausewayError } from '../base/errors.ts'

/** Local ports to try in turn; 0 is any free one. */
export type Ports = number | readonly number[]

/** Listens by `listen` on the first of the ports that is free. Throws what it throws for the last one. */
export async function onFirstFree<Server>(
  ports: Ports,
  listen: (port: number) => Promise<Server>,
): Promise<Server> {
  const [port = 0, ...others] = [ports].flat()
  try {
    return await listen(port)
  } catch (error) {
    if (others.length === 0 || !isPortTaken(error)) throw error
    return onFirstFree(others, listen)
  }
}

/** Reports whether a server could not listen, since another program has its port. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof CausewayError && error.data.reason === portTaken
}

const portTaken = 'EADDRINUSE'

/** Returns the error of a server that cannot listen. `option` is where a person chooses another port. */
export function listenError(cause: Error, host: string, port: number, option: string): CausewayError {
  const where = hostPort(host, port)
  const taken = (cause as NodeJS.ErrnoException).code === portTaken || /in use/.test(cause.message)
  const text = taken
    ? `${where} is in use: stop the program that has it, or choose another port with ${option} HOST:PORT.`
    : `The node cannot listen on ${where}: ${cause.message}.`
  return new CausewayError('BAD_ADDRESS', text, {
    cause,
    data: { host, port, ...(taken && { reason: portTaken }) },
  })
}

export const hostPort = (host: string, port: number): string =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`

/** Returns the hosts for a bound address. For a wildcard: the machine's own addresses, or loopback if it has none. */
export function reachableHosts(bound: string): string[] {
  if (bound !== '0.0.0.0' && bound !== '::') return [bound]
  const hosts = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .filter((entry) => !entry.internal && !entry.address.startsWith('fe80:'))
    .filter((entry) => bound === '::' || entry.family === 'IPv4')
    .map((entry) => entry.address)
  return hosts.length > 0 ? hosts : [bound === '::' ? '::1' : '127.0.0.1']
}
