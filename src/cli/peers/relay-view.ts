/** How commands show the relay of a node. */
import { plainText } from '../output.ts'

/** A relay as the contract and the node describe it. */
interface RelayView {
  readonly url?: string
  readonly connected: boolean
}

/** Returns the JSON of a node's relay: null if it uses none. */
export function relayDocument(
  relay: RelayView | undefined,
): { url: string | null; connected: boolean } | null {
  return relay === undefined ? null : { url: relay.url || null, connected: relay.connected }
}

/** Returns the line of text for it at a node that has just started, whose relay may not have answered yet. */
export function startingRelayLine(relay: RelayView): string {
  if (relay.connected) return relayLine(relay)
  return `Relay${nameOf(relay)} (connecting; \`causeway status\` says if it stays away)`
}

/** Returns the line of text for it. */
export function relayLine(relay: RelayView): string {
  return relay.connected
    ? `Relay${nameOf(relay)} (connected)`
    : `Relay${nameOf(relay)} (NOT connected: nobody reaches this node through it)`
}

const nameOf = ({ url }: RelayView): string => (url ? ` ${plainText(url)}` : '')
