/**
 * The hash by which both ends of a TLS connection name the server's certificate: `tls-server-end-point` of RFC 5929.
 * It is taken over the whole certificate in DER, with the hash function of the certificate's own signature. Node 20
 * does not say which function that is, so this reads the signature's algorithm from the DER.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { CausewayError } from '../base/errors.ts'

const pkcs1 = '2a864886f70d0101'
const ecdsaSha2 = '2a8648ce3d0403'
const nistHash = '6086480165030402'
const nistSignature = '6086480165030403'
const rsaPss = `${pkcs1}0a`

/** Hash functions by object identifier, in hex: of the signatures that use one, and of the functions themselves. */
const hashFunctions: Readonly<Record<string, string>> = {
  [`${pkcs1}0b`]: 'sha256',
  [`${pkcs1}0c`]: 'sha384',
  [`${pkcs1}0d`]: 'sha512',
  [`${pkcs1}0e`]: 'sha224',
  [`${pkcs1}0f`]: 'sha512-224',
  [`${pkcs1}10`]: 'sha512-256',
  [`${ecdsaSha2}01`]: 'sha224',
  [`${ecdsaSha2}02`]: 'sha256',
  [`${ecdsaSha2}03`]: 'sha384',
  [`${ecdsaSha2}04`]: 'sha512',
  // DSA with SHA-2, then ECDSA and RSA with SHA-3.
  [`${nistSignature}01`]: 'sha224',
  [`${nistSignature}02`]: 'sha256',
  [`${nistSignature}03`]: 'sha384',
  [`${nistSignature}04`]: 'sha512',
  [`${nistSignature}09`]: 'sha3-224',
  [`${nistSignature}0a`]: 'sha3-256',
  [`${nistSignature}0b`]: 'sha3-384',
  [`${nistSignature}0c`]: 'sha3-512',
  [`${nistSignature}0d`]: 'sha3-224',
  [`${nistSignature}0e`]: 'sha3-256',
  [`${nistSignature}0f`]: 'sha3-384',
  [`${nistSignature}10`]: 'sha3-512',
  [`${nistHash}01`]: 'sha256',
  [`${nistHash}02`]: 'sha384',
  [`${nistHash}03`]: 'sha512',
  [`${nistHash}04`]: 'sha224',
  [`${nistHash}05`]: 'sha512-224',
  [`${nistHash}06`]: 'sha512-256',
  [`${nistHash}07`]: 'sha3-224',
  [`${nistHash}08`]: 'sha3-256',
  [`${nistHash}09`]: 'sha3-384',
  [`${nistHash}0a`]: 'sha3-512',
}

/** MD5 and SHA-1 are replaced by this, and signatures that name no single hash function, such as Ed25519, use it. */
const defaultFunction = 'sha256'

/** Returns the hash of a certificate in DER, in hex. */
export function certificateHash(der: Uint8Array): string {
  return createHash(hashFunctionOf(der)).update(der).digest('hex')
}

/** Returns the hash of the first certificate in a PEM text, in hex. Throws INVALID_ARGUMENT if there is none. */
export function certificateHashOfPem(pem: string | Uint8Array): string {
  try {
    return certificateHash(new X509Certificate(pem).raw)
  } catch (cause) {
    throw new CausewayError(
      'INVALID_ARGUMENT',
      `The certificate cannot be read: ${(cause as Error).message}.`,
      {
        cause,
      },
    )
  }
}

function hashFunctionOf(der: Uint8Array): string {
  try {
    // Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
    const [, algorithm] = parts(contentOf(der))
    const [identifier, parameters] = parts(algorithm!.content)
    const name = Buffer.from(identifier!.content).toString('hex')
    return hashFunctions[name === rsaPss ? pssFunction(parameters!.content) : name] ?? defaultFunction
  } catch {
    return defaultFunction
  }
}

/** Returns the object identifier of the hash function in the parameters of RSASSA-PSS; '' for the default, SHA-1. */
function pssFunction(parameters: Uint8Array): string {
  // RSASSA-PSS-params ::= SEQUENCE { hashAlgorithm [0] AlgorithmIdentifier DEFAULT sha1, … }
  const first = parts(parameters)[0]
  if (first?.tag !== 0xa0) return ''
  const [identifier] = parts(contentOf(first.content))
  return Buffer.from(identifier!.content).toString('hex')
}

interface Part {
  readonly tag: number
  readonly content: Uint8Array
}

function contentOf(der: Uint8Array): Uint8Array {
  return parts(der)[0]!.content
}

/** Returns the elements that follow each other in a piece of DER. */
function parts(der: Uint8Array): Part[] {
  const all: Part[] = []
  for (let at = 0; at + 1 < der.length; ) {
    const tag = der[at]!
    let length = der[at + 1]!
    let start = at + 2
    if (length > 0x7f) {
      const bytes = Math.min(length & 0x7f, 4)
      length = 0
      for (const byte of der.subarray(start, start + bytes)) length = length * 256 + byte
      start += bytes
    }
    all.push({ tag, content: der.subarray(start, start + length) })
    at = start + length
  }
  return all
}
