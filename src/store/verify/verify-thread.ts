/**
 * One of the threads of `verify-threads.ts`. It reads and verifies entries with libsodium, which judges signatures by our
 * rule (see `checkEd25519`) and takes little more than half of OpenSSL's time. If libsodium has no build for the machine,
 * the thread ends as it starts, and `verify.ts` goes on without threads.
 */
import { hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import sodium from 'sodium-native'
import { type EntryRecords, readRecords } from './read-records.ts'
import { checkRecords, type SignatureRecords } from './verify-records.ts'

/** What a thread is asked to do. */
export type ThreadTask =
  | { readonly kind: 'check'; readonly records: SignatureRecords }
  | { readonly kind: 'read'; readonly records: EntryRecords }

/** The answer to one task. */
export interface ThreadResult {
  /** The buffer of the records: those of entries are filled in. */
  readonly buffer: ArrayBuffer
  /** For a check: for each record 1 if its signature is valid, otherwise 0. */
  readonly holds: Uint8Array | undefined
}

const crypto = {
  // OpenSSL's has the processor's own instructions; libsodium's does not.
  hash: (out: Buffer, input: Buffer) => out.set(hash('sha256', input, 'buffer')),
  check: sodium.crypto_sign_verify_detached,
}

parentPort!.on('message', ({ kind, records }: ThreadTask) => {
  const { buffer } = records
  let holds: Uint8Array | undefined
  if (kind === 'check') holds = checkRecords(records, crypto.check)
  else readRecords(records, crypto)
  parentPort!.postMessage({ buffer, holds } satisfies ThreadResult, [buffer])
})
