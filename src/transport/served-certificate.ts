/** The certificate that a listener serves, which may be replaced while it listens; without TLS there is none. */
import { X509Certificate } from 'node:crypto'
import type { Server as TcpServer } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import { isLoopback, type WebListener } from '../base/hosts.ts'
import type { Certificate } from './transport.ts'

export class ServedCertificate {
  private certificate: Certificate | undefined
  private x509: X509Certificate | undefined

  constructor(certificate: Certificate | undefined) {
    this.use(certificate)
  }

  get current(): Certificate | undefined {
    return this.certificate
  }

  /** The certificate that is shown, without those of its authorities; undefined without TLS. */
  get shown(): X509Certificate | undefined {
    return this.x509
  }

  /** Replaces the certificate, for connections of this server from now on. */
  replace(certificate: Certificate, server: TcpServer | undefined): void {
    if (this.certificate === undefined) return
    this.use(certificate)
    if (server instanceof TlsServer) server.setSecureContext(certificate)
  }

  /** Describes a listener at a host that serves the certificate. */
  listenerAt(host: string): WebListener {
    return { loopback: isLoopback(host), certifies: (name) => this.x509?.checkHost(name) !== undefined }
  }

  private use(certificate: Certificate | undefined): void {
    this.certificate = certificate
    // Of a chain in several texts, the first is its own.
    const [own] = certificate === undefined ? [] : [certificate.cert].flat()
    this.x509 = own === undefined ? undefined : new X509Certificate(own)
  }
}
