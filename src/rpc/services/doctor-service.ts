/** NodeService's Diagnose: what the node finds about itself. The doctor is above this layer, so it is passed in. */
import type { ServiceImpl } from '@connectrpc/connect'
import { FindingSeverity, type NodeService } from '../../../gen/causeway/v1/node_pb.ts'
import { limits } from '../../base/limits.ts'

/** Finding of node.proto. */
export interface Finding {
  readonly topic: string
  readonly severity: 'fine' | 'notice' | 'problem'
  /** What was found, in sentences for people. */
  readonly message: string
  /** What to do about it; empty if nothing has to be done. */
  readonly advice: string
}

export interface DoctorParts {
  readonly doctor: { findings(): Promise<Finding[]> }
}

const severities = {
  fine: FindingSeverity.FINE,
  notice: FindingSeverity.NOTICE,
  problem: FindingSeverity.PROBLEM,
} as const

export function createDoctorHandlers({ doctor }: DoctorParts): Partial<ServiceImpl<typeof NodeService>> {
  return {
    async diagnose() {
      const findings = (await doctor.findings()).slice(0, limits.findings)
      return {
        findings: findings.map(({ severity, ...rest }) => ({ ...rest, severity: severities[severity] })),
      }
    },
  }
}
