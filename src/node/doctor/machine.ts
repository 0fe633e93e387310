/** What threatens a node on its own machine: its clock, its disk, its certificate, and what is damaged in its store. */
import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { limits } from '../../base/limits.ts'
import type { Finding } from '../../rpc/services/doctor-service.ts'
import type { ClockDifference } from './clocks.ts'
import { durationText, fine, notice, problem, sizeText } from './findings.ts'

/** Compares the clock with those of peers. */
export function clockFindings(difference: ClockDifference | undefined): Finding[] {
  const topic = 'clock'
  if (difference === undefined) return []
  const { aheadMs, peers } = difference
  const whose = peers === 1 ? 'that of one peer' : `those of ${peers} peers`
  if (Math.abs(aheadMs) < limits.clockNoticeMs) return [fine(topic, `The clock agrees with ${whose}.`)]
  const message = `The clock is ${durationText(aheadMs)} ${aheadMs > 0 ? 'ahead of' : 'behind'} ${whose}.`
  const advice = `Set it by NTP${peers === 1 ? ', if it is not the peer whose clock is wrong' : ''}.`
  if (Math.abs(aheadMs) <= limits.proofSkewMs) return [notice(topic, message, advice)]
  return [problem(topic, `${message} Past ${limits.proofSkewMs / 1_000} s they refuse its proofs.`, advice)]
}

/** Says how much room is left; undefined: not known, as of a node in memory. */
export function diskFindings(freeBytes: number | undefined, folder: string): Finding[] {
  const topic = 'disk'
  if (freeBytes === undefined) return []
  const message = `${sizeText(freeBytes)} are free on the disk of ${folder}.`
  if (freeBytes >= limits.diskNoticeBytes) return [fine(topic, message)]
  const advice = 'Free some, or bound what this node stores with --max-disk.'
  if (freeBytes >= limits.diskProblemBytes) return [notice(topic, message, advice)]
  return [problem(topic, `${message} Without room nothing is stored, synced or repaired.`, advice)]
}

/** Says until when a certificate is valid, and whether it names the hosts by which the node is advertised. */
export function certificateFindings(
  certificate: Pick<X509Certificate, 'validFrom' | 'validTo' | 'checkHost' | 'checkIP'> | undefined,
  hosts: readonly string[],
  nowMs: number,
): Finding[] {
  const topic = 'certificate'
  if (certificate === undefined) return []
  const leftMs = Date.parse(certificate.validTo) - nowMs
  const advice = 'Renew it: a running node takes over a new file by itself.'
  const findings: Finding[] = []
  if (leftMs <= 0)
    findings.push(problem(topic, `The certificate ran out ${durationText(leftMs)} ago.`, advice))
  else if (Date.parse(certificate.validFrom) > nowMs)
    findings.push(
      problem(
        topic,
        'The certificate is not valid yet.',
        'Check the clock of this machine, and the certificate.',
      ),
    )
  else if (leftMs < limits.certificateProblemMs)
    findings.push(problem(topic, `The certificate runs out in ${durationText(leftMs)}.`, advice))
  else if (leftMs < limits.certificateNoticeMs)
    findings.push(notice(topic, `The certificate runs out in ${durationText(leftMs)}.`, advice))
  else findings.push(fine(topic, `The certificate is valid for ${durationText(leftMs)}.`))
  const names = (host: string) => (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host))
  for (const host of hosts.filter((each) => names(each) === undefined))
    findings.push(
      problem(
        topic,
        `The certificate does not name ${host}, which this node advertises: peers refuse it there.`,
        'Get one that does, or advertise a name that it has.',
      ),
    )
  return findings
}

/** Says what is damaged in the store. */
export function storeFindings(damage: readonly { readonly message: string }[]): Finding[] {
  const topic = 'store'
  const [first] = damage
  if (first === undefined) return [fine(topic, 'Nothing is known to be damaged in the store.')]
  const more = damage.length === 1 ? '' : ` It is one of ${damage.length} such findings.`
  return [problem(topic, `${first.message}${more}`, 'Run `causeway repair`.')]
}
