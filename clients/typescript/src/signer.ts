/** Signs with a seed, in Node. `signer.web.ts` takes its place in browsers. */
import type { Identity } from '../../../src/dag/identity.ts'

export function signerOf({ sign }: Identity): (message: Uint8Array) => Uint8Array {
  return (message) => sign('', message)
}
