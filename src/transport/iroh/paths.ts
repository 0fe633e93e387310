/** Which paths of an endpoint a node tells to whom: its sockets and its relay, judged by their hosts. */
import { CausewayError } from '../../base/errors.ts'
import { hostOf, reachOf } from '../../base/hosts.ts'
import { limits } from '../../base/limits.ts'
import type { PeerId } from '../../dag/identity.ts'
import type { QuicPaths, QuicTarget } from './binding.ts'

/** Returns the paths by which other networks reach an endpoint; undefined if there are none. */
export function farPaths(
  { direct, relay }: QuicPaths,
  advertised: readonly string[] = [],
  relayConnected: boolean,
): QuicPaths | undefined {
  const isFar = (socket: string) => reachOf(hostOf(socket) ?? '') === 'everywhere'
  const far = direct.filter((socket) => advertised.includes(socket) || isFar(socket))
  // A relay that is not connected forwards nothing.
  if (far.length === 0 && !relayConnected) return undefined
  return { direct: far, ...(relay !== undefined && { relay }) }
}

/** Returns the paths whose hosts `keep` admits; undefined if there are none, or if they lead to another peer. */
export function narrowPaths(
  target: QuicTarget,
  peer: PeerId,
  keep: (host: string) => boolean,
): QuicPaths | undefined {
  const direct = target.native.directAddresses().filter((socket) => keep(hostOf(socket) ?? ''))
  const relay = target.relay !== undefined && keep(new URL(target.relay).hostname) ? target.relay : undefined
  if (target.peer !== peer || (direct.length === 0 && relay === undefined)) return undefined
  return { direct: direct.slice(0, limits.dialAddresses), ...(relay !== undefined && { relay }) }
}

/** Adds a hint to the error of a remote that was not reached: its address names a relay, and this node uses none. */
export function namingRelay(error: unknown, parse: () => QuicTarget): unknown {
  const { code, message, data } = CausewayError.from(error)
  if (code !== 'TIMEOUT' && code !== 'UNREACHABLE') return error
  const { relay } = parse()
  if (relay === undefined) return error
  const hint = `Its address names the relay ${relay}, and this node uses none: choose it with --relay.`
  return new CausewayError(code, `${message} ${hint}`, { cause: error, data: { ...data, relay } })
}
