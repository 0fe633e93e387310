/** What the status of a link amounts to, in one state: as `causeway status` has it. */
import type { LinkStatus } from '../../../../gen/causeway/v1/node_pb.ts'
import type { Tone } from '../../parts/parts.tsx'
import type { texts } from '../../texts.ts'

export type StateName = keyof typeof texts.states

export const tones: Readonly<Record<StateName, Tone>> = {
  inSync: 'good',
  syncing: 'busy',
  behind: 'warn',
  waiting: 'bad',
  away: 'quiet',
  parked: 'bad',
  paused: 'quiet',
}

export function stateOf(link: LinkStatus): StateName {
  if (link.active) return 'syncing'
  if (link.settings?.paused) return 'paused'
  if (link.parked !== '') return 'parked'
  if (link.inSync) return 'inSync'
  const differs = link.oldestPendingMs > 0n || link.weBehind > 0n || link.lastSuccessMs === 0n
  if (!link.heard && !differs) return 'away'
  return link.attempts > 0 ? 'waiting' : 'behind'
}
