/**
 * One of the threads of `verify-threads.ts`. It verifies signatures with libsodium, which judges by our rule (see
 * `checkEd25519`) and takes little more than half of OpenSSL's time. If libsodium has no build for the machine, the
 * thread ends as it starts, and `verify.ts` goes on without threads.
 */
import { parentPort } from 'node:worker_threads'
import sodium from 'sodium-native'
import { checkRecords, type SignatureRecords } from './verify-records.ts'

/** The answer to one message of records. */
export interface CheckResult {
  /** The buffer of the records, for further ones. */
  readonly buffer: ArrayBuffer
  /** For each record 1 if its signature is valid, otherwise 0. */
  readonly holds: Uint8Array
}

parentPort!.on('message', (records: SignatureRecords) => {
  const holds = checkRecords(records, sodium.crypto_sign_verify_detached)
  const { buffer } = records
  parentPort!.postMessage({ buffer, holds } satisfies CheckResult, [buffer])
})
