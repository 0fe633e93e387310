/** What a running node can change without a restart: its operators, its quotas, its certificate, and those of proxies. */
import { createSecureContext } from 'node:tls'
import { CausewayError } from '../base/errors.ts'
import type { PeerId } from '../dag/identity.ts'
import { bindingOfServer } from '../rpc/auth/binding.ts'
import type { Quota, QuotaOptions } from '../store/quota.ts'
import { certificateHashOfPem } from '../transport/certificate.ts'
import type { TransportManager } from '../transport/manager.ts'
import type { Certificate } from '../transport/transport.ts'
import type { Admission } from './admission.ts'

/** The options of `Node.change`. What is left out stays as it is. */
export interface ChangeOptions {
  /** Peers that may operate the node, in place of those before. */
  readonly operators?: readonly PeerId[]
  /** The bounds on what the node stores, in place of those before. */
  readonly quota?: QuotaOptions
  /** The certificate to serve HTTPS with, for connections from now on. */
  readonly certificate?: Certificate
  /** Hashes of the certificates of proxies that end TLS in front of the node, in place of those before. */
  readonly tlsBindings?: readonly string[]
}

export interface ChangeableParts {
  readonly admission: Pick<Admission, 'setOperators' | 'bindings'>
  readonly quota: Pick<Quota, 'setBounds'>
  readonly transports: Pick<TransportManager, 'get'>
}

/** Makes the changes, all or none, and returns the binding of a new certificate. Throws INVALID_ARGUMENT. */
export function makeChanges(
  { admission, quota, transports }: ChangeableParts,
  { operators, quota: bounds, certificate, tlsBindings }: ChangeOptions,
): string | undefined {
  const binding = certificate && bindingOfCertificate(certificate)
  if (tlsBindings !== undefined) admission.bindings.setCertificates(tlsBindings)
  if (certificate !== undefined) transports.get('http')?.useCertificate?.(certificate)
  if (operators !== undefined) admission.setOperators(operators)
  if (bounds !== undefined) quota.setBounds(bounds)
  return binding
}

function bindingOfCertificate(certificate: Certificate): string {
  try {
    createSecureContext(certificate)
  } catch (cause) {
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The certificate and its key cannot be used together: ${(cause as Error).message}.`,
      { cause },
    )
  }
  const first = Array.isArray(certificate.cert) ? certificate.cert[0]! : certificate.cert
  return bindingOfServer(certificateHashOfPem(first))
}
