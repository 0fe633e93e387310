/**
 * One of the threads of `verify-threads.ts`: verifies signatures with libsodium, whose rule is ours (see `checkEd25519`)
 * and which takes little more than half of OpenSSL's time. Where it has no build for the machine, the thread ends as it
 * starts, and who started it goes on without.
 */
import { parentPort } from 'node:worker_threads'
import sodium from 'sodium-native'
import { checkRecords, type Records } from './verify-records.ts'

/** The buffer again, for the next records, and for each of them 1 where its signature holds. */
export interface Checked {
  readonly buffer: ArrayBuffer
  readonly holds: Uint8Array
}

parentPort!.on('message', (records: Records) => {
  const holds = checkRecords(records, sodium.crypto_sign_verify_detached)
  const { buffer } = records
  parentPort!.postMessage({ buffer, holds } satisfies Checked, [buffer])
})
