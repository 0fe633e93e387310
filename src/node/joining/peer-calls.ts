/** What the calls of peers mean for links, joins and addresses, and which trees peers have to bring. */
import type { Dispatcher } from '../../dispatcher/dispatcher.ts'
import type { PeerCalls, WantedTrees } from '../../rpc/services/sync-service.ts'
import type { AddressExchange } from '../reach/exchange.ts'
import type { Joining } from './joining.ts'

/** Returns what the calls of peers mean: for links and joins, and for what they told of their addresses before. */
export function peerCalls({ calls }: Joining, exchange: AddressExchange): PeerCalls {
  return {
    ...calls,
    async onServed(tree, peer) {
      await calls.onServed(tree, peer)
      await exchange.settle(peer)
    },
  }
}

/** Returns which trees peers have to bring, for what serves them. */
export function wantedTrees(dispatcher: Dispatcher): WantedTrees {
  return {
    wants: (tree, peer) => dispatcher.awaits(tree, peer),
    onChange: (listener) => dispatcher.onStatus(({ tree }) => listener(tree)),
  }
}
