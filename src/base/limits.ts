/**
 * Every bound, with its reason: one file a subject, joined here. A bound that holds against a hostile peer is checked
 * before the work that it bounds; each is crossed by a test. Units are the last part of the name.
 */
import { admissionLimits } from './limits/admission.ts'
import { entryLimits } from './limits/entries.ts'
import { peerLimits } from './limits/peers.ts'
import { rpcLimits } from './limits/rpc.ts'
import { storeLimits } from './limits/store.ts'
import { syncLimits } from './limits/sync.ts'
import { transportLimits } from './limits/transport.ts'

export const limits = {
  ...entryLimits,
  ...storeLimits,
  ...syncLimits,
  ...rpcLimits,
  ...admissionLimits,
  ...peerLimits,
  ...transportLimits,
} as const
