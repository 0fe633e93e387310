/**
 * Every bound, with its reason, in one file per subject. A bound against hostile peers is checked before the work that
 * it bounds, and a test crosses each of them. A name ends with its unit; test/base/limits.test.ts asserts how bounds
 * depend on each other.
 */
import { adminLimits } from './limits/admin.ts'
import { admissionLimits } from './limits/admission.ts'
import { backupLimits } from './limits/backup.ts'
import { blobLimits } from './limits/blobs.ts'
import { conformanceLimits } from './limits/conformance.ts'
import { entryLimits } from './limits/entries.ts'
import { findLimits } from './limits/find.ts'
import { memberLimits } from './limits/members.ts'
import { meshLimits } from './limits/mesh.ts'
import { peerLimits } from './limits/peers.ts'
import { rpcLimits } from './limits/rpc.ts'
import { stateLimits } from './limits/state.ts'
import { storeLimits } from './limits/store.ts'
import { syncLimits } from './limits/sync.ts'
import { tracingLimits } from './limits/tracing.ts'
import { transportLimits } from './limits/transport.ts'

export const limits = {
  ...entryLimits,
  ...storeLimits,
  ...stateLimits,
  ...blobLimits,
  ...syncLimits,
  ...rpcLimits,
  ...admissionLimits,
  ...adminLimits,
  ...backupLimits,
  ...peerLimits,
  ...memberLimits,
  ...meshLimits,
  ...findLimits,
  ...transportLimits,
  ...conformanceLimits,
  ...tracingLimits,
} as const
