/** Signs with a seed, in browsers: by WebCrypto if it has Ed25519, else by noble. */
import type { Identity } from '../../../src/dag/identity.ts'

/** DER prefix of RFC 8410 for a raw 32-byte seed. */
const pkcs8Prefix = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)

export function signerOf({ seed, sign }: Identity): (message: Uint8Array) => Promise<Uint8Array> {
  // Pages that are not secure have no WebCrypto, and older browsers no Ed25519 in it.
  const subtle = globalThis.crypto.subtle as typeof globalThis.crypto.subtle | undefined
  const native = subtle
    ?.importKey('pkcs8', Uint8Array.of(...pkcs8Prefix, ...seed), 'Ed25519', false, ['sign'])
    .catch(() => undefined)
  return async (message) => {
    const key = await native
    if (key === undefined) return sign('', message)
    return new Uint8Array(await subtle!.sign('Ed25519', key, new Uint8Array(message)))
  }
}
