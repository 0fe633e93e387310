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

/** Returns the line of text for it. */
export function relayLine({ url, connected }: RelayView): string {
  const name = url ? ` ${plainText(url)}` : ''
  return connected
    ? `Relay${name} (connected)`
    : `Relay${name} (NOT connected: nobody reaches this node through it)`
}
