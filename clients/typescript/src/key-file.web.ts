/** In browsers there are no files for keys. */
import { CausewayError } from '../../../src/base/errors.ts'

export async function seedIn(): Promise<Uint8Array> {
  throw new CausewayError(
    'UNIMPLEMENTED',
    'A browser has no files: keep a key pair of WebCrypto in IndexedDB, and pass it to Key.fromCryptoKeys.',
  )
}
